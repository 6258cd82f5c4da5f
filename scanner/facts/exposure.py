"""What answers on the network: the ports of an asset, and the hosts of a network, as nmap sees them."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.spec import observed
from scanner.model import Port


@dataclass(frozen=True, slots=True)
class OpenPort:
    """A port that accepts connections, and what nmap took the service for. Texts come from the asset.

    state: nmap's `open`, or `open|filtered` for a UDP port that did not refuse. tls: the service speaks TLS
    from the first byte.
    """

    port: Port
    state: str = "open"
    service: str = ""
    product: str = ""
    version: str = ""
    extra: str = ""
    tls: bool = False
    cpes: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = " ".join(part for part in (self.service, self.product, self.version) if part)
        return f"{self.port} {what}".strip()


@dataclass(frozen=True, slots=True)
class PortScan:
    """The ports of one asset. scanned: by protocol, the ranges that were asked, as nmap's XML has them."""

    address: str
    up: bool
    ports: tuple[OpenPort, ...] = ()
    scanned: tuple[tuple[str, str], ...] = ()

    def open(self, protocol: str = "tcp") -> tuple[OpenPort, ...]:
        """Ports of the protocol that certainly accept connections."""
        return tuple(p for p in self.ports if p.port.protocol == protocol and p.state == "open")


@dataclass(frozen=True, slots=True)
class DiscoveredHosts:
    """The hosts that answered in a network. unknown: addresses that belong to no asset of the inventory."""

    network: str
    addresses: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


port_scan = observed("port_scan", PortScan)
discovered_hosts = observed("discovered_hosts", DiscoveredHosts)
