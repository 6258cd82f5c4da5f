"""What every transport shares: limits, what it gives back, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.facts.spec import Output
from scanner.model import Reach


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one asset. Seconds are wall clock; bytes are counted as received.

    asset_bytes bounds what all probes of one asset may send together, noise included.
    """

    probe_seconds: float = 20.0
    probe_bytes: int = 1024 * 1024
    asset_seconds: float = 120.0
    asset_bytes: int = 16 * 1024 * 1024
    connect_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Collected:
    """All that was learned from one asset in one session."""

    reach: Reach
    outputs: Mapping[str, Output] = field(default_factory=dict)
    platform: str | None = None


# Nothing was asked over a login: the checks need none, or there is none to be had.
OUTSIDE_ONLY = Reach("ok", "looked at from outside only")


class TransportError(Exception):
    """Something on our side keeps every asset from being looked at; one line that says what."""


class Unreached(Exception):
    """The asset could not be looked at; `reach` says how far it got and why."""

    def __init__(self, reach: Reach) -> None:
        super().__init__(reach.detail)
        self.reach = reach


class Streams:
    """Two byte streams with one common bound."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._out: list[bytes] = []
        self._err: list[bytes] = []

    @property
    def full(self) -> bool:
        """True when more was sent than is kept; the sender is to be cut off."""
        return self._left < 0

    def feed(self, data: bytes, *, error: bool = False) -> None:
        """Keep `data` as far as the bound allows."""
        self._left -= len(data)
        if self._left >= 0:
            (self._err if error else self._out).append(data)

    @property
    def stdout(self) -> bytes:
        """All of standard output so far."""
        return b"".join(self._out)

    @property
    def stderr(self) -> bytes:
        """All of standard error so far."""
        return b"".join(self._err)


def ended(ending: str, complete: bool, limits: Limits) -> Reach:
    """How a batch that was started came to its end."""
    if complete:
        return Reach("ok")
    if ending == "deadline":
        return Reach("deadline", f"not finished within {limits.asset_seconds:g} s")
    if ending == "flood":
        return Reach("cut-off", f"sent more than {limits.asset_bytes} bytes")
    return Reach("cut-off", "the session ended before the script did")
