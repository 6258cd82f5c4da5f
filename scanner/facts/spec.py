"""What a fact is: a probe to run on the asset, and a parser from its output to a typed value.

Only this layer knows commands and output formats. It never imports a transport: a probe is
text, an output is bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from scanner.model import Asset

T = TypeVar("T")

SECTION = "\x1e"
# A shell adds this to the number of the signal that ended a command (POSIX sh, 2.8.2).
SIGNALLED = 128


class Absent(Exception):
    """The thing the fact describes is not on this asset. Checks on it are `notapplicable`."""


class NotCollected(Exception):
    """The fact could not be read. Checks on it are `error` with this reason."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A read-only POSIX sh snippet, run once per asset in a shell of its own.

    Available inside: `R cmd args…` runs one command as root where the inventory allows it;
    `S name` starts a named section of the output (see `Output.sections`). Commands after `R`
    are literal (no variables), so that they can be published as a sudoers list.
    LC_ALL is C, standard input is empty, and /usr/sbin:/sbin are in PATH.

    script: the text, or a function of the asset that returns it (values shell-quoted).
    seconds, max_bytes: limits of its own; None takes the scan's defaults.
    """

    id: str
    script: str | Callable[[Asset], str]
    seconds: float | None = None
    max_bytes: int | None = None

    def text(self, asset: Asset) -> str:
        """The script for this asset."""
        return self.script if isinstance(self.script, str) else self.script(asset)


@dataclass(frozen=True, slots=True)
class Output:
    """What one probe gave. Streams are bytes from an untrusted machine.

    denied: the probe asked for root with `R` and did not get it.
    """

    stdout: bytes = b""
    stderr: bytes = b""
    exit: int = 0
    seconds: float = 0.0
    truncated: bool = False
    timed_out: bool = False
    denied: bool = False

    @property
    def text(self) -> str:
        """Standard output decoded as UTF-8, undecodable bytes replaced."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def lines(self) -> list[str]:
        """Lines of `text`, split at newlines only, without the line ends."""
        return self.text.rstrip("\n").replace("\r\n", "\n").split("\n") if self.stdout else []

    def sections(self) -> dict[str, str]:
        """Text by section name as marked with `S name`; text before the first mark is under ''."""
        head, *rest = ("\n" + self.text).split("\n" + SECTION)
        named = {"": head[1:]} if head[1:] else {}
        for part in rest:
            name, _, body = part.partition("\n")
            named[name.strip()] = body
        return named


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A named, typed fact: its probes and the parser that turns their outputs into a value.

    partial: the parser also accepts outputs that are truncated, timed out or denied.
    observed: the value comes from outside, over the network, without a login; then there are no probes.
    """

    name: str
    probes: tuple[Probe, ...]
    parser: Callable[..., T]
    partial: bool = False
    observed: bool = False

    def parse(self, *outputs: Output) -> T:
        """The typed value. Raises Absent or NotCollected; any other exception is a parser fault."""
        if not self.partial:
            for probe, output in zip(self.probes, outputs, strict=True):
                _require_complete(probe, output)
        return self.parser(*outputs)

    def __call__(self, *outputs: Output) -> T:
        return self.parser(*outputs)


def _require_complete(probe: Probe, output: Output) -> None:
    if output.denied:
        raise NotCollected(f"{probe.id}: needs privilege")
    if output.timed_out:
        raise NotCollected(f"{probe.id}: no answer within the time limit")
    if output.truncated:
        raise NotCollected(f"{probe.id}: the answer is longer than the byte limit")
    if output.exit > SIGNALLED:
        raise NotCollected(f"{probe.id}: was killed by signal {output.exit - SIGNALLED} before it was done")


def fact(*probes: Probe, partial: bool = False) -> Callable[[Callable[..., T]], Fact[T]]:
    """Make a parser a fact. Its function name is the name that checks ask for."""

    def wrap(parser: Callable[..., T]) -> Fact[T]:
        return Fact(parser.__name__, probes, parser, partial)

    return wrap


def observed(name: str, kind: type[T]) -> Fact[T]:
    """A fact that an observer in `scanner.outside` makes: a value of `kind`, seen over the network."""
    return Fact(name, (), kind, observed=True)


AnyFact = Fact[Any]
