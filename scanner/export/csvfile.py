"""Findings as CSV (RFC 4180), one row a finding, for spreadsheets."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from typing import TextIO

from scanner.model import Evidence
from scanner.store.rows import FindingRow

COLUMNS: dict[str, Callable[[FindingRow], object]] = {
    "id": lambda row: row.id,
    "asset": lambda row: row.asset,
    "owner": lambda row: row.owner or "",
    "tier": lambda row: "" if row.tier is None else row.tier,
    "zone": lambda row: row.zone or "",
    "check": lambda row: row.check,
    "title": lambda row: row.title,
    "status": lambda row: row.status.value,
    "severity": lambda row: row.severity.value,
    "message": lambda row: row.message,
    "why": lambda row: row.why,
    "fix": lambda row: row.fix,
    "controls": lambda row: " ".join(row.controls),
    "first_seen": lambda row: row.first_seen,
    "last_seen": lambda row: row.last_seen,
    "changed_at": lambda row: row.changed_at,
    "last_scan": lambda row: row.last_scan,
    "evidence": lambda row: "\n".join(map(_evidence, row.evidence)),
}
"""The columns in their order, and what is in each."""

# OWASP "CSV Injection": what makes a spreadsheet take a cell for a formula, the full-width forms included.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

# Control characters but tab and newline, and those that turn the direction of writing (Unicode TR 36).
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def write(rows: Iterable[FindingRow], stream: TextIO, *, safe: bool = True) -> None:
    """Write the rows with a heading to `stream`, which was opened with newline="".

    Text that comes from a target may be made to act as a formula in a spreadsheet. So `safe` puts a `'`
    before a cell that starts with = + - @, a tab or a line end, and shows control characters as `\\x1b` or
    `\\u202e`. Without it, cells hold exactly what the store holds: for programs only.
    """
    # Every cell in quotes: where `;` separates, one inside a cell would otherwise begin a cell of its own.
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    shown = _safe if safe else str
    for row in rows:
        writer.writerow([shown(str(cell(row))) for cell in COLUMNS.values()])


def _safe(text: str) -> str:
    # Looked for before control characters are made visible, which would hide a carriage return in front.
    guard = "'" if text.startswith(_FORMULA) else ""
    return guard + _HIDDEN.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def _evidence(evidence: Evidence) -> str:
    place = evidence.source if evidence.line is None else f"{evidence.source}:{evidence.line}"
    return f"{place}: {evidence.text}"
