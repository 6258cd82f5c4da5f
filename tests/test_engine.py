"""The runner: every asset once, one thread that stores, faults that stay with their asset."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from scanner import engine
from scanner.engine import AssetResult
from scanner.facts.spec import Output
from scanner.model import Asset, Connection, Reach, Status
from scanner.planner import plan
from scanner.profile import Profile, select
from scanner.transport.base import Collected, Limits
from scanner.transport.frame import Batch
from tests.samples import CATALOG

PLAN = plan(CATALOG, select(CATALOG, Profile("p", include=("TST-001",))))
ASSETS = [Asset(f"a{number}", Connection("local")) for number in range(30)]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Greeter:
    """Answers for every asset but one, for which it raises."""

    def __init__(self, broken: str = "", hook: Callable[[], None] = lambda: None) -> None:
        self.broken = broken
        self.hook = hook

    def collect(self, asset: Asset, batch: Batch) -> Collected:
        self.hook()
        if asset.name == self.broken:
            raise RuntimeError("a fault of the transport")
        return Collected(Reach("ok"), {"greeting": Output(b"hello")}, "linux")


def scan(collector: engine.Looks, store: Callable[[AssetResult], None], jobs: int = 4) -> None:
    engine.run(ASSETS, PLAN, collector, limits=Limits(), now=NOW, store=store, jobs=jobs)


def test_every_asset_is_stored_once_in_the_callers_thread() -> None:
    stored: list[AssetResult] = []
    threads = set()
    scan(Greeter(), lambda result: (stored.append(result), threads.add(threading.get_ident()))[0])
    assert sorted(result.asset.name for result in stored) == sorted(asset.name for asset in ASSETS)
    assert threads == {threading.get_ident()}
    assert all(result.count(Status.PASS) == 1 for result in stored)


def test_a_fault_costs_its_own_asset_only_and_is_seen() -> None:
    stored: dict[str, AssetResult] = {}
    scan(Greeter("a7"), lambda result: stored.update({result.asset.name: result}))
    assert len(stored) == len(ASSETS)
    assert "a fault of the transport" in stored["a7"].reach.detail
    assert stored["a7"].count(Status.ERROR) == 1
    assert stored["a8"].count(Status.PASS) == 1


def test_jobs_bound_how_many_are_looked_at_together() -> None:
    busy = threading.Semaphore(3)

    def at_most_three() -> None:
        assert busy.acquire(blocking=False)
        time.sleep(0.002)
        busy.release()

    stored: list[AssetResult] = []
    scan(Greeter(hook=at_most_three), stored.append, jobs=3)
    assert all(result.reach.ok for result in stored)


def test_when_storing_fails_the_scan_ends_and_the_workers_stop() -> None:
    def full_disk(result: AssetResult) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        scan(Greeter(), full_disk)
    for thread in threading.enumerate():
        if thread.name.startswith("asset-"):
            thread.join(timeout=5)
            assert not thread.is_alive()
