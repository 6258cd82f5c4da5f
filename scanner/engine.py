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
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scanner.evaluate import Verdict, evaluate
from scanner.model import Asset, Reach, Status
from scanner.planner import Plan
from scanner.transport.base import OUTSIDE_ONLY, Collected, Limits
from scanner.transport.frame import Batch, render

JOBS_PER_CORE = 4
# nmap looks at these side by side in one process; a killed scan repeats at most so many a worker.
ASSETS_A_PORT_SCAN = 16


def default_jobs() -> int:
    """Assets looked at together: 4 a core, 4 to 64.

    More only adds switching: each costs this machine about 40 ms of one core (docs/speed.md) and then waits.
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


class Observes(Protocol):
    """Whatever looks at assets from outside (`outside.observe.Outside`)."""

    def observe(self, assets: Sequence[Asset], names: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        """Observed facts by name, by asset name; never raises for a fault of an asset."""


@dataclass(frozen=True, slots=True)
class Runner:
    """How one asset, or a few together, are looked at and judged. observer: for plans with observed facts."""

    plan: Plan
    collector: Looks
    limits: Limits
    now: datetime
    observer: Observes | None = None

    def look(self, asset: Asset, observations: Mapping[str, object] | None = None) -> AssetResult:
        """Collect from one asset and evaluate every planned check on it."""
        began = time.monotonic()
        collected = self._collect(asset)
        verdicts = evaluate(
            self.plan, asset, collected.reach, collected.outputs, collected.platform, self.now, observations
        )
        return AssetResult(asset, collected.reach, verdicts, time.monotonic() - began)

    def look_together(self, assets: Sequence[Asset]) -> Iterator[AssetResult]:
        """Observe the assets from outside in one go, then look at each."""
        seen: Mapping[str, Mapping[str, object]] = {}
        if self.observer and self.plan.observed:
            seen = self.observer.observe(assets, self.plan.observed)
        for asset in assets:
            yield self.look(asset, seen.get(asset.name))

    def _collect(self, asset: Asset) -> Collected:
        if not self.plan.login:
            return Collected(OUTSIDE_ONLY)
        limits = self.limits
        try:
            batch = render(
                self.plan.probes, asset, seconds=limits.probe_seconds, max_bytes=limits.probe_bytes
            )
            return self.collector.collect(asset, batch)
        except Exception as error:  # a fault of ours costs this asset only, and is seen
            return Collected(Reach("misconfigured", f"{type(error).__name__}: {error}"))


def run(
    assets: Sequence[Asset],
    runner: Runner,
    *,
    store: Callable[[AssetResult], None],
    jobs: int | None = None,
) -> None:
    """Look at every asset and hand each result to `store` in this thread, as it comes in.

    Leaves at once when `store` raises or the user interrupts; assets under way are then given up.
    """
    together = ASSETS_A_PORT_SCAN if runner.plan.observed else 1
    with closing(_results(assets, runner, jobs or default_jobs(), together)) as results:
        for result in results:
            store(result)


def _results(
    assets: Sequence[Asset], runner: Runner, jobs: int, together: int
) -> Generator[AssetResult, None, None]:
    todo: queue.SimpleQueue[Sequence[Asset]] = queue.SimpleQueue()
    for first in range(0, len(assets), together):
        todo.put(assets[first : first + together])
    # Bounded, so that a slow disk holds the workers back instead of filling the memory.
    done: queue.Queue[AssetResult] = queue.Queue(maxsize=jobs)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                unit = todo.get_nowait()
            except queue.Empty:
                return
            waiting = list(unit)
            try:
                for result in runner.look_together(unit):
                    waiting.pop(0)
                    hand_over(result)
                    if stop.is_set():
                        return
            except BaseException as error:  # whatever it is, the scan must not wait for these for ever
                fault = Reach("misconfigured", f"{type(error).__name__}: {error}")
                for asset in waiting:
                    hand_over(AssetResult(asset, fault, (), 0.0))

    def hand_over(result: AssetResult) -> None:
        while not stop.is_set():
            with suppress(queue.Full):
                done.put(result, timeout=0.5)
                break

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

    # One that is ignored stays so: nohup wants the scan to outlive the terminal.
    heard = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
