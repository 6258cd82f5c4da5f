"""The arguments that nmap gets."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from checks.outside import services
from scanner.config import PORT_PROFILES
from scanner.model import Port
from scanner.outside import profiles
from scanner.outside.profiles import PROFILES, arguments, host_discovery, includes


def test_the_command_offers_exactly_these_profiles() -> None:
    assert tuple(PROFILES) == PORT_PROFILES


@pytest.mark.parametrize("privileged", [True, False])
def test_only_the_scan_method_depends_on_root(monkeypatch: pytest.MonkeyPatch, privileged: bool) -> None:
    monkeypatch.setattr(profiles, "may_send_raw", lambda: privileged)
    made = arguments(PROFILES["full"], [ip_address("127.0.5.1")])
    method = ["-sS", "--privileged"] if privileged else ["-sT", "--unprivileged"]
    rest = ["-sV", "-p", "1-65535", "--max-hostgroup", "8", "--host-timeout", "1800s", "127.0.5.1"]
    assert made == ["-n", "-Pn", *method, *rest]


def test_ports_that_are_asked_for_are_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "may_send_raw", lambda: True)
    also = [Port(443), Port(30_001), Port(30_001), Port(53, "udp"), Port(9999, "udp")]
    made = arguments(PROFILES["udp-top"], [ip_address("::1")], also)
    assert made[0] == "-6"
    tcp, udp = made[made.index("-p") + 1].split(",U:")
    assert tcp.endswith("27017-27019,30001")
    assert udp.endswith("11211,9999")


def test_polite_scans_are_slow_and_one_by_one() -> None:
    made = arguments(PROFILES["polite"], [ip_address("127.0.5.1")])
    assert "-T2" in made
    assert made[made.index("--max-hostgroup") + 1] == "1"


def test_every_port_that_a_check_knows_is_in_the_profiles() -> None:
    families = [value for value in vars(services).values() if isinstance(value, services.Family)]
    assert len(families) == 8
    for known in (port for family in families for port in family.ports):
        number, _, protocol = known.partition("/")
        ranges = PROFILES["udp-top"].tcp if protocol == "tcp" else PROFILES["udp-top"].udp
        assert includes(ranges, int(number)), known


def test_discovery_sends_no_ping_over_ipv6() -> None:
    assert "-PE" not in host_discovery(str(ip_network("fd00::/120")))
