"""The exposure checks on typed facts."""

from __future__ import annotations

import pytest

from checks.outside import exposure, reachable
from checks.outside.services import DATABASES, ENGINES, NETBIOS
from scanner.check import Check
from scanner.facts.exposure import DiscoveredHosts, OpenPort, PortScan
from scanner.model import Asset, Port, Status

SCANNED = (("tcp", "1-65535"), ("udp", "1-65535"))


def tcp(number: int, **fields: object) -> OpenPort:
    return OpenPort(Port(number), **fields)  # type: ignore[arg-type]


def udp(number: int, **fields: object) -> OpenPort:
    return OpenPort(Port(number, "udp"), **fields)  # type: ignore[arg-type]


def scan(*ports: OpenPort, up: bool = True) -> PortScan:
    return PortScan("192.0.2.1", up, ports, SCANNED)


def status(item: Check, found: PortScan, *expected: int) -> Status:
    asset = Asset("a", expected_ports=tuple(map(Port, expected)))
    return (item(found, asset) if "asset" in item.needs else item(found)).status


@pytest.mark.parametrize(
    ("item", "bad", "good"),
    [
        (reachable.no_cleartext_logins, tcp(23), tcp(23, service="ssh")),
        (reachable.no_cleartext_logins, tcp(2323, service="telnet"), tcp(992, service="telnet", tls=True)),
        (reachable.no_cleartext_transfers, udp(69), udp(69, state="open|filtered")),
        (reachable.no_cleartext_transfers, tcp(2121, service="ftp"), tcp(990, service="ftp", tls=True)),
        (reachable.no_public_snmp, udp(161, service="snmp", extra="public"), udp(161, service="snmp")),
        (reachable.no_cleartext_directory, tcp(389, service="ldap"), tcp(636, service="ldap", tls=True)),
        (reachable.no_desktops, tcp(3389, service="ms-wbt-server"), tcp(5900, service="http")),
        (reachable.no_databases, tcp(3307, service="mysql"), tcp(5432, service="tcpwrapped")),
        (reachable.no_databases, tcp(9200, product="Elasticsearch REST API"), tcp(9200, service="http")),
        (reachable.no_open_stores, tcp(1, service="redis", version="7.0"), tcp(1, service="redis")),
        (reachable.no_management, udp(623, service="asf-rmcp"), tcp(9090, service="http", product="Golang")),
        (reachable.no_engines, tcp(2375), tcp(2376, service="docker", tls=True)),
        (reachable.no_netbios, tcp(139, service="netbios-ssn"), tcp(445, service="netbios-ssn")),
        (
            reachable.no_ended_software,
            tcp(80, product="Apache httpd", version="2.2.15"),
            tcp(80, product="Apache httpd", version="2.4.62"),
        ),
        (
            reachable.no_ended_software,
            tcp(445, product="Samba smbd", version="3.6.25"),
            tcp(445, product="Samba smbd", version="3.X - 4.X"),
        ),
    ],
)
def test_a_service_is_reachable_or_not(item: Check, bad: OpenPort, good: OpenPort) -> None:
    assert status(item, scan(bad)) is Status.FAIL
    assert status(item, scan(good)) is Status.PASS


def test_what_the_inventory_expects_is_accepted_where_this_place_may_be_its_zone() -> None:
    assert status(reachable.no_databases, scan(tcp(5432)), 5432) is Status.PASS
    assert status(reachable.no_desktops, scan(tcp(3389)), 3389) is Status.PASS
    assert status(reachable.no_cleartext_logins, scan(tcp(23)), 23) is Status.FAIL


def test_of_a_silent_asset_nothing_good_is_said() -> None:
    silent = scan(up=False)
    assert exposure.answers(silent).status is Status.FAIL
    assert exposure.answers(scan()).status is Status.PASS
    assert status(reachable.no_databases, silent) is Status.UNKNOWN
    assert status(exposure.few_ports, silent) is Status.UNKNOWN


def test_expected_ports() -> None:
    found = scan(tcp(22), tcp(443), udp(53, state="open|filtered"))
    assert status(exposure.only_expected, found, 22, 443) is Status.PASS
    assert (
        exposure.only_expected(found, Asset("a", expected_ports=(Port(22),))).message
        == "Not expected: 443/tcp"
    )
    assert status(exposure.only_expected, found) is Status.NOTCHECKED
    assert status(exposure.every_expected, found, 22, 443) is Status.PASS
    assert status(exposure.every_expected, found, 22, 80) is Status.FAIL
    assert exposure.every_expected(found, Asset("a", expected_ports=(Port(53, "udp"),))).status is Status.PASS
    tcp_only = PortScan("192.0.2.1", True, (), (("tcp", "1-1000"),))
    assert status(exposure.every_expected, tcp_only, 8443) is Status.NOTCHECKED


def test_the_record_names_ports_and_no_version() -> None:
    found = scan(tcp(22, service="ssh", product="OpenSSH", version="9.2p1"), tcp(8000))
    assert exposure.on_record(found).message == "Can be reached: 22/tcp ssh, 8000/tcp"
    assert status(reachable.no_versions, found) is Status.PASS
    assert (
        status(reachable.no_versions, scan(tcp(80, service="http", version="1.22"))) is Status.INFORMATIONAL
    )


def test_how_many_are_many_can_be_set() -> None:
    three = scan(tcp(1), tcp(2), udp(3))
    assert exposure.few_ports(three).status is Status.PASS
    assert exposure.few_ports(three, max_open=2).status is Status.FAIL


def test_hosts_of_a_network() -> None:
    assert exposure.no_strangers(DiscoveredHosts("192.0.2.0/28", ("192.0.2.1",))).status is Status.PASS
    many = tuple(f"192.0.2.{number}" for number in range(12))
    assert exposure.no_strangers(DiscoveredHosts("192.0.2.0/28", many, many)).message.endswith("and 2 more")


def test_a_service_is_what_nmap_says_and_else_what_its_port_is_known_for() -> None:
    assert DATABASES.names(tcp(6379)) == "Redis"
    assert DATABASES.names(tcp(6379, service="http")) is None
    assert ENGINES.names(tcp(10250, tls=True)) is None
    assert NETBIOS.names(udp(137, service="netbios-ns")) == "NetBIOS names"
