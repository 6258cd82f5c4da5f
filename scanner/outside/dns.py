"""Observes DNS: the domains of an asset through the resolver of the inventory, and the asset as a server.

Nothing is asked of an address that the asset's scope does not allow, the resolver included.
"""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address

from scanner.facts.dns import DnsDomains, DnsServer
from scanner.facts.spec import Absent, NotCollected
from scanner.model import Asset
from scanner.outside.scope import refusal
from scanner.outside.target import Target

PORT = 53


def observe(target: Target) -> DnsDomains:
    """What DNS says about the asset's domains.

    Raises Absent when it has none; NotCollected without a resolver in scope that answers, or dnspython.
    """
    asset = target.asset
    if not asset.domains:
        raise Absent("No domain is declared for this asset")
    if not asset.resolver:
        raise NotCollected("no resolver is declared: set `resolver: ADDRESS:PORT` under drscan:")
    address, port = _socket_address(asset.resolver)
    if why := _refusal(asset, address):
        raise NotCollected(f"the resolver may not be asked: {why}")
    try:
        from scanner.outside.dns_domains import look
    except ModuleNotFoundError as error:
        raise _without_library() from error
    return look(asset, (address, port), target.deadline, lambda found: _refusal(asset, found) is None)


def observe_server(target: Target) -> DnsServer:
    """How the asset behaves as a DNS server. Raises Absent when port 53 does not answer as one."""
    if not any(found.port.number == PORT for found in target.ports.ports):
        raise Absent("Port 53 is not open")
    try:
        from scanner.outside.dns_servers import behaviour
    except ModuleNotFoundError as error:
        raise _without_library() from error
    return behaviour(target.address, PORT, target.deadline)


def _refusal(asset: Asset, address: str) -> str | None:
    """Why the scope does not allow to send to an address (an IP literal); None when it does."""
    return refusal(ip_address(address), asset.scope, datetime.now(UTC).date())


def _socket_address(text: str) -> tuple[str, int]:
    """`192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353` as address and port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest.removeprefix(":") or PORT)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, int(port)
    return text, PORT


def _without_library() -> NotCollected:
    return NotCollected("dnspython is not installed: pip install 'drscan[dns]'")
