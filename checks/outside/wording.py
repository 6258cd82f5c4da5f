"""What the outside checks say alike."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.check import passed, unknown
from scanner.facts.exposure import OpenPort, PortScan
from scanner.model import Evidence, Port, Result

_SHOWN = 10


def clear(scan: PortScan, message: str) -> Result:
    """Pass with this message; unknown where no port answered, since the asset may just be switched off."""
    return passed(message) if scan.up else unknown("No port answered, so nothing can be said")


def few(items: Iterable[object]) -> str:
    """The first ten, and how many more there are."""
    names = list(map(str, items))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def seen(port: OpenPort) -> Evidence:
    """The port as evidence, with the version that nmap read."""
    return Evidence("nmap", f"{port}{' over TLS' if port.tls else ''}")


def was_scanned(scan: PortScan, port: Port) -> bool:
    """True when nmap was asked for the port."""
    for protocol, ranges in scan.scanned:
        for part in ranges.split(",") if protocol == port.protocol else ():
            first, _, last = part.partition("-")
            if first.isdecimal() and int(first) <= port.number <= int(last or first):
                return True
    return False
