"""Reading the store. Every function may raise StoreError."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scanner.model import Evidence, Severity, Status
from scanner.store.db import Store
from scanner.store.encoding import to_time, unpack
from scanner.store.rows import (
    AssetRow,
    Change,
    Counts,
    CoverageRow,
    FailedCheck,
    FindingFilter,
    FindingHistory,
    FindingRow,
    ScanRow,
    ScanSummary,
)

_SCANS = """SELECT id, uid, status, started, finished, profile, selection, version, operator, host,
    assets_total, assets_done, assets_unreachable, counts FROM scans"""

_CHANGES = """SELECT r.finding_id, a.name, f.check_id, r.at, r.scan_id,
    r.previous_status, r.status, r.severity, r.message, e.body
FROM results r JOIN findings f ON f.id = r.finding_id JOIN assets a ON a.id = f.asset_id
LEFT JOIN evidence e ON e.id = r.evidence_id"""

_FINDINGS = """SELECT f.id, a.name, a.owner, a.tier, a.zone, f.check_id, f.status, f.severity, f.message,
    f.first_seen, f.last_seen, f.changed_at, f.last_scan_id, f.evidence_id
FROM findings f JOIN assets a ON a.id = f.asset_id"""

_WORST_FIRST = """ ORDER BY CASE f.severity
    WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END"""
_ORDER = _WORST_FIRST + ", a.name, f.check_id"

# With min() SQLite takes the other columns from the row that has the minimum.
_FAILED_CHECKS = (
    """SELECT f.check_id, f.severity, c.fix, count(*), f.id, min(a.name), f.message
FROM findings f JOIN assets a ON a.id = f.asset_id JOIN checks c ON c.id = f.check_id
WHERE f.status = 'fail' AND f.last_scan_id = ?
GROUP BY f.check_id, f.severity"""
    + _WORST_FIRST
    + ", count(*) DESC, f.check_id LIMIT ?"
)

_CONTROL = """f.check_id IN (SELECT check_id FROM controls WHERE framework || ':' || control GLOB ?)"""

_NEW_IN = """f.id IN (SELECT finding_id FROM results WHERE scan_id = ? AND previous_status IS NOT status)"""


def scan(store: Store, scan_id: int) -> ScanRow | None:
    """One scan, or None when there is no such scan."""
    row = store.row(_SCANS + " WHERE id = ?", (scan_id,))
    return _scan(row) if row else None


def scans(store: Store) -> Iterator[ScanRow]:
    """All scans, the newest first."""
    return map(_scan, store.rows(_SCANS + " ORDER BY id DESC"))


def latest_scan(store: Store) -> ScanRow | None:
    """The newest scan that finished, or None."""
    row = store.row(_SCANS + " WHERE status = 'finished' ORDER BY id DESC LIMIT 1")
    return _scan(row) if row else None


def previous_scan(store: Store, scan_id: int) -> ScanRow | None:
    """The newest scan that finished before this one, or None."""
    row = store.row(_SCANS + " WHERE status = 'finished' AND id < ? ORDER BY id DESC LIMIT 1", (scan_id,))
    return _scan(row) if row else None


def summary(store: Store, scan_id: int) -> ScanSummary:
    """A scan with how many findings it brought and saw fixed. Raises LookupError when there is none."""
    row = scan(store, scan_id)
    if row is None:
        raise LookupError(f"there is no scan {scan_id}")
    new, fixed = store.row(
        """SELECT count(CASE WHEN status = 'fail' AND previous_status IS NOT 'fail' THEN 1 END),
            count(CASE WHEN previous_status = 'fail'
                AND status IN ('pass', 'notapplicable', 'informational') THEN 1 END)
        FROM results WHERE scan_id = ?""",
        (scan_id,),
    ) or (0, 0)
    return ScanSummary(row, new, fixed)


def coverage(store: Store, scan_id: int) -> Iterator[CoverageRow]:
    """The assets that a scan tried to look at and how that ended, those not reached first, then by name."""
    rows = store.rows(
        """SELECT asset, outcome, detail FROM coverage WHERE scan_id = ?
        ORDER BY outcome = 'ok', asset""",
        (scan_id,),
    )
    return (CoverageRow(*row) for row in rows)


def assets(store: Store) -> Iterator[AssetRow]:
    """All assets that were ever scanned, by name."""
    rows = store.rows(
        """SELECT name, transport, address, owner, tier, zone, classification, first_seen, last_tried,
            last_reached, last_outcome, last_seconds, groups, tags, services FROM assets ORDER BY name"""
    )
    return (AssetRow(*row[:12], *(tuple(json.loads(text)) for text in row[12:])) for row in rows)


def counts(store: Store, scan_id: int | None = None) -> Counts:
    """How many findings there are now, or of those last looked at in one scan."""
    grouped: dict[Status, dict[Severity, int]] = {}
    for status, severity, number in store.rows(
        """SELECT status, severity, count(*) FROM findings WHERE ?1 IS NULL OR last_scan_id = ?1
        GROUP BY status, severity""",
        (scan_id,),
    ):
        grouped.setdefault(Status(status), {})[Severity(severity)] = number
    return grouped


def changes(store: Store, scan_id: int) -> Iterator[Change]:
    """What a scan changed, in the order it was found."""
    return map(_change, store.rows(_CHANGES + " WHERE r.scan_id = ? ORDER BY r.id", (scan_id,)))


def findings(store: Store, where: FindingFilter, *, evidence: bool = False) -> Iterator[FindingRow]:
    """The findings that pass the filter, the most severe first, then by asset and check.

    They are read one at a time, however many there are. `evidence` reads what supports them as well;
    without it the rows have none.
    """
    conditions, parameters = _conditions(where)
    sql = _FINDINGS + (" WHERE " + " AND ".join(conditions) if conditions else "") + _ORDER
    if where.limit is not None:
        sql += " LIMIT ?"
        parameters.append(where.limit)
    known = _checks(store)
    for row in store.rows(sql, parameters):
        yield _finding(row, known[row[5]], _evidence(store, row[13]) if evidence else ())


def failed_checks(store: Store, scan_id: int, limit: int) -> list[FailedCheck]:
    """The checks that failed in a scan, the most severe first, then those that failed on most assets."""
    return [
        FailedCheck(check, Severity(severity), *rest)
        for check, severity, *rest in store.rows(_FAILED_CHECKS, (scan_id, limit))
    ]


def finding(store: Store, finding_id: int) -> FindingHistory | None:
    """One finding with its evidence and history, or None when there is no such finding."""
    row = store.row(_FINDINGS + " WHERE f.id = ?", (finding_id,))
    if row is None:
        return None
    history = store.rows(_CHANGES + " WHERE r.finding_id = ? ORDER BY r.id DESC", (finding_id,))
    current = _finding(row, _checks(store)[row[5]], _evidence(store, row[13]))
    return FindingHistory(current, tuple(map(_change, history)))


_Check = tuple[str, str, str, tuple[str, ...]]


def _checks(store: Store) -> dict[str, _Check]:
    """Title, why, fix and controls by id: a few hundred, kept while a million findings stream by."""
    controls: dict[str, list[str]] = {}
    for check, control in store.rows(
        "SELECT check_id, framework || ':' || control FROM controls ORDER BY check_id, framework, control"
    ):
        controls.setdefault(check, []).append(control)
    rows = store.rows("SELECT id, title, why, fix FROM checks")
    return {id: (title, why, fix, tuple(controls.get(id, ()))) for id, title, why, fix in rows}


def _conditions(where: FindingFilter) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []

    def add(condition: str, *values: Any) -> None:
        conditions.append(condition)
        parameters.extend(values)

    if where.status:
        add("f.status IN (SELECT value FROM json_each(?))", json.dumps(where.status))
    if where.severity:
        least = where.severity.rank
        names = [severity for severity in Severity if severity.rank >= least]
        add("f.severity IN (SELECT value FROM json_each(?))", json.dumps(names))
    if where.asset:
        add("a.name GLOB ?", _glob(where.asset))
    if where.check:
        add("f.check_id GLOB ?", _glob(where.check))
    if where.control:
        add(_CONTROL, _glob(where.control))
    if where.zone:
        add("a.zone = ?", where.zone)
    if where.tier is not None:
        add("a.tier = ?", where.tier)
    if where.new_in is not None:
        add(_NEW_IN, where.new_in)
    if where.looked_at_in is not None:
        add("f.last_scan_id = ?", where.looked_at_in)
    if where.since:
        add("f.changed_at >= ?", to_time(where.since))
    return conditions, parameters


def _glob(pattern: str) -> str:
    # SQLite negates a set with ^ where the shell writes !.
    return pattern.replace("[!", "[^")


def _evidence(store: Store, evidence_id: int | None) -> tuple[Evidence, ...]:
    row = store.row("SELECT body FROM evidence WHERE id = ?", (evidence_id,)) if evidence_id else None
    return unpack(row[0]) if row else ()


def _finding(row: tuple[Any, ...], check: _Check, evidence: tuple[Evidence, ...]) -> FindingRow:
    id, asset, owner, tier, zone, check_id, status, severity, message, first, last, changed, scan_id, _ = row
    title, why, fix, controls = check
    return FindingRow(
        id, asset, owner, tier, zone, check_id, title, Status(status), Severity(severity), message, why, fix,
        controls, first, last, changed, scan_id, evidence,
    )  # fmt: skip


def _change(row: tuple[Any, ...]) -> Change:
    finding_id, asset, check, at, scan_id, previous, status, severity, message, body = row
    return Change(
        finding_id, asset, check, at, scan_id, Status(previous) if previous else None, Status(status),
        Severity(severity), message, unpack(body) if body else (),
    )  # fmt: skip


def _scan(row: tuple[Any, ...]) -> ScanRow:
    counted = {
        Status(status): {Severity(severity): number for severity, number in by_severity.items()}
        for status, by_severity in json.loads(row[13]).items()
    }
    (
        id,
        uid,
        status,
        started,
        finished,
        profile,
        selection,
        version,
        operator,
        host,
        total,
        done,
        missed,
        _,
    ) = row
    return ScanRow(
        id, uid, status, started, finished, profile, json.loads(selection), version, operator, host,
        total, done, missed, counted,
    )  # fmt: skip
