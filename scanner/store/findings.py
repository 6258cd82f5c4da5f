"""Storing what the checks said about one asset: compare with what is known, write what differs.

This is the part that a scan spends its storing time in: it reads once an asset and writes each table
in one go, with ids that it gives out itself instead of asking SQLite for each.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Mapping, Sequence

from scanner.model import CheckInfo, Result, Severity, Status
from scanner.store.db import Store
from scanner.store.encoding import clean, evidence_json, pack
from scanner.store.rows import Change

Checked = tuple[CheckInfo, Severity, Result]
"""A check, its severity after the profile, and what it concluded."""

_KNOWN = """SELECT f.check_id, f.id, f.status, f.severity, f.message, f.evidence_id, e.hash
FROM findings f LEFT JOIN evidence e ON e.id = f.evidence_id WHERE f.asset_id = ?"""

_ADD_EVIDENCE = "INSERT INTO evidence (id, hash, body) VALUES (?, ?, ?)"

_ADD = """INSERT INTO findings (id, asset_id, check_id, status, severity, message, evidence_id,
    first_seen, last_seen, changed_at, last_scan_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?8, ?9)"""

_SEEN = "UPDATE findings SET last_seen = ?, last_scan_id = ? WHERE id = ?"

_CHANGE = "UPDATE findings SET status = ?, severity = ?, message = ?, changed_at = ? WHERE id = ?"

_SUPPORT = "UPDATE findings SET evidence_id = ? WHERE id = ?"

_LOG = """INSERT INTO results
    (finding_id, scan_id, at, status, severity, message, evidence_id, previous_status)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""

_FORGET = """DELETE FROM evidence WHERE id NOT IN (
    SELECT evidence_id FROM findings WHERE evidence_id IS NOT NULL
    UNION SELECT evidence_id FROM results WHERE evidence_id IS NOT NULL)"""


def record(
    connection: sqlite3.Connection,
    scan_id: int,
    asset_id: int,
    asset: str,
    results: Sequence[Checked],
    at: str,
) -> list[Change]:
    """Store the results of one asset in the open transaction. Returns what differs from before.

    A difference of evidence alone replaces the finding's evidence and is no change.
    """
    known = {row[0]: row[1:] for row in connection.execute(_KNOWN, (asset_id,))}
    bodies = [evidence_json(result.evidence) if result.evidence else b"" for _, _, result in results]
    digests = [hashlib.sha256(body).hexdigest() if body else None for body in bodies]
    evidence_ids = {row[-1]: row[-2] for row in known.values()} | {None: None}
    missing = {d: body for d, body in zip(digests, bodies, strict=True) if d and d not in evidence_ids}
    if missing:
        evidence_ids |= _save_evidence(connection, missing)
    next_id = _next_id(connection, "findings")
    added, seen, changed, supported, logged = [], [], [], [], []
    changes = []
    for (info, severity, result), digest in zip(results, digests, strict=True):
        message = clean(result.message)
        state = (result.status.value, severity.value, message)
        evidence_id = evidence_ids[digest]
        before = known.get(info.id)
        if before is None:
            finding, previous = next_id, None
            next_id += 1
            added.append((finding, asset_id, info.id, *state, evidence_id, at, scan_id))
        else:
            finding, previous = before[0], before[1]
            seen.append((at, scan_id, finding))
            if evidence_id != before[4]:
                supported.append((evidence_id, finding))
            if before[1:4] == state:
                continue
            changed.append((*state, at, finding))
        logged.append((finding, scan_id, at, *state, evidence_id, previous))
        was = Status(previous) if previous else None
        changes.append(
            Change(
                finding, asset, info.id, at, scan_id, was, result.status, severity, message, result.evidence
            )
        )  # fmt: skip
    for statement, rows in (
        (_ADD, added), (_SEEN, seen), (_CHANGE, changed), (_SUPPORT, supported), (_LOG, logged),
    ):  # fmt: skip
        if rows:
            connection.executemany(statement, rows)
    return changes


def forget_evidence(store: Store) -> None:
    """Remove the evidence that no finding and no result refers to any more."""
    # With foreign keys on, SQLite would search both tables for each row that goes; an index against that
    # would make every finding dearer to store. The statement itself spares whatever is referred to.
    store.connection.execute("PRAGMA foreign_keys = OFF")
    try:
        with store.transaction() as connection:
            connection.execute(_FORGET)
    finally:
        store.connection.execute("PRAGMA foreign_keys = ON")


def _save_evidence(connection: sqlite3.Connection, bodies: Mapping[str, bytes]) -> dict[str, int]:
    """Ids by hash of evidence that is stored already or is stored now."""
    ids: dict[str, int] = dict(
        connection.execute(
            "SELECT hash, id FROM evidence WHERE hash IN (SELECT value FROM json_each(?))",
            (json.dumps(list(bodies)),),
        )
    )
    fresh = [digest for digest in bodies if digest not in ids]
    ids.update(zip(fresh, itertools.count(_next_id(connection, "evidence")), strict=False))
    connection.executemany(_ADD_EVIDENCE, [(ids[digest], digest, pack(bodies[digest])) for digest in fresh])
    return ids


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])  # noqa: S608
