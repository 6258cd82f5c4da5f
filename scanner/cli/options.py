"""Options and output helpers that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.inventory.problem import printable
from scanner.model import Severity, Status

if TYPE_CHECKING:
    from scanner.store.db import Store
    from scanner.store.rows import FindingFilter

# Their values: click would offer the names of enum members.
SEVERITIES = [level.value for level in Severity]
STATUSES = [state.value for state in Status]

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
checks_dir = click.option(
    "--checks-dir",
    "checks_dirs",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of further checks (*.py).",
)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; into a pipe or file, one line a row however long.

    Cells are never taken for markup, and control characters in them are shown escaped: they may come
    from an asset. rich honours NO_COLOR.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        made.add_column(head, overflow="fold")
    for row in rows:
        texts = (printable("" if cell is None else str(cell)) for cell in row)
        made.add_row(*(Text(text, STYLES.get(text, "")) for text in texts))
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = 1_000
    with console.capture() as captured:
        console.print(made)
    lines = (line.rstrip() for line in captured.get().splitlines())
    click.echo("\n".join(line for line in lines if line))


STYLES = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "fail": "red",
    "error": "magenta",
    "pass": "green",
}


inventory_option = click.option(
    "-i",
    "--inventory",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Inventory file, folder or program; repeatable [inventory/assets.yaml].",
)


def selection(command: Callable[..., Any]) -> Callable[..., Any]:
    """`-i`, `--limit`, `--tag`, `--zone`: given to the command as paths, limit, tags, zones."""
    for decorate in (
        click.option("--zone", "zones", multiple=True, help="Only assets in this zone, or one of several."),
        click.option("--tag", "tags", multiple=True, help="Only assets with this tag, or one of several."),
        click.option("--limit", "-l", metavar="PATTERN", help="Only these hosts: 'db*:!db3:&prod'."),
        inventory_option,
    ):
        command = decorate(command)
    return command


@dataclass(frozen=True, slots=True)
class Since(click.ParamType[datetime]):
    """A date, a time, or a duration back from now; gives an aware datetime."""

    name: str = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """`2026-11-24`, `2026-11-24T10:00` (UTC unless it says otherwise) or `7d`."""
        from scanner import duration

        try:
            return datetime.now(UTC) - duration.parse(value)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date and no duration; write 2026-11-24 or 7d", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def finding_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that choose findings; the command gets them as one `where: FindingFilter`."""

    @functools.wraps(command)
    def collected(*args: Any, **options: Any) -> Any:
        from scanner.store.rows import FindingFilter

        where = FindingFilter(
            status=tuple(Status(name) for name in options.pop("status")),
            severity=Severity(level) if (level := options.pop("severity")) else None,
            asset=options.pop("asset"),
            check=options.pop("check"),
            control=options.pop("control"),
            zone=options.pop("zone"),
            tier=options.pop("tier"),
            new_in=options.pop("new_in"),
            since=options.pop("since"),
            limit=options.pop("max_rows"),
        )
        return command(*args, where=where, **options)

    for decorate in (
        click.option("--max", "max_rows", type=click.IntRange(1), metavar="N", help="At most N findings."),
        click.option("--since", type=Since(), help="Changed since: 2026-11-24, or 7d back from now."),
        click.option("--new", "new_in", is_flag=False, flag_value=0, type=int, metavar="[SCAN]",
                     help="Changed in that scan, or in the last one."),
        click.option("--tier", type=int, help="Only assets of this tier."),
        click.option("--zone", help="Only assets of this zone."),
        click.option("--control", help="Only checks for this control: 'nist-800-53:CP-9*'."),
        click.option("--check", help="Only this check, or a glob: 'SSH-*'."),
        click.option("--asset", help="Only this asset, or a glob: 'db*'."),
        click.option("--severity", type=click.Choice(SEVERITIES), help="At least this severity."),
        click.option("--status", multiple=True, type=click.Choice(STATUSES), help="Only this result."),
    ):  # fmt: skip
        collected = decorate(collected)
    return collected


def resolve_new(store: Store, where: FindingFilter) -> FindingFilter:
    """`--new` without a number means the last scan that finished."""
    from scanner.store import queries

    if where.new_in != 0:
        return where
    latest = queries.latest_scan(store)
    return replace(where, new_in=latest.id if latest else -1)
