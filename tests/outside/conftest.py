"""Fixtures of the tests that look from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date

import pytest

from scanner.facts.exposure import PortScan
from scanner.model import Asset, Authorisation, Connection, Port
from scanner.outside.ports import scan_ports
from tests.outside import servers

EXPOSED, MODEST = "127.0.5.10", "127.0.5.11"
MODEST_PORTS = (Port(6379), Port(161, "udp"))
TODAY = date(2026, 1, 31)
LOOPBACK = (
    Authorisation("127.0.0.0/8", "CISO, ticket 12", date(2026, 12, 31)),
    Authorisation("::1/128", "CISO, ticket 12", date(2026, 12, 31)),
)


@pytest.fixture(scope="session")
def exposed_and_modest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Addresses of a host that shows all it should not, and of one that shows only what it should."""
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        stack.enter_context(servers.redis(folder, EXPOSED, "--protected-mode", "no"))
        stack.enter_context(servers.redis(folder, MODEST, "--requirepass", "for-this-test-only"))
        stack.enter_context(servers.postgresql(EXPOSED))
        stack.enter_context(servers.vsftpd(folder, EXPOSED))
        stack.enter_context(servers.snmpd(folder, EXPOSED, "rocommunity public"))
        stack.enter_context(servers.snmpd(folder, MODEST))
        telnetd = ("busybox", "telnetd", "-F", "-l", "/bin/true", "-b", EXPOSED)
        stack.enter_context(servers.program(*telnetd, address=EXPOSED, port=23))
        memcached = ("memcached", "-l", EXPOSED, "-U", "0", "-u", "nobody")
        stack.enter_context(servers.program(*memcached, address=EXPOSED, port=11211))
        nonsense = servers.says(b"?\r\n")
        spoken = {
            80: servers.web("Apache/2.2.3 (CentOS)"),
            139: nonsense,
            389: nonsense,
            2375: nonsense,
            5900: _vnc,
            10000: servers.web("MiniServ/1.910"),
        }
        stack.enter_context(servers.listeners(EXPOSED, spoken))
        stack.enter_context(servers.listeners(EXPOSED, dict.fromkeys(range(1024, 1034), servers.closes)))
        yield EXPOSED, MODEST


@pytest.fixture(scope="session")
def scanned(exposed_and_modest: tuple[str, str]) -> Mapping[str, PortScan]:
    """Both hosts by address, TCP and UDP, as drscan's own port scan sees them."""
    assets = [
        Asset(EXPOSED, Connection(host=EXPOSED), scope=LOOPBACK),
        Asset(MODEST, Connection(host=MODEST), scope=LOOPBACK, expected_ports=MODEST_PORTS),
    ]
    found = scan_ports(assets, profile="udp-top", today=TODAY)
    assert all(isinstance(scan, PortScan) for scan in found.values()), found
    return {name: scan for name, scan in found.items() if isinstance(scan, PortScan)}


def _vnc(connection: servers.socket.socket) -> None:
    connection.sendall(b"RFB 003.008\n")
    servers.silent(connection)
