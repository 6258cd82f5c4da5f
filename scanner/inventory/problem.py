"""What is wrong in an inventory, and exactly where.

Reading never stops at the first mistake: every reader adds to one `Problems`, so that a person
sees all of them at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_NAMED = 24


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file, 1-based; printed as `file:line:column`."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. Printed on one line, characters that are not printable escaped."""

    at: Position
    what: str
    allowed: str = ""

    def __str__(self) -> str:
        return printable(f"{self.at}: {self.what}" + (f"; {self.allowed}" if self.allowed else ""))


class InventoryError(Exception):
    """The inventory cannot be used. `problems` holds every mistake that was found, never none."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Problems:
    """Collects errors and warnings; the same one twice is kept once.

    They come out file by file in the order the files were met, and in each from top to bottom.
    """

    def __init__(self) -> None:
        self._errors: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What makes the inventory unusable."""
        return _in_order(self._errors)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What was read differently from what its writer may expect."""
        return _in_order(self._warnings)

    def error(self, at: Position, what: str, allowed: str = "") -> None:
        """Add an error."""
        self._errors[Problem(at, what, allowed)] = None

    def warn(self, at: Position, what: str, allowed: str = "") -> None:
        """Add a warning."""
        self._warnings[Problem(at, what, allowed)] = None

    def extend(self, other: Problems) -> None:
        """Add all of another collection."""
        self._errors |= other._errors
        self._warnings |= other._warnings

    def raise_errors(self) -> None:
        """Raise InventoryError when there is any error."""
        if self._errors:
            raise InventoryError(self.errors)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    files = {path: number for number, path in enumerate(dict.fromkeys(p.at.path for p in problems))}
    return tuple(sorted(problems, key=lambda p: (files[p.at.path], p.at.line, p.at.column)))


def printable(text: str) -> str:
    """`text` with control and other characters that do not print written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def allowed(options: Iterable[str], word: object = None) -> str:
    """`allowed: a, b, c`, led by the nearest of them when `word` looks like a slip of the pen."""
    names = list(options)
    close = difflib.get_close_matches(str(word), names, 1) if word is not None else []
    hint = f"did you mean {close[0]!r}? " if close else ""
    more = f", and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{hint}allowed: {', '.join(names[:MAX_NAMED])}{more}"


def is_slip(word: str, options: Iterable[str]) -> bool:
    """True when `word` is almost one of `options`."""
    return bool(difflib.get_close_matches(word, list(options), 1, 0.75))
