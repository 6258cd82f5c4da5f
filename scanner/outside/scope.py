"""What the inventory allows to be looked at from outside: nothing, until a `scope:` entry says so."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from scanner.facts.spec import NotCollected
from scanner.model import Asset, Authorisation

Address = IPv4Address | IPv6Address

LOOPBACK = "127.0.0.1"
RESOLVE_SECONDS = 5.0
_RESOLVED_TOGETHER = 32


def targets(assets: Sequence[Asset], today: date) -> dict[str, Address | NotCollected]:
    """By asset name the address to look at, or why there is none: not resolved, or not in scope.

    A name with several addresses gives the first that is in scope.
    """
    known = addresses(assets)
    return {asset.name: _target(asset, known[asset.name], today) for asset in assets}


def addresses(assets: Iterable[Asset], seconds: float = RESOLVE_SECONDS) -> Mapping[str, tuple[Address, ...]]:
    """All addresses of each asset, by asset name; () where its name has none in time.

    seconds: for each 32 names, which are asked for together.
    """
    hosts = {asset.name: _host(asset) for asset in assets}
    literals = {host: literal for host in hosts.values() if (literal := _literal(host))}
    resolved = _resolve({host for host in hosts.values() if host not in literals}, seconds)
    return {
        name: (literals[host],) if host in literals else resolved.get(host, ())
        for name, host in hosts.items()
    }


def refusal(address: Address, scope: Sequence[Authorisation], today: date) -> str | None:
    """Why the scope does not allow to look at `address` on this day; None when it does."""
    if isinstance(address, IPv6Address) and address.scope_id:
        return f"{address} is an address of one link only; give a routed address"
    covering = [entry for entry in scope if address in ip_network(entry.network)]
    if not covering:
        return f"no `scope` entry of the asset contains {address}"
    if all(entry.until < today for entry in covering):
        last = max(covering, key=lambda entry: entry.until)
        return f"the authorisation for {last.network} ended on {last.until} ({last.authorised_by})"
    return None


def _target(asset: Asset, known: Sequence[Address], today: date) -> Address | NotCollected:
    if not known:
        return NotCollected(f"port_scan: the name {_host(asset)!r} has no address here; set ansible_host")
    refusals = {address: refusal(address, asset.scope, today) for address in known}
    allowed = [address for address, why in refusals.items() if why is None]
    return allowed[0] if allowed else NotCollected(f"not in scope: {refusals[known[0]]}")


def _host(asset: Asset) -> str:
    host = asset.connection.host
    # The host of a local asset is only its name unless it is an address.
    return LOOPBACK if asset.connection.transport == "local" and not _literal(host) else host


def _literal(host: str) -> Address | None:
    try:
        return _plain(host)
    except ValueError:
        return None


def _plain(literal: str) -> Address:
    """The address. One of IPv4 that is written as IPv6 (::ffff:192.0.2.1) is IPv4, whatever its disguise."""
    address = ip_address(literal)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _resolve(hosts: Collection[str], seconds: float) -> Mapping[str, tuple[Address, ...]]:
    """Addresses by name. The resolver has no time limit of its own, so a late answer is left behind."""
    found: dict[str, tuple[Address, ...]] = {}
    waiting = deque(hosts)
    deadline = time.monotonic() + seconds * math.ceil(len(hosts) / _RESOLVED_TOGETHER)

    def look_up() -> None:
        while time.monotonic() < deadline:
            try:
                host = waiting.popleft()
            except IndexError:
                return
            with suppress(OSError, UnicodeError):
                answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
                found[host] = tuple(dict.fromkeys(_plain(str(answer[4][0])) for answer in answers))

    count = min(len(hosts), _RESOLVED_TOGETHER)
    threads = [threading.Thread(target=look_up, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(found)
