"""What the network shows of an asset, from where the scanner stands.

That place is the viewpoint: a scanner in the office network says what the office network can reach, one at a
provider what the internet can.
"""

from __future__ import annotations

from checks.outside.wording import clear, few, seen, was_scanned
from scanner.check import check, failed, informational, not_checked, passed
from scanner.facts.exposure import DiscoveredHosts, PortScan
from scanner.model import Asset, Evidence, Result


@check(
    "EXP-001",
    severity="medium",
    controls=["nist-800-53:CM-8", "cis-v8:1.1", "iso-27001:A.5.9", "csf-2.0:ID.AM-01"],
    platforms=(),
    tags=["outside", "exposure"],
)
def answers(port_scan: PortScan) -> Result:
    """The asset answers on the network.

    Why: an asset that is silent is switched off, moved or hidden from the scanner; nothing that follows
    says how exposed it is.
    Fix: see whether it is on and where it is now (`ping ADDRESS`), then correct `ansible_host` in the
    inventory, remove the asset from it, or scan from a place that may reach it.
    """
    if port_scan.up:
        return passed("The asset answers")
    return failed("No port answered, neither open nor refusing", Evidence("nmap", port_scan.address))


@check(
    "EXP-002",
    severity="medium",
    controls=[
        "nist-800-53:CM-7",
        "nist-800-53:CM-7(1)",
        "nist-800-53:SC-7",
        "cis-v8:4.8",
        "csf-2.0:PR.PS-01",
    ],
    platforms=(),
    tags=["outside", "exposure"],
)
def only_expected(port_scan: PortScan, asset: Asset) -> Result:
    """Only the ports that the inventory expects can be reached.

    Why: a port that nobody expects is a service that nobody patches or watches.
    Fix: stop the service or close the port in the firewall; if it belongs there, add it to
    `expected_ports`.
    """
    if not asset.expected_ports:
        return not_checked("The inventory declares no `expected_ports` for this asset")
    extra = [p for p in port_scan.ports if p.state == "open" and p.port not in asset.expected_ports]
    if extra:
        return failed(f"Not expected: {few(p.port for p in extra)}", *map(seen, extra))
    return clear(port_scan, "Every port that was found open is expected")


@check(
    "EXP-003",
    severity="medium",
    controls=["nist-800-53:CM-2", "nist-800-53:CM-8", "cis-v8:1.1"],
    platforms=(),
    tags=["outside", "exposure"],
)
def every_expected(port_scan: PortScan, asset: Asset) -> Result:
    """Every port that the inventory expects can be reached.

    Why: either a service that people rely on is down, or the inventory describes another machine than the
    one that stands there.
    Fix: start the service (`systemctl status NAME`), open the port to this place, or take it out of
    `expected_ports`.
    """
    asked = [port for port in asset.expected_ports if was_scanned(port_scan, port)]
    if not asked:
        return not_checked("The inventory declares no `expected_ports` for this asset that were scanned")
    # UDP that stays silent (open|filtered) may well be served.
    shut = [port for port in asked if port not in {p.port for p in port_scan.ports}]
    if shut:
        text = "closed or filtered: " + ", ".join(map(str, shut))
        return failed(f"Expected and not open: {few(shut)}", Evidence("nmap", text))
    return passed("Every expected port that was scanned is open")


@check(
    "EXP-014",
    severity="info",
    controls=["nist-800-53:CM-8", "nist-800-53:RA-5(4)", "cis-v8:1.1", "csf-2.0:ID.AM-02"],
    platforms=(),
    tags=["outside", "exposure", "informational"],
)
def on_record(port_scan: PortScan) -> Result:
    """What can be reached is on record.

    Why: a port that opened since the last scan is the first sign of a change that nobody announced;
    `drscan diff` shows it.
    Fix: nothing to do; declare `expected_ports` to be told when it changes.
    """
    found = [p for p in port_scan.ports if p.state == "open"]
    if not found:
        return informational("Nothing can be reached among the ports that were scanned")
    listed = ", ".join(f"{p.port} {p.service}".rstrip() for p in found)
    return informational(f"Can be reached: {listed}", *map(seen, found))


@check(
    "EXP-017",
    severity="low",
    controls=["nist-800-53:CM-7", "nist-800-53:CM-7(1)", "cis-v8:4.8"],
    platforms=(),
    tags=["outside", "exposure"],
)
def few_ports(port_scan: PortScan, max_open: int = 20) -> Result:
    """Few ports can be reached.

    Why: each open port is one more program to patch and watch; a machine with dozens is one that grew, or
    is no longer only yours.
    Fix: `ss -ltnp` on the asset shows which program each belongs to; stop what is not needed (`systemctl
    disable --now NAME`).
    """
    found = port_scan.open("tcp") + port_scan.open("udp")
    if len(found) > max_open:
        return failed(f"More than {max_open} ports are open", *map(seen, found))
    return clear(port_scan, f"No more than {max_open} ports are open")


@check(
    "EXP-018",
    severity="high",
    controls=["nist-800-53:CM-8", "nist-800-53:CM-8(3)", "cis-v8:1.2", "cis-v8:1.3", "csf-2.0:ID.AM-01"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_strangers(discovered_hosts: DiscoveredHosts) -> Result:
    """Every host that answers in the network is in the inventory.

    Why: a machine that nobody has written down is not patched, not backed up, and perhaps not yours.
    Fix: find out whose it is, then add it to the inventory or take it off the network.
    """
    unknown = discovered_hosts.unknown
    if unknown:
        return failed(f"Not in the inventory: {few(unknown)}", Evidence("nmap -sn", "\n".join(unknown)))
    return passed("Every host that answered is in the inventory")
