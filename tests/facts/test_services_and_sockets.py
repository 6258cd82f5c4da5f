"""Recorded on Debian 12 with systemd 252 and ss of iproute2 6.1, in a host of tests/fleet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scanner.facts.services import Unit, services
from scanner.facts.sockets import Socket, sockets
from scanner.facts.spec import NotCollected, Output
from tests.facts.recording import recorded

SYSTEMD = services.parse(recorded("services", "bookworm"))


def test_a_loaded_unit() -> None:
    failed = SYSTEMD.units["nightly-export.service"]
    assert failed == Unit("nightly-export.service", "failed", "failed", "enabled", "exit-code")
    assert SYSTEMD.active("ssh.service")
    assert SYSTEMD.enabled("ssh.service")


def test_units_that_are_only_on_disk() -> None:
    assert SYSTEMD.units["cryptdisks.service"].enabled == "masked"
    assert SYSTEMD.units["kexec.target"] == Unit("kexec.target", "inactive", "dead", "disabled")
    assert not SYSTEMD.active("none.service")


def test_a_timer() -> None:
    timer = SYSTEMD.timers["apt-daily.timer"]
    assert (timer.unit, timer.enabled, timer.last) == ("apt-daily.service", "enabled", None)
    assert timer.next
    assert timer.next.tzinfo is UTC


def test_a_timer_that_ran() -> None:
    text = (
        "\x1esystemd\nId=a.timer\nActiveState=active\nUnit=a.service\n"
        "LastTriggerUSec=Tue 2026-11-24 19:00:01 UTC\nNextElapseUSecRealtime=n/a\n"
    )
    timer = services.parse(Output(text.encode())).timers["a.timer"]
    assert (timer.last, timer.next) == (datetime(2026, 11, 24, 19, 0, 1, tzinfo=UTC), None)


def test_openrc() -> None:
    # Folders as OpenRC's guide describes them: links in /etc/runlevels and /run/openrc.
    found = services.parse(Output(b"\x1eopenrc\nenabled sshd\nstarted sshd\nfailed crond\n"))
    assert found.active("sshd.service")
    assert found.enabled("sshd.service")
    assert found.units["crond.service"].state == "failed"


def test_another_init() -> None:
    with pytest.raises(NotCollected):
        services.parse(Output())


OPEN = {("0.0.0.0", 22), ("::", 22), *(("*", port) for port in (21, 23, 2375, 5900, 6379))}


def test_ss() -> None:
    found = sockets.parse(recorded("sockets", "ss"))
    assert {(s.address, s.port) for s in found} == OPEN
    assert Socket("tcp", "*", 6379, "systemd") in found


def test_proc_net() -> None:
    found = sockets.parse(recorded("sockets", "proc"))
    assert {(s.address.replace("*", "::"), s.port) for s in found} == {
        (address.replace("*", "::"), port) for address, port in OPEN
    }


def test_scoped_and_loopback_addresses() -> None:
    text = (
        "\x1ess\nNetid State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
        "udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\n"
        "udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:*\n"
        "tcp LISTEN 0 5 [::ffff:127.0.0.1]:8080 *:*\n"
    )
    resolver, dhcp, java = sockets.parse(Output(text.encode(), denied=True))
    assert (resolver.loopback, dhcp.loopback, java.loopback) == (True, False, True)
    assert dhcp.address == "fe80::1"
    assert sockets.parse(Output(text.replace("lo:53", "lo:x").encode()))[0] == dhcp


def test_half_a_list_is_not_an_answer() -> None:
    with pytest.raises(NotCollected):
        sockets.parse(Output(recorded("sockets", "ss").stdout, truncated=True))
    with pytest.raises(NotCollected):
        sockets.parse(Output(b"\x1ess\n"))
