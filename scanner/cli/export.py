"""`drscan export`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from scanner.cli.options import finding_filters, resolve_new
from scanner.config import Config
from scanner.store.rows import FindingFilter

FORMATS = ("csv", "json")


@click.command(epilog="Example: drscan export --format csv --status fail -o findings.csv")
@click.option("--format", "format_", type=click.Choice(FORMATS), required=True, help="File format.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write [standard output]."
)
@click.option(
    "--raw-cells", is_flag=True, help="CSV: leave cells that a spreadsheet would run as formulas as they are."
)
@finding_filters
@click.pass_obj
def export(config: Config, where: FindingFilter, format_: str, output: Path | None, raw_cells: bool) -> None:
    """Write findings to a file for other tools, with the same filters as `drscan findings`."""
    from scanner.export import csvfile, jsonfile
    from scanner.store import db, queries

    with db.open(config.database, create=False) as store, _target(output) as stream:
        rows = queries.findings(store, resolve_new(store, where), evidence=True)
        if format_ == "csv":
            csvfile.write(rows, stream, safe=not raw_cells)
        else:
            jsonfile.write(rows, stream, scan=queries.latest_scan(store), generated=datetime.now(UTC))
    if output:
        click.echo(f"Wrote {output}", err=True)


@contextmanager
def _target(output: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that appears whole or not at all."""
    if output is None:
        yield sys.stdout
        return
    output = output.resolve()
    if output.exists() and not output.is_file():
        with output.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
