"""What `drscan run` says when it has finished: where we stand, what changed, what to do first."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from scanner.cli.options import print_table
from scanner.inventory.problem import printable
from scanner.model import Severity, Status
from scanner.scan import Outcome
from scanner.store import db, queries
from scanner.store.db import Store
from scanner.store.diff import diff
from scanner.store.rows import DiffRow, FailedCheck, ScanRow

WORST = 5
LISTED = 10
MESSAGE = 180
WORDS = {
    "added": "looked at for the first time",
    "undecided": "can no longer be told",
    "unreachable": "not reached any more",
    "gone": "not looked at this time",
}
ORDER = (
    Status.FAIL,
    Status.ERROR,
    Status.UNKNOWN,
    Status.NOTCHECKED,
    Status.PASS,
    Status.INFORMATIONAL,
    Status.NOTAPPLICABLE,
)


def data(outcome: Outcome) -> dict[str, Any]:
    """The summary for machines."""
    scan = outcome.summary.scan
    return {
        "scan": scan.id,
        "status": scan.status,
        "started": scan.started,
        "finished": scan.finished,
        "profile": scan.profile,
        "assets": {
            "total": scan.assets_total,
            "done": scan.assets_done,
            "unreachable": scan.assets_unreachable,
        },
        "counts": {str(status): {str(s): n for s, n in by.items()} for status, by in scan.counts.items()},
        "new": outcome.summary.new,
        "fixed": outcome.summary.fixed,
    }


def show(database: Path, outcome: Outcome) -> None:
    """Print the summary, the worst findings with their fixes, and the next commands."""
    scan = outcome.summary.scan
    with db.open(database, create=False) as store:
        _counts(scan)
        _missed(store, scan)
        _changes(store, scan, outcome)
        worst = queries.failed_checks(store, scan.id, WORST)
        _worst(worst)
    _next(database, scan, worst)


def _counts(scan: ScanRow) -> None:
    looked = scan.assets_done - scan.assets_unreachable
    click.echo(
        f"\nScan {scan.id} {scan.status}: {looked} of {scan.assets_total} assets looked at, "
        f"profile {scan.profile}\n"
    )
    levels = sorted(Severity, key=lambda level: -level.rank)
    rows = [
        (status, *(scan.counts[status].get(level, "") for level in levels), sum(scan.counts[status].values()))
        for status in ORDER
        if scan.counts.get(status)
    ]
    print_table(("Result", *(level.value for level in levels), "all"), rows)


def _missed(store: Store, scan: ScanRow) -> None:
    missed = [row for row in queries.coverage(store, scan.id) if row.outcome != "ok"]
    if not missed:
        return
    click.echo(f"Not looked at ({len(missed)}); their checks count as errors, never as passed:")
    for row in missed[:LISTED]:
        click.echo(f"  {printable(row.asset)}: {row.outcome}: {printable(row.detail)}")
    if len(missed) > LISTED:
        click.echo(f"  … and {len(missed) - LISTED} more: drscan findings --check CON-001 --status error")
    click.echo("")


def _changes(store: Store, scan: ScanRow, outcome: Outcome) -> None:
    before = queries.previous_scan(store, scan.id)
    if before is None:
        click.echo("This is the first scan: the next one says what changed since.\n")
        return
    rows = _by_kind(store, before.id, scan.id)
    told = ", ".join(f"{len(found)} {WORDS.get(kind, kind)}" for kind, found in rows.items())
    click.echo(f"Since scan {before.id} ({before.started}): {told or 'nothing changed'}")
    for kind in ("new", "worse", "fixed"):
        for row in rows.get(kind, [])[:LISTED]:
            click.echo(f"  {kind}: {row.check} {printable(row.asset)}: {row.title}")
    click.echo("")


def _by_kind(store: Store, before: int, after: int) -> Mapping[str, list[DiffRow]]:
    found: dict[str, list[DiffRow]] = {}
    for row in diff(store, before, after):
        found.setdefault(row.kind, []).append(row)
    return found


def _worst(worst: list[FailedCheck]) -> None:
    if not worst:
        click.echo("No check failed.\n")
        return
    click.echo("Worst findings:")
    for row in worst:
        more = f" and {row.assets - 1} more" if row.assets > 1 else ""
        message = printable(row.message)
        if len(message) > MESSAGE:
            message = message[:MESSAGE].rsplit(" ", 1)[0] + f" … (drscan findings show {row.finding})"
        head = f"{row.severity.upper()} {row.check} on {printable(row.asset)}{more}: "
        click.echo(click.wrap_text(head + message, 100, "  ", "      "))
        click.echo(click.wrap_text(f"Fix: {row.fix}", 100, "      ", "           "))
    click.echo("")


def _next(database: Path, scan: ScanRow, worst: list[FailedCheck]) -> None:
    option = "" if database == Path("drscan.db") else f" --db {shlex.quote(str(database))}"
    click.echo(f"Database: {database}")
    click.echo("Next:")
    if scan.status != "finished":
        click.echo(f"  drscan{option} run --resume")
    click.echo(f"  drscan{option} findings --status fail --severity high")
    if worst:
        click.echo(f"  drscan{option} findings show {worst[0].finding}")
    click.echo(f"  drscan{option} export --format csv -o findings.csv")
