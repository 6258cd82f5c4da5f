"""`drscan findings`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

import click

from scanner.cli.options import as_json, finding_filters, print_table, resolve_new
from scanner.config import Config
from scanner.inventory.problem import printable
from scanner.model import Evidence
from scanner.store.rows import Change, FindingFilter, FindingHistory

SHOWN_EVIDENCE = 40


@click.group(
    invoke_without_command=True, epilog="Example: drscan findings --status fail --severity high --new"
)
@finding_filters
@as_json
@click.pass_context
def findings(ctx: click.Context, where: FindingFilter, as_json: bool) -> None:
    """List findings, or show one with its evidence, fix and history."""
    if ctx.invoked_subcommand:
        return
    from scanner.store import db, queries

    config: Config = ctx.obj
    with db.open(config.database, create=False) as store:
        found = queries.findings(store, resolve_new(store, where), evidence=as_json)
        if as_json:
            from scanner.export import jsonfile

            jsonfile.write(found, sys.stdout, scan=queries.latest_scan(store), generated=datetime.now(UTC))
            return
        rows = [
            (row.id, row.status, row.severity, row.check, row.asset, row.message, row.changed_at[:10])
            for row in found
        ]
    if not rows:
        click.echo("No finding matches.")
        return
    heads = ("Id", "Result", "Severity", "Check", "Asset", "What is the case", "Since")
    print_table(heads, rows)
    click.echo(f"{len(rows)} findings. Next: drscan findings show {rows[0][0]}")


@findings.command(epilog="Example: drscan findings show 12")
@click.argument("id", type=int)
@as_json
@click.pass_obj
def show(config: Config, id: int, as_json: bool) -> None:
    """One finding: what, why, evidence, fix, history."""
    from scanner.store import db, queries

    with db.open(config.database, create=False) as store:
        found = queries.finding(store, id)
    if found is None:
        raise click.UsageError(f"There is no finding {id}; list them with: drscan findings")
    if as_json:
        click.echo(json.dumps(_data(found), indent=2))
        return
    row = found.finding
    click.echo(f"{row.check}  {row.title}\n")
    for label, text in (
        ("Asset", row.asset),
        ("Result", f"{row.status} ({row.severity})"),
        ("What", row.message),
        ("Why it matters", row.why),
        ("Fix", row.fix),
        ("Controls", ", ".join(row.controls)),
        ("Seen", f"first {row.first_seen}, last {row.last_seen}, so since {row.changed_at}"),
    ):
        click.echo(click.wrap_text(f"{label}: {printable(text)}", 100, subsequent_indent="  "))
    _evidence(row.evidence)
    _history(found.changes)


def _evidence(evidence: tuple[Evidence, ...]) -> None:
    if evidence:
        click.echo("\nEvidence:")
    for item in evidence[:SHOWN_EVIDENCE]:
        place = f"{item.source}:{item.line}" if item.line else item.source
        lines = item.text.splitlines() or [""]
        click.echo(f"  {printable(place)}: {printable(lines[0])}")
        for line in lines[1:SHOWN_EVIDENCE]:
            click.echo(f"      {printable(line)}")
    if len(evidence) > SHOWN_EVIDENCE:
        click.echo(f"  … and {len(evidence) - SHOWN_EVIDENCE} more: add --json")


def _history(changes: tuple[Change, ...]) -> None:
    click.echo("\nHistory:")
    for change in changes:
        was = f"{change.previous} → " if change.previous else ""
        click.echo(f"  {change.at}  scan {change.scan}  {was}{change.status}: {printable(change.message)}")


def _data(found: FindingHistory) -> dict[str, Any]:
    from scanner.export import jsonfile

    history = [
        {
            "at": change.at,
            "scan": change.scan,
            "previous": change.previous,
            "status": change.status,
            "severity": change.severity,
            "message": change.message,
        }
        for change in found.changes
    ]
    return {**jsonfile.finding_data(found.finding), "history": history}
