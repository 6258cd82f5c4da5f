"""The schema, as numbered steps. `PRAGMA user_version` says how many of them a database has had.

A step that has been released never changes; a new schema is a new function at the end of MIGRATIONS
and a dump of the version before in tests/store/databases.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x64727363  # "drsc"; `file` and SQLite tools show it


def _v1(db: Database) -> None:
    """Scans and their journal, assets, checks, findings, their history and evidence."""
    _scans(db)
    _assets_and_checks(db)
    _findings(db)
    _views(db)


def _scans(db: Database) -> None:
    for name, members in (("asset_sets", "asset_ids"), ("check_sets", "check_ids")):
        db.table(name).create({"id": int, "hash": str, members: str}, pk="id", not_null={"hash", members})
        db.table(name).create_index(["hash"], unique=True)
    db.table("scans").create(
        {
            "id": int,
            "uid": str,
            "status": str,
            "started": str,
            "finished": str,
            "profile": str,
            "selection": str,
            "version": str,
            "operator": str,
            "host": str,
            "assets_total": int,
            "assets_done": int,
            "assets_unreachable": int,
            "counts": str,
            "asset_set_id": int,
            "check_set_id": int,
        },
        pk="id",
        not_null={
            "uid", "status", "started", "profile", "selection", "version", "operator", "host",
            "assets_total", "assets_done", "assets_unreachable", "counts",
        },
        defaults={"assets_done": 0, "assets_unreachable": 0, "counts": "{}"},
        foreign_keys=[("asset_set_id", "asset_sets", "id"), ("check_set_id", "check_sets", "id")],
    )  # fmt: skip
    db.table("scans").create_index(["uid"], unique=True)


def _assets_and_checks(db: Database) -> None:
    db.table("assets").create(
        {
            "id": int,
            "name": str,
            "transport": str,
            "address": str,
            "owner": str,
            "tier": int,
            "zone": str,
            "classification": str,
            "groups": str,
            "tags": str,
            "services": str,
            "first_seen": str,
            "last_tried": str,
            "last_reached": str,
            "last_outcome": str,
            "last_seconds": float,
        },
        pk="id",
        not_null={
            "name", "transport", "groups", "tags", "services", "first_seen", "last_tried", "last_outcome",
        },
    )  # fmt: skip
    db.table("assets").create_index(["name"], unique=True)
    db.table("scan_assets").create(
        {"scan_id": int, "asset_id": int, "outcome": str, "detail": str, "finished": str, "seconds": float},
        pk=("scan_id", "asset_id"),
        not_null={"outcome", "detail", "finished", "seconds"},
        foreign_keys=[("scan_id", "scans", "id"), ("asset_id", "assets", "id")],
    )
    texts = ("id", "title", "why", "fix", "severity", "platforms", "tags", "tunables", "digest", "changed_at")
    db.table("checks").create(dict.fromkeys(texts, str), pk="id", not_null=set(texts))
    db.table("controls").create(
        {"check_id": str, "framework": str, "control": str},
        pk=("check_id", "framework", "control"),
        foreign_keys=[("check_id", "checks", "id")],
    )
    db.table("controls").create_index(["framework", "control"])


def _findings(db: Database) -> None:
    # `hash` before `body`: reading it does not touch the overflow pages of a long body.
    db.table("evidence").create({"id": int, "hash": str, "body": bytes}, pk="id", not_null={"hash", "body"})
    db.table("evidence").create_index(["hash"], unique=True)
    db.table("findings").create(
        {
            "id": int,
            "asset_id": int,
            "check_id": str,
            "status": str,
            "severity": str,
            "message": str,
            "evidence_id": int,
            "first_seen": str,
            "last_seen": str,
            "changed_at": str,
            "last_scan_id": int,
        },
        pk="id",
        not_null={
            "asset_id", "check_id", "status", "severity", "message", "first_seen", "last_seen", "changed_at",
            "last_scan_id",
        },
        foreign_keys=[
            ("asset_id", "assets", "id"), ("check_id", "checks", "id"), ("evidence_id", "evidence", "id"),
            ("last_scan_id", "scans", "id"),
        ],
    )  # fmt: skip
    db.table("findings").create_index(["asset_id", "check_id"], unique=True)
    db.table("results").create(
        {
            "id": int,
            "finding_id": int,
            "scan_id": int,
            "at": str,
            "status": str,
            "severity": str,
            "message": str,
            "evidence_id": int,
            "previous_status": str,
        },
        pk="id",
        not_null={"finding_id", "scan_id", "at", "status", "severity", "message"},
        foreign_keys=[
            ("finding_id", "findings", "id"), ("scan_id", "scans", "id"), ("evidence_id", "evidence", "id"),
        ],
    )  # fmt: skip
    for column in ("finding_id", "scan_id"):
        db.table("results").create_index([column])
    for name, event in (
        ("results_no_update", "UPDATE ON results"),
        ("results_no_delete", "DELETE ON results"),
        # INSERT OR REPLACE deletes without firing the trigger above unless recursive_triggers is on.
        ("results_no_replace", "INSERT ON results WHEN EXISTS (SELECT 1 FROM results WHERE id = NEW.id)"),
    ):
        db.execute(
            f"CREATE TRIGGER {name} BEFORE {event} BEGIN SELECT RAISE(ABORT, 'results is append only'); END"
        )


def _views(db: Database) -> None:
    db.create_view(
        "current_findings",
        """SELECT f.id AS finding_id, a.name AS asset, a.owner, a.tier, a.zone, f.check_id, c.title,
       f.status, f.severity, f.message, c.fix, f.first_seen, f.last_seen, f.changed_at, f.last_scan_id
FROM findings f JOIN assets a ON a.id = f.asset_id JOIN checks c ON c.id = f.check_id""",
    )
    db.create_view(
        "coverage",
        """SELECT s.id AS scan_id, a.id AS asset_id, a.name AS asset,
       coalesce(j.outcome, 'ok') AS outcome, coalesce(j.detail, '') AS detail
FROM scans s
JOIN asset_sets m ON m.id = s.asset_set_id
JOIN json_each(m.asset_ids) e
JOIN assets a ON a.id = e.value
LEFT JOIN scan_assets j ON j.scan_id = s.id AND j.asset_id = a.id
UNION ALL
SELECT j.scan_id, a.id, a.name, j.outcome, j.detail
FROM scan_assets j JOIN assets a ON a.id = j.asset_id JOIN scans s ON s.id = j.scan_id
WHERE s.asset_set_id IS NULL""",
    )


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_v1,)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version, in one transaction: all of it or nothing."""
    # sqlite_utils takes 60 ms to import; a database that is up to date is opened without it.
    from sqlite_utils import Database

    # Plugins of the site's sqlite-utils have no business in the store.
    db = Database(connection, execute_plugins=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have been first.
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for number, step in enumerate(MIGRATIONS[version:], version + 1):
            step(db)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
