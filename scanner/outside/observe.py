"""Looking at assets from outside, without a login: scope first, then ports, then what listens on them."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from scanner.facts.exposure import DiscoveredHosts, PortScan
from scanner.facts.spec import Absent, NotCollected
from scanner.model import Asset
from scanner.outside.target import Target

# Fact name to the observer that makes it, imported when called for: TLS and DNS libraries are large.
OBSERVERS = {
    "tls_servers": "scanner.outside.tls:observe",
    "ssh_servers": "scanner.outside.ssh:observe",
    "web_sites": "scanner.outside.web:observe",
    "dns_domains": "scanner.outside.dns:observe",
    "dns_server": "scanner.outside.dns:observe_server",
}
DISCOVERED = "discovered_hosts"
Observation = object
PortScanner = Callable[[Sequence[Asset]], Mapping[str, PortScan | NotCollected]]
Discoverer = Callable[[Asset], DiscoveredHosts]


@dataclass(frozen=True, slots=True)
class Outside:
    """Observes assets. seconds: for all observers of one asset together."""

    scan_ports: PortScanner
    discover: Discoverer
    seconds: float = 120.0

    def observe(self, assets: Sequence[Asset], names: Sequence[str]) -> dict[str, dict[str, Observation]]:
        """Values of the facts `names` by asset name: each is the fact, or why there is none.

        One call scans the ports of all `assets` together. Never raises for a fault of an asset.
        """
        hosts = [asset for asset in assets if asset.connection.transport != "network"]
        scans = self._scan(hosts)
        seen = {asset.name: self._observe(asset, scans.get(asset.name), names) for asset in hosts}
        networks = [asset for asset in assets if asset.connection.transport == "network"]
        return seen | {network.name: self._search(network, names) for network in networks}

    def _search(self, network: Asset, names: Sequence[str]) -> dict[str, Observation]:
        found: dict[str, Observation] = dict.fromkeys(names, Absent("This is a network, not a host"))
        if DISCOVERED in found:
            found[DISCOVERED] = _attempt(DISCOVERED, lambda: self.discover(network))
        return found

    def _scan(self, hosts: Sequence[Asset]) -> Mapping[str, PortScan | NotCollected]:
        if not hosts:
            return {}
        try:
            return self.scan_ports(hosts)
        except Exception as error:
            why = NotCollected(f"port_scan: {type(error).__name__}: {error}")
            return {asset.name: why for asset in hosts}

    def _observe(
        self, asset: Asset, ports: PortScan | NotCollected | None, names: Sequence[str]
    ) -> dict[str, Observation]:
        if ports is None:
            ports = NotCollected("port_scan: nmap said nothing of this asset")
        found: dict[str, Observation] = {
            "port_scan": ports,
            DISCOVERED: Absent("This is a host; hosts are looked for in networks"),
        }
        deadline = time.monotonic() + self.seconds
        for name in names:
            if name not in OBSERVERS:
                continue
            if isinstance(ports, NotCollected):
                found[name] = ports
            else:
                target = Target(asset, ports.address, ports, deadline)
                found[name] = _attempt(name, partial(_observe, name, target))
        return found


def _attempt(name: str, look: Callable[[], Observation]) -> Observation:
    """What was seen, or why there is nothing; a fault of ours is a reason, too."""
    try:
        return look()
    except (Absent, NotCollected) as why:
        return why
    except Exception as error:
        return NotCollected(f"{name}: {type(error).__name__}: {error}")


def _observe(name: str, target: Target) -> Observation:
    module, _, function = OBSERVERS[name].partition(":")
    observer: Callable[[Target], Observation] = getattr(importlib.import_module(module), function)
    return observer(target)
