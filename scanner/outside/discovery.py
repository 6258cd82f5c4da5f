"""Hosts that nobody declared: networks of the scope that are to be searched, and what answers in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from scanner.facts.exposure import DiscoveredHosts
from scanner.facts.spec import NotCollected
from scanner.model import Asset, Authorisation, Connection
from scanner.outside import nmap
from scanner.outside.profiles import host_discovery
from scanner.outside.scope import addresses, refusal

_SECONDS = 600
# The largest piece that is searched and stored as one: 256 addresses.
_PIECE = {4: 24, 6: 120}


def networks(assets: Iterable[Asset]) -> tuple[Asset, ...]:
    """The networks that the scope of these assets wants searched, each an asset of the transport `network`.

    They are at most 256 addresses each, named in CIDR form, and in the order of their addresses.
    """
    pieces: dict[IPv4Network | IPv6Network, set[Authorisation]] = {}
    for entry in {entry for asset in assets for entry in asset.scope if entry.discover}:
        whole = ip_network(entry.network)
        prefix = max(whole.prefixlen, _PIECE[whole.version])
        for piece in whole.subnets(new_prefix=prefix):
            pieces.setdefault(piece, set()).add(entry)
    return tuple(
        Asset(
            name=str(piece),
            connection=Connection("network", host=str(piece)),
            scope=tuple(sorted(pieces[piece], key=str)),
        )
        for piece in sorted(pieces, key=lambda piece: (piece.version, piece))
    )


@dataclass(frozen=True)
class Discovery:
    """Searches networks.

    inventory: every asset that is known; today: the day that authorisations are held against.
    """

    inventory: Sequence[Asset]
    today: date

    @cached_property
    def known(self) -> frozenset[str]:
        """All addresses of the inventory, as text."""
        return frozenset(str(address) for found in addresses(self.inventory).values() for address in found)

    def discover(self, network: Asset) -> DiscoveredHosts:
        """The hosts that answer in a network that `networks` gave. Raises NotCollected."""
        first = ip_network(network.name).network_address
        why = refusal(first, network.scope, self.today)
        if why:
            raise NotCollected(f"not in scope: {why}")
        run = nmap.run(host_discovery(network.name), _SECONDS)
        if run.fault:
            raise NotCollected(f"discovered_hosts: {run.fault}")
        up = [host for host in run.hosts if host.status == "up"]
        answered = tuple(sorted((host.address for host in up), key=lambda text: int(ip_address(text))))
        ours = self.known | {host.address for host in up if _is_scanner(host)}
        unknown = tuple(address for address in answered if address not in ours)
        return DiscoveredHosts(network.name, answered, unknown)


def _is_scanner(host: nmap.HostReport) -> bool:
    """True for the addresses of the machine that scans, which answer to it without being asked.

    On loopback every address is its own, and says nothing.
    """
    return host.reason == "localhost-response" and not ip_address(host.address).is_loopback
