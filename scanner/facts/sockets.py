"""Ports that wait for connections or datagrams."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from scanner.facts.spec import NotCollected, Output, Probe, fact
from scanner.facts.text import whole


@dataclass(frozen=True, slots=True)
class Socket:
    """One listening socket. address is `*` for every address of both families.

    process: the program's name, None where it is not visible (without privilege, or from the kernel).
    """

    protocol: Literal["tcp", "udp"]
    address: str
    port: int
    process: str | None = None

    @property
    def loopback(self) -> bool:
        """True when only the asset itself can reach it."""
        return self.address.startswith(("127.", "::ffff:127.")) or self.address == "::1"

    @property
    def everywhere(self) -> bool:
        """True when it listens on every address of the asset."""
        return self.address in ("*", "0.0.0.0", "::", "::ffff:0.0.0.0")  # noqa: S104  (compared, not bound)

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol}" + (f" ({self.process})" if self.process else "")


SOCKETS = Probe(
    "sockets",
    """
if command -v ss >/dev/null 2>&1; then
    S ss
    R ss -ltunp || ss -ltunp
else
    for f in tcp tcp6 udp udp6; do
        S $f
        cat /proc/net/$f 2>/dev/null
    done
fi
true
""",
)


@fact(SOCKETS, partial=True)
def sockets(output: Output) -> tuple[Socket, ...]:
    """Each protocol, address and port once. Without privilege only the process names are missing."""
    if output.timed_out or output.truncated:
        raise NotCollected("the list of listening ports is not complete")
    sections = output.sections()
    if "ss" in sections:
        if "Local Address:Port" not in sections["ss"]:
            raise NotCollected("`ss -ltunp` gave no answer")
        found = _ss(sections["ss"].split("\n"))
    elif sections.get("tcp", "").strip():
        found = [s for name in ("tcp", "tcp6", "udp", "udp6") for s in _proc(name, sections.get(name, ""))]
    else:
        raise NotCollected("neither `ss` nor /proc/net/tcp can be read")
    # SO_REUSEPORT shows one port once for each worker.
    return tuple({(s.protocol, s.address, s.port): s for s in found}.values())


def _ss(lines: list[str]) -> list[Socket]:
    """Rows: Netid State Recv-Q Send-Q Local Peer Process."""
    found = []
    for line in lines:
        words = line.split(None, 6)
        if len(words) < 5 or words[0] not in ("tcp", "udp"):
            continue
        address, _, number = words[4].rpartition(":")
        port = whole(number)
        if port is None:
            continue
        program = re.search(r'\(\("([^"]{1,64})"', words[6]) if len(words) > 6 else None
        found.append(
            Socket(
                "tcp" if words[0] == "tcp" else "udp",
                address.strip("[]").partition("%")[0].strip("[]"),
                port,
                program.group(1) if program else None,
            )
        )
    return found


_LISTEN, _UNCONNECTED = "0A", "07"


def _proc(name: str, text: str) -> list[Socket]:
    """Rows: `sl: HEXADDRESS:HEXPORT HEXADDRESS:HEXPORT state …`; addresses are 32-bit words in host
    order, taken as little-endian here (every platform that is common in offices)."""
    found = []
    for line in text.split("\n"):
        words = line.split(None, 4)
        if len(words) < 4 or words[3] != (_LISTEN if name.startswith("tcp") else _UNCONNECTED):
            continue
        if name.startswith("udp") and not words[2].endswith(":0000"):
            continue
        packed, _, number = words[1].partition(":")
        port = whole(number, 16)
        try:
            raw = bytes.fromhex(packed)
            ordered = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
            address = str(ipaddress.ip_address(ordered))
        except ValueError:
            continue
        if port is not None:
            found.append(Socket("tcp" if name.startswith("tcp") else "udp", address, port))
    return found
