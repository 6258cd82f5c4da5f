"""The one writer: a scan from its beginning, asset by asset, to its end."""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from scanner.model import Asset, CheckInfo, Reach
from scanner.store import findings
from scanner.store.db import Store
from scanner.store.encoding import clean, to_json, to_time
from scanner.store.findings import Checked
from scanner.store.queries import counts, scan, summary
from scanner.store.rows import Change, ScanEnd, ScanRow, ScanStart, ScanSummary

_SAVE_ASSET = """INSERT INTO assets (name, transport, address, owner, tier, zone, classification, groups,
    tags, services, first_seen, last_tried, last_reached, last_outcome, last_seconds)
VALUES (:name, :transport, :address, :owner, :tier, :zone, :classification, :groups, :tags,
    :services, :at, :at, :reached, :outcome, :seconds)
ON CONFLICT (name) DO UPDATE SET transport = excluded.transport, address = excluded.address,
    owner = excluded.owner, tier = excluded.tier, zone = excluded.zone,
    classification = excluded.classification, groups = excluded.groups, tags = excluded.tags,
    services = excluded.services, last_tried = excluded.last_tried,
    last_reached = coalesce(excluded.last_reached, last_reached), last_outcome = excluded.last_outcome,
    last_seconds = excluded.last_seconds"""

_SAVE_CHECK = """INSERT INTO checks
    (id, title, why, fix, severity, platforms, tags, tunables, digest, changed_at)
VALUES (:id, :title, :why, :fix, :severity, :platforms, :tags, :tunables, :digest, :at)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, why = excluded.why, fix = excluded.fix,
    severity = excluded.severity, platforms = excluded.platforms, tags = excluded.tags,
    tunables = excluded.tunables, digest = excluded.digest, changed_at = excluded.changed_at"""

# SQLite keeps 1 in no byte, 2 in one and 128 to 32767 in two. Were scans counted from 1, the second would
# make every row of findings a byte longer than its page has room for, and the file up to 9 % larger.
_FIRST_SCAN = 1001

_BEGIN = """INSERT INTO scans
    (id, uid, status, started, profile, selection, version, operator, host, assets_total)
VALUES ((SELECT coalesce(max(id) + 1, ?) FROM scans), ?, 'running', ?, ?, ?, ?, ?, ?, ?)"""

_COUNT_ASSET = """UPDATE scans SET assets_done = assets_done + 1,
    assets_unreachable = assets_unreachable + ? WHERE id = ?"""


def _now() -> datetime:
    return datetime.now(UTC)


class Writer:
    """Writes scans to a store; hold `scanner.store.lock.ScanLock` meanwhile. Methods may raise StoreError."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._clock = clock

    def register_checks(self, infos: Iterable[CheckInfo]) -> None:
        """Store what is known of checks. Do so before results of theirs are recorded."""
        with self._store.transaction() as connection:
            known = dict(connection.execute("SELECT id, digest FROM checks"))
            for info in infos:
                _save_check(connection, info, known.get(info.id), self._time())

    def begin_scan(self, start: ScanStart) -> int:
        """Begin a scan and return its id. An earlier one that was interrupted can then not be resumed."""
        with self._store.transaction() as connection:
            for (earlier,) in connection.execute(
                "SELECT id FROM scans WHERE asset_set_id IS NULL"
            ).fetchall():
                _fold(connection, earlier)
                connection.execute(
                    "UPDATE scans SET status = 'interrupted' WHERE id = ? AND status = 'running'", (earlier,)
                )
            cursor = connection.execute(
                _BEGIN,
                (
                    _FIRST_SCAN,
                    str(uuid.uuid4()),
                    self._time(),
                    start.profile,
                    to_json(start.selection),
                    start.version,
                    start.operator,
                    start.host,
                    start.assets_total,
                ),
            )
        return int(cursor.lastrowid or 0)

    def record_asset(
        self, scan_id: int, asset: Asset, reach: Reach, results: Sequence[Checked], seconds: float
    ) -> list[Change]:
        """Store how one asset was reached and what its checks said, in one transaction.

        Returns the findings whose status, severity or message differ from before. Findings of the asset that
        `results` does not mention stay as they are. An asset is recorded once a scan.
        """
        at = self._time()
        with self._store.transaction() as connection:
            asset_id = _save_asset(connection, asset, reach, at, seconds)
            connection.execute(
                "INSERT INTO scan_assets (scan_id, asset_id, outcome, detail, finished, seconds)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (scan_id, asset_id, reach.outcome, clean(reach.detail), at, seconds),
            )
            connection.execute(_COUNT_ASSET, (not reach.ok, scan_id))
            return findings.record(connection, scan_id, asset_id, asset.name, results, at)

    def finish_scan(self, scan_id: int, status: ScanEnd) -> ScanSummary:
        """Store that the scan ended and how; every status but `finished` leaves it open to `resume_scan`."""
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE scans SET status = ?, finished = ?, counts = ? WHERE id = ?",
                (status, self._time(), to_json(counts(self._store, scan_id)), scan_id),
            )
            if status == "finished":
                _fold(connection, scan_id)
        findings.forget_evidence(self._store)
        return summary(self._store, scan_id)

    def interrupted_scan(self) -> ScanRow | None:
        """The newest scan if it did not finish, else None. Ask under the lock, before `begin_scan`."""
        row = self._store.row("SELECT id FROM scans ORDER BY id DESC LIMIT 1")
        newest = scan(self._store, row[0]) if row else None
        return newest if newest and newest.status != "finished" else None

    def resume_scan(self, scan_id: int) -> None:
        """Store that an interrupted scan goes on."""
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE scans SET status = 'running', finished = NULL WHERE id = ?", (scan_id,)
            )

    def done_assets(self, scan_id: int) -> set[str]:
        """Names of the assets that the scan has recorded, reached or not."""
        return {
            name for (name,) in self._store.rows("SELECT asset FROM coverage WHERE scan_id = ?", (scan_id,))
        }

    def _time(self) -> str:
        return to_time(self._clock())


def _save_check(connection: sqlite3.Connection, info: CheckInfo, known_digest: str | None, at: str) -> None:
    texts = {
        "id": info.id,
        "title": info.title,
        "why": info.why,
        "fix": info.fix,
        "severity": info.severity.value,
        "platforms": to_json(info.platforms),
        "tags": to_json(info.tags),
        "tunables": to_json(dict(info.tunables)),
    }
    digest = hashlib.sha256(to_json(texts | {"controls": info.controls}).encode()).hexdigest()
    if digest == known_digest:
        return
    connection.execute(_SAVE_CHECK, texts | {"digest": digest, "at": at})
    connection.execute("DELETE FROM controls WHERE check_id = ?", (info.id,))
    connection.executemany(
        "INSERT INTO controls (check_id, framework, control) VALUES (?, ?, ?)",
        [(info.id, *control.split(":", 1)) for control in dict.fromkeys(info.controls)],
    )


def _save_asset(connection: sqlite3.Connection, asset: Asset, reach: Reach, at: str, seconds: float) -> int:
    connection.execute(
        _SAVE_ASSET,
        {
            "name": asset.name,
            "transport": asset.connection.transport,
            "address": asset.connection.host,
            "owner": asset.owner,
            "tier": asset.tier,
            "zone": asset.zone,
            "classification": asset.classification,
            "groups": to_json(asset.groups),
            "tags": to_json(asset.tags),
            "services": to_json(asset.services),
            "at": at,
            "reached": at if reach.ok else None,
            "outcome": reach.outcome,
            "seconds": seconds,
        },
    )
    return int(connection.execute("SELECT id FROM assets WHERE name = ?", (asset.name,)).fetchone()[0])


def _fold(connection: sqlite3.Connection, scan_id: int) -> None:
    """Replace journal rows that say no more than `looked at, ok` by a set that equal scans share."""
    assets = connection.execute(
        "SELECT asset_id FROM scan_assets WHERE scan_id = ? ORDER BY asset_id", (scan_id,)
    ).fetchall()
    checks = connection.execute(
        "SELECT DISTINCT check_id FROM findings WHERE last_scan_id = ? ORDER BY check_id", (scan_id,)
    ).fetchall()
    connection.execute(
        "UPDATE scans SET asset_set_id = ?, check_set_id = ? WHERE id = ?",
        (
            _set_id(connection, "asset_sets", "asset_ids", [row[0] for row in assets]),
            _set_id(connection, "check_sets", "check_ids", [row[0] for row in checks]),
            scan_id,
        ),
    )
    connection.execute(
        "DELETE FROM scan_assets WHERE scan_id = ? AND outcome = 'ok' AND detail = ''", (scan_id,)
    )


def _set_id(
    connection: sqlite3.Connection,
    table: Literal["asset_sets", "check_sets"],
    column: str,
    members: list[Any],
) -> int:
    text = to_json(members)
    digest = hashlib.sha256(text.encode()).hexdigest()
    connection.execute(
        f"INSERT INTO {table} (hash, {column}) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING",  # noqa: S608
        (digest, text),
    )
    row = connection.execute(f"SELECT id FROM {table} WHERE hash = ?", (digest,)).fetchone()  # noqa: S608
    return int(row[0])
