"""How findings about access name what they found."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.facts.files import FileMode
from scanner.model import Evidence


def some(names: Iterable[str], most: int = 10) -> str:
    """Names in a stable order, joined by commas; those beyond `most` are only counted."""
    distinct = sorted(set(names))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return ", ".join(distinct[:most]) + more


def modes(entries: Iterable[FileMode], most: int = 100) -> tuple[Evidence, ...]:
    """Evidence for files, bounded."""
    return tuple(entry.evidence for entry in list(entries)[:most])
