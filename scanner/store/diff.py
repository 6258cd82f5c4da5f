"""What became of the findings between two scans."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model import Severity, Status
from scanner.store.db import Store
from scanner.store.rows import DiffKind, DiffRow, State

_DECIDED = (Status.PASS, Status.FAIL)
_UNDECIDED = (Status.ERROR, Status.UNKNOWN, Status.NOTCHECKED)

# The state as of a scan is that of the newest change up to it, for `results` holds changes only.
#
# Whether a scan looked at a finding: surely when it was the last to do so; a later last look says so when its
# asset was reached and its check was run in that scan. The scan that is newest may have no check set yet.
_DIFF = """WITH
    older_assets AS (SELECT asset_id FROM coverage WHERE scan_id = :older AND outcome = 'ok'),
    newer_assets AS (SELECT asset_id FROM coverage WHERE scan_id = :newer AND outcome = 'ok'),
    unreached AS (SELECT asset_id FROM scan_assets WHERE scan_id = :newer AND outcome <> 'ok'),
    older_checks AS (SELECT e.value FROM scans s JOIN check_sets m ON m.id = s.check_set_id
        JOIN json_each(m.check_ids) e WHERE s.id = :older),
    newer_checks AS (SELECT e.value FROM scans s JOIN check_sets m ON m.id = s.check_set_id
        JOIN json_each(m.check_ids) e WHERE s.id = :newer),
    missed AS (SELECT id FROM findings
        WHERE (last_scan_id = :older OR (last_scan_id > :older
            AND asset_id IN older_assets AND check_id IN older_checks))
        AND NOT (last_scan_id = :newer OR (last_scan_id > :newer
            AND asset_id IN newer_assets AND check_id IN newer_checks))),
    touched AS (SELECT finding_id FROM results WHERE scan_id > :older AND scan_id <= :newer
        UNION SELECT id FROM missed)
SELECT f.id, a.name, f.check_id, c.title, f.id IN missed, f.asset_id IN unreached,
    b.status, b.severity, b.message, n.status, n.severity, n.message
FROM touched t
JOIN findings f ON f.id = t.finding_id
JOIN assets a ON a.id = f.asset_id
JOIN checks c ON c.id = f.check_id
JOIN results n ON n.id = (SELECT max(id) FROM results WHERE finding_id = f.id AND scan_id <= :newer)
LEFT JOIN results b ON b.id = (SELECT max(id) FROM results WHERE finding_id = f.id AND scan_id <= :older)
ORDER BY a.name, f.check_id"""


def diff(store: Store, older: int, newer: int) -> Iterator[DiffRow]:
    """The findings that differ between two scans, by asset and check; those that agree are left out.

    Raises LookupError when a scan does not exist, ValueError when `older` is not the older one, StoreError.
    """
    for scan_id in (older, newer):
        if store.row("SELECT 1 FROM scans WHERE id = ?", (scan_id,)) is None:
            raise LookupError(f"there is no scan {scan_id}")
    if older >= newer:
        raise ValueError(f"scan {older} is not older than scan {newer}: name the older one first")
    for row in store.rows(_DIFF, {"older": older, "newer": newer}):
        finding, asset, check, title, missed, unreached, *states = row
        before = None if states[0] is None else _state(*states[:3])
        after = _state(*states[3:])
        kind = _kind(before, after)
        if kind:
            yield DiffRow(finding, asset, check, title, kind, before, after)
        elif missed:
            yield DiffRow(finding, asset, check, title, "unreachable" if unreached else "gone", before, None)


def _state(status: str, severity: str, message: str) -> State:
    return State(Status(status), Severity(severity), message)


def _kind(before: State | None, after: State) -> DiffKind | None:
    fails = after.status is Status.FAIL
    if before is None:
        return "new" if fails else "added"
    if before == after:
        return None
    failed = before.status is Status.FAIL
    if fails and failed:
        step = after.severity.rank - before.severity.rank
        return "worse" if step > 0 else "better" if step < 0 else "changed"
    if fails:
        return "new"
    if after.status in _UNDECIDED:
        return "undecided" if before.status in _DECIDED else "changed"
    return "fixed" if failed else "changed"
