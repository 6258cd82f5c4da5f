"""Progress of a scan on standard error: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

import click

from scanner.inventory.problem import printable
from scanner.model import Status

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from scanner.engine import AssetResult

LINES_EVERY_SECONDS = 10.0


class Progress:
    """Follows a scan asset by asset. Use as a context manager."""

    def __init__(self, total: int, done: int = 0, *, quiet: bool = False) -> None:
        self._total = total
        self._done = done
        self._failing = 0
        self._missed = 0
        self._quiet = quiet
        self._began = self._said = time.monotonic()
        self._first = done
        self._bar: Bar | None = None

    def __enter__(self) -> Progress:
        if not self._quiet and sys.stderr.isatty():
            self._bar = self._live()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def asset(self, result: AssetResult) -> None:
        """One more asset is done."""
        self._done += 1
        self._failing += bool(result.count(Status.FAIL))
        self._missed += not result.reach.ok
        if self._quiet:
            return
        name = printable(result.asset.name)
        if not result.reach.ok:
            self._say(f"{name}: {result.reach.outcome}: {printable(result.reach.detail)}")
        if self._bar:
            for task in self._bar.task_ids:
                self._bar.update(task, completed=self._done, missed=self._missed, failing=self._failing)
        elif self._done == self._total or time.monotonic() - self._said > LINES_EVERY_SECONDS:
            self._said = time.monotonic()
            self._say(self._line(name))

    def _line(self, name: str) -> str:
        left = self._total - self._done
        each = (time.monotonic() - self._began) / max(1, self._done - self._first)
        return (
            f"{self._done}/{self._total} assets done (last: {name}), {self._failing} with failed checks, "
            f"{self._missed} not reached" + (f", about {each * left:.0f} s left" if left else "")
        )

    def _say(self, line: str) -> None:
        # That nobody reads the progress any more is no reason to end the scan.
        with suppress(OSError):
            if self._bar:
                self._bar.console.print(line, markup=False, highlight=False)
            else:
                click.echo(line, err=True)

    def _live(self) -> Bar:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar

        bar = Bar(
            TextColumn("scanning"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failing]} failing, {task.fields[missed]} not reached"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        bar.add_task("scan", total=self._total, completed=self._done, failing=0, missed=0)
        return bar
