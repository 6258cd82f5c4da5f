"""One result for an asset out of what was found for each of its domains, zones or names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from scanner.check import failed, not_applicable, passed, unknown
from scanner.facts.dns import DnsDomains, Domain
from scanner.model import Evidence, Result


class Named(Protocol):
    """A domain, a zone or a host name."""

    @property
    def name(self) -> str:
        """As it stands in DNS."""


T = TypeVar("T", bound=Named)
Known = TypeVar("Known")

# What is wrong ("" when nothing is), and what was seen.
Finding = tuple[str, str]


class Unseen(Exception):
    """The answer was not given, so nothing can be said; says what is missing."""


class Skipped(Exception):
    """The question has no meaning here."""


def known(value: Known | None, what: str) -> Known:
    """The value. Raises Unseen when its question got no answer."""
    if value is None:
        raise Unseen(f"no answer for {what}")
    return value


def judge(
    dns: DnsDomains, things: Sequence[T], look: Callable[[T], Finding], *, good: str, nothing: str
) -> Result:
    """Fails when `look` finds fault with one of the things; unknown when one could not be seen.

    things: of `dns`; look may raise Unseen or Skipped. good: the message when all is well; nothing: when
    all were skipped.
    """
    faults, seen = [], []
    # What was never reached is not among the things.
    unseen = [f"{domain.name}: no answer for SOA" for domain in dns.domains if not _reached(domain)]
    for thing in things:
        try:
            fault, text = look(thing)
        except Skipped:
            continue
        except Unseen as why:
            unseen.append(f"{thing.name}: {why}")
            continue
        seen.append(Evidence(f"DNS of {thing.name}", text))
        if fault:
            faults.append(f"{thing.name}: {fault}")
    if faults:
        return failed(_few(faults), *seen)
    if unseen:
        return unknown(_few(list(dict.fromkeys(unseen))), *seen)
    return passed(good, *seen) if seen else not_applicable(nothing)


def _reached(domain: Domain) -> bool:
    return domain.exists is False or bool(domain.exists and domain.zone)


def _few(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - 10} more" if len(texts) > 10 else ""
    return "; ".join(texts[:10]) + more
