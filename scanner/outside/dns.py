"""Observes DNS: the domains of an asset through the resolver of the inventory, and the asset as a server.

Nothing is asked of an address that the asset's scope does not allow, the resolver included.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime

from scanner.facts.dns import DnsDomains, DnsServer
from scanner.facts.spec import Absent, NotCollected
from scanner.model import Authorisation
from scanner.outside.target import Target

PORT = 53


def observe(target: Target) -> DnsDomains:
    """What DNS says about the asset's domains.

    Raises Absent when it has none; NotCollected without a resolver in scope that answers, or dnspython.
    """
    asset = target.asset
    if not asset.domains:
        raise Absent("no domain is declared for this asset")
    if not asset.resolver:
        raise NotCollected("no resolver is declared: set `resolver: ADDRESS:PORT` under drscan:")
    address, port = _socket_address(asset.resolver)
    if not in_scope(address, asset.scope):
        raise NotCollected(f"the resolver {address} is not in the scope of the asset: add it to `scope:`")
    try:
        from scanner.outside.dns_domains import look
    except ModuleNotFoundError as error:
        raise _without_library() from error
    return look(asset, (address, port), target.deadline, lambda found: in_scope(found, asset.scope))


def observe_server(target: Target) -> DnsServer:
    """How the asset behaves as a DNS server. Raises Absent when port 53 does not answer as one."""
    if not any(found.port.number == PORT for found in target.ports.ports):
        raise Absent("port 53 is not open")
    try:
        from scanner.outside.dns_servers import behaviour
    except ModuleNotFoundError as error:
        raise _without_library() from error
    return behaviour(target.address, PORT, target.deadline)


def in_scope(address: str, scope: Iterable[Authorisation]) -> bool:
    """Whether the scope allows to send to an address (an IP literal) today."""
    today = datetime.now(UTC).date()
    try:
        ip = ipaddress.ip_address(address)
        return any(ip in ipaddress.ip_network(leave.network) and today <= leave.until for leave in scope)
    except ValueError:
        return False


def _socket_address(text: str) -> tuple[str, int]:
    """`192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353` as address and port."""
    host, port = text, str(PORT)
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        address, number = str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise NotCollected(f"resolver {text!r}: expected ADDRESS:PORT, such as 192.0.2.53:53")
    return address, number


def _without_library() -> NotCollected:
    return NotCollected("dnspython is not installed: pip install 'drscan[dns]'")
