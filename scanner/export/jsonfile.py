"""Findings as JSON, described field by field in findings.schema.json beside this file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TextIO

from scanner.store.encoding import to_time
from scanner.store.rows import FindingRow, ScanRow

SCHEMA = "drscan-findings/1"


def write(rows: Iterable[FindingRow], stream: TextIO, *, scan: ScanRow | None, generated: datetime) -> None:
    """Write one JSON document to `stream`, a finding a line, as the rows come: they are never all in memory.

    scan: the latest scan, None when there was none; generated: the moment of the export (aware).
    The text is ASCII, so that it reads the same in every encoding and shows no control character.
    """
    head = {"schema": SCHEMA, "generated": to_time(generated), "scan": scan and _scan(scan)}
    stream.write(json.dumps(head)[:-1] + ', "findings": [')
    separator = "\n"
    for row in rows:
        stream.write(separator + json.dumps(finding_data(row)))
        separator = ",\n"
    stream.write("\n]}\n")


def _scan(scan: ScanRow) -> dict[str, Any]:
    return {
        "id": scan.id,
        "uid": scan.uid,
        "status": scan.status,
        "started": scan.started,
        "finished": scan.finished,
        "profile": scan.profile,
        "selection": scan.selection,
        "version": scan.version,
        "operator": scan.operator,
        "host": scan.host,
        "assets_total": scan.assets_total,
        "assets_done": scan.assets_done,
        "assets_unreachable": scan.assets_unreachable,
    }


def finding_data(row: FindingRow) -> dict[str, Any]:
    """One finding as the schema describes it, JSON-able."""
    return {
        "id": row.id,
        "asset": row.asset,
        "owner": row.owner,
        "tier": row.tier,
        "zone": row.zone,
        "check": row.check,
        "title": row.title,
        "status": row.status,
        "severity": row.severity,
        "message": row.message,
        "why": row.why,
        "fix": row.fix,
        "controls": row.controls,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "changed_at": row.changed_at,
        "last_scan": row.last_scan,
        "evidence": [{"source": e.source, "line": e.line, "text": e.text} for e in row.evidence],
    }
