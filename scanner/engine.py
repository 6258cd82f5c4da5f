"""The runner: plan, collect, evaluate, store; many assets at once, one writer.

Worker threads collect and evaluate; the thread that calls `run` alone writes to the store. Each
asset is stored in one transaction as it finishes, so a scan that is killed loses at most the
assets that were under way.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scanner.evaluate import Verdict, evaluate
from scanner.model import Asset, Reach, Status
from scanner.planner import Plan
from scanner.transport.base import Collected, Limits
from scanner.transport.frame import Batch, render

JOBS_PER_CORE = 4


def default_jobs() -> int:
    """Assets looked at together: 4 a core, 4 to 64.

    More only adds switching: each costs this machine about 20 ms of one core and then waits for the asset.
    """
    return max(4, min(64, JOBS_PER_CORE * (os.cpu_count() or 1)))


@dataclass(frozen=True, slots=True)
class AssetResult:
    """One asset, looked at and judged. seconds: wall clock for collecting and evaluating."""

    asset: Asset
    reach: Reach
    verdicts: Sequence[Verdict]
    seconds: float

    def count(self, status: Status) -> int:
        """How many checks ended with this status."""
        return sum(verdict.result.status is status for verdict in self.verdicts)


class Looks(Protocol):
    """Whatever can run a batch on an asset (`transport.collect.Collector`)."""

    def collect(self, asset: Asset, batch: Batch) -> Collected:
        """All that was learned; never raises for a fault of the asset."""


def look(asset: Asset, plan: Plan, collector: Looks, limits: Limits, now: datetime) -> AssetResult:
    """Collect from one asset and evaluate every planned check on it."""
    began = time.monotonic()
    try:
        batch = render(plan.probes, asset, seconds=limits.probe_seconds, max_bytes=limits.probe_bytes)
        collected = collector.collect(asset, batch)
    except Exception as error:  # a fault of ours costs this asset only, and is seen
        collected = Collected(Reach("misconfigured", f"{type(error).__name__}: {error}"))
    verdicts = evaluate(plan, asset, collected.reach, collected.outputs, collected.platform, now)
    return AssetResult(asset, collected.reach, verdicts, time.monotonic() - began)


def run(
    assets: Sequence[Asset],
    plan: Plan,
    collector: Looks,
    *,
    limits: Limits,
    now: datetime,
    store: Callable[[AssetResult], None],
    jobs: int | None = None,
) -> None:
    """Look at every asset and hand each result to `store` in this thread, as it comes in.

    Leaves at once when `store` raises or the user interrupts; assets under way are then given up.
    """
    with closing(_results(assets, plan, collector, limits, now, jobs or default_jobs())) as results:
        for result in results:
            store(result)


def _results(
    assets: Sequence[Asset], plan: Plan, collector: Looks, limits: Limits, now: datetime, jobs: int
) -> Generator[AssetResult, None, None]:
    todo: queue.SimpleQueue[Asset] = queue.SimpleQueue()
    for asset in assets:
        todo.put(asset)
    # Bounded, so that a slow disk holds the workers back instead of filling the memory.
    done: queue.Queue[AssetResult] = queue.Queue(maxsize=jobs)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                asset = todo.get_nowait()
            except queue.Empty:
                return
            result = look(asset, plan, collector, limits, now)
            while not stop.is_set():
                try:
                    done.put(result, timeout=0.5)
                    break
                except queue.Full:
                    continue

    # Daemons: after Ctrl-C nobody waits for a host that hangs.
    for number in range(min(jobs, len(assets))):
        threading.Thread(target=work, name=f"asset-{number}", daemon=True).start()
    try:
        for _ in assets:
            yield done.get()
    finally:
        stop.set()


@contextmanager
def terminable() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP interrupt as Ctrl-C does, so that a stopped scan is recorded."""
    import signal

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
