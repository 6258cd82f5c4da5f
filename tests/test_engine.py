"""The runner: every asset once, one thread that stores, faults that stay with their asset."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import pytest

from scanner import engine
from scanner.engine import AssetResult
from scanner.facts.exposure import PortScan
from scanner.facts.spec import Output
from scanner.model import Asset, Connection, Reach, Status
from scanner.planner import plan
from scanner.profile import Profile, select
from scanner.transport.base import Collected, Limits
from scanner.transport.frame import Batch
from tests.samples import CATALOG, OUTSIDE_CATALOG

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
    engine.run(ASSETS, engine.Runner(PLAN, collector, Limits(), NOW), store=store, jobs=jobs)


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


class Observer:
    """Sees one port everywhere but on one asset."""

    def __init__(self) -> None:
        self.units: list[int] = []

    def observe(self, assets: Sequence[Asset], names: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        self.units.append(len(assets))
        return {
            asset.name: {"port_scan": PortScan("127.0.0.1", up=True)}
            for asset in assets
            if asset.name != "a7"
        }


def test_observed_facts_are_looked_at_together_and_without_a_login() -> None:
    plan_outside = plan(OUTSIDE_CATALOG, select(OUTSIDE_CATALOG, Profile("p")))
    observer = Observer()
    runner = engine.Runner(plan_outside, Greeter(hook=pytest.fail), Limits(), NOW, observer)
    stored: dict[str, AssetResult] = {}
    engine.run(ASSETS, runner, store=lambda result: stored.update({result.asset.name: result}))
    assert sorted(observer.units) == [14, 16]
    assert stored["a8"].count(Status.PASS) == 1
    assert stored["a7"].count(Status.ERROR) == 1


def test_even_an_observer_that_raises_ends_no_scan() -> None:
    class Broken(Observer):
        def observe(
            self, assets: Sequence[Asset], names: Sequence[str]
        ) -> Mapping[str, Mapping[str, object]]:
            raise SystemExit(3)

    outside = plan(OUTSIDE_CATALOG, select(OUTSIDE_CATALOG, Profile("p")))
    stored: list[AssetResult] = []
    engine.run(ASSETS, engine.Runner(outside, Greeter(), Limits(), NOW, Broken()), store=stored.append)
    assert {result.reach.outcome for result in stored} == {"misconfigured"}
    assert len(stored) == len(ASSETS)
