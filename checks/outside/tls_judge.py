"""One verdict on all TLS ports of an asset: what is at fault comes first, then what could not be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from scanner.check import failed, not_applicable, passed, unknown
from scanner.facts.tls import TlsServer, TlsServers
from scanner.model import Evidence, Result


def judge(
    tls: TlsServers, faults: Callable[[TlsServer], Iterable[str] | None], bad: str, good: str
) -> Result:
    """faults: of one server, one line each; None when what it must know could not be learned."""
    if not (tls.servers or tls.unread):
        return not_applicable("No port speaks TLS")
    seen = [(str(server), faults(server)) for server in tls.servers]
    found = {place: list(lines) for place, lines in seen if lines}
    if found:
        evidence = (Evidence(f"TLS on {place}", "\n".join(lines[:50])) for place, lines in found.items())
        return failed(f"{bad}: {_some([*found])}", *evidence)
    undecided = [place for place, lines in seen if lines is None]
    if undecided or tls.unread:
        reasons = [f"{place}: not enough could be learned" for place in undecided] + [*tls.unread]
        places = undecided + [line.partition(":")[0] for line in tls.unread]
        return unknown(f"Could not be told for {_some(places)}", Evidence("TLS", "\n".join(reasons[:50])))
    return passed(f"{good}: {_some([place for place, _ in seen])}")


def _some(places: Sequence[str]) -> str:
    more = f" and {len(places) - 10} more" if len(places) > 10 else ""
    return ", ".join(places[:10]) + more
