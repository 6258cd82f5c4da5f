"""How a check holds everything of one kind that listens on an asset against one question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from checks.outside.wording import few
from scanner.check import failed, not_applicable, passed, unknown
from scanner.model import Evidence, Port, Result


class Listener(Protocol):
    """A service on a port. missing: what of it could not be seen; str(): what people call it."""

    @property
    def port(self) -> Port: ...

    @property
    def missing(self) -> str: ...


L = TypeVar("L", bound=Listener)


def judge(
    listeners: Sequence[L],
    unread: Sequence[str],
    look: Callable[[L], Mapping[str, str] | None],
    bad: str,
    good: str,
    show: Callable[[L], str],
    verdict: Callable[..., Result] = failed,
    nothing: str = "Nothing of the kind listens",
) -> Result:
    """A fault of one listener counts, whatever could not be seen beside it; then what could not be seen.

    look: the faults of a listener by name, each with the text that shows it; None when it could not be told.
    unread: listeners that gave nothing. show: the evidence of a pass. verdict: what a fault amounts to.
    nothing: why the question has no subject, when there is neither.
    """
    faults: dict[str, None] = {}
    evidence, ports, unclear = [], [], list(unread)
    for listener in listeners:
        found = look(listener)
        if found is None:
            unclear.append(f"{listener.port}: {listener.missing}")
        elif found:
            faults |= dict.fromkeys(found)
            ports.append(listener.port)
            evidence += [Evidence(str(listener), text) for text in found.values()]
    if faults:
        return verdict(f"{bad} on {few(ports)}: {few(faults)}", *evidence[:100])
    if unclear:
        return unknown(f"Could not be told: {few(unclear)}")
    if not listeners:
        return not_applicable(nothing)
    return passed(good, *(Evidence(str(listener), show(listener)) for listener in listeners))
