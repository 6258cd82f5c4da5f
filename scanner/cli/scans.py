"""`drscan scans` and `drscan diff`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from scanner.cli.options import as_json, print_table
from scanner.config import Config


@click.command(epilog="Example: drscan scans")
@as_json
@click.pass_obj
def scans(config: Config, as_json: bool) -> None:
    """The scans in the database, the newest first."""
    from scanner.store import db, queries

    with db.open(config.database, create=False) as store:
        found = list(queries.scans(store))
    if as_json:
        click.echo(json.dumps([asdict(scan) for scan in found], indent=2))
        return
    rows = [
        (
            scan.id,
            scan.status,
            scan.started,
            scan.finished,
            scan.profile,
            f"{scan.assets_done - scan.assets_unreachable}/{scan.assets_total}",
            sum(scan.counts.get("fail", {}).values()),  # type: ignore[call-overload]
            f"{scan.operator}@{scan.host}",
        )
        for scan in found
    ]
    heads = ("Scan", "Status", "Started", "Finished", "Profile", "Assets looked at", "Failed", "By")
    print_table(heads, rows)


@click.command(epilog="Example: drscan diff 3 4")
@click.argument("older", type=int)
@click.argument("newer", type=int)
@as_json
@click.pass_obj
def diff(config: Config, older: int, newer: int, as_json: bool) -> None:
    """What differs between two scans: new, fixed, worse, better, gone, not reached."""
    from scanner.store import db
    from scanner.store.diff import diff as compare

    with db.open(config.database, create=False) as store:
        try:
            found = list(compare(store, older, newer))
        except (LookupError, ValueError) as error:
            raise click.UsageError(f"{error}; list them with: drscan scans") from error
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], indent=2))
        return
    if not found:
        click.echo(f"Scans {older} and {newer} found the same.")
        return
    rows = [
        (
            row.kind,
            row.check,
            row.asset,
            row.before.status if row.before else "",
            row.after.status if row.after else "",
            row.after.message if row.after else row.title,
            row.finding,
        )
        for row in found
    ]
    heads = ("Change", "Check", "Asset", "Before", "After", "What is the case", "Id")
    print_table(heads, rows)
    click.echo(f"{len(rows)} differences. Next: drscan findings show {rows[0][-1]}")
