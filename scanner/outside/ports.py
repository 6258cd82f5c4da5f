"""The ports of assets, as the network shows them: within the scope, many assets in one nmap process."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

from scanner.facts.exposure import PortScan
from scanner.facts.spec import NotCollected
from scanner.model import Asset, Port
from scanner.outside import nmap
from scanner.outside.profiles import PROFILES, PortProfile, arguments
from scanner.outside.scope import Address, targets

# What one nmap process may need beyond the time limits of its hosts.
_START_SECONDS = 60


def scan_ports(
    assets: Sequence[Asset],
    *,
    profile: str,
    today: date,
    on_progress: nmap.OnProgress | None = None,
) -> Mapping[str, PortScan | NotCollected]:
    """Scan the ports of each asset, by its name, or say why that was not possible.

    profile: a name in `PROFILES`. The ports that the assets expect are scanned too. Nothing is sent to an
    address that the asset's scope does not allow on the day `today`.
    """
    chosen = PROFILES[profile]
    found: dict[str, PortScan | NotCollected] = {}
    addresses: dict[str, Address] = {}
    for name, target in targets(assets, today).items():
        if isinstance(target, NotCollected):
            found[name] = target
        else:
            addresses[name] = target
    also = {port for asset in assets if asset.name in addresses for port in asset.expected_ports}
    scans: dict[Address, PortScan | NotCollected] = {}
    for version in (4, 6):
        family = sorted({address for address in addresses.values() if address.version == version}, key=int)
        if family:
            scans |= _scan(chosen, family, also, on_progress)
    return found | {name: scans[address] for name, address in addresses.items()}


def _scan(
    profile: PortProfile, family: Sequence[Address], also: set[Port], on_progress: nmap.OnProgress | None
) -> dict[Address, PortScan | NotCollected]:
    seconds = profile.host_seconds * math.ceil(len(family) / profile.together) + _START_SECONDS
    try:
        run = nmap.run(arguments(profile, family, also), seconds, on_progress)
    except NotCollected as why:
        return dict.fromkeys(family, why)
    reports = {report.address: report for report in run.hosts}
    return {address: _port_scan(profile, address, reports.get(str(address)), run) for address in family}


def _port_scan(
    profile: PortProfile, address: Address, report: nmap.HostReport | None, run: nmap.Run
) -> PortScan | NotCollected:
    if report is None:
        if run.fault:
            return NotCollected(f"port_scan: {run.fault}")
        # A whole run leaves out a host of the same link that does not even answer ARP.
        return PortScan(str(address), up=False, scanned=run.scanned)
    if report.timed_out:
        return NotCollected(
            f"port_scan: nmap gave up on {address} after {profile.host_seconds} s; try --ports polite"
        )
    return PortScan(str(address), report.answered, report.ports, report.scanned)
