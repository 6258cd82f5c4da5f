"""One scan from a request to its summary: what the commands and, later, the schedules call."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from scanner import __version__, catalog, engine, planner, profile
from scanner.inventory.load import load, select
from scanner.inventory.secrets import resolve
from scanner.inventory.sshconfig import DEFAULT as DEFAULT_SSH_CONFIG
from scanner.model import Asset, Severity, Status
from scanner.planner import Plan
from scanner.store import db, queries
from scanner.store.errors import StoreError
from scanner.store.lock import ScanLock
from scanner.store.rows import ScanRow, ScanStart, ScanSummary
from scanner.store.writer import Writer
from scanner.transport.base import Limits
from scanner.transport.collect import KNOWN_HOSTS, Collector

PASSED, FINDINGS, INCOMPLETE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Request:
    """What to scan and how. Everything that changes the outcome is kept with the scan for `resume`."""

    inventory: tuple[Path, ...]
    profile: str = "default"
    limit: str | None = None
    tags: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    checks_dirs: tuple[Path, ...] = ()
    known_hosts: tuple[Path, ...] = ()
    ssh_config: Path = DEFAULT_SSH_CONFIG
    limits: Limits = field(default_factory=Limits)
    jobs: int | None = None
    port_profile: str = "quick"

    def selection(self) -> dict[str, Any]:
        """The part that `with_selection` reads back, as JSON-able values."""
        return {
            "inventory": [str(path.absolute()) for path in self.inventory],
            "profile": str(Path(self.profile).absolute()) if Path(self.profile).suffix else self.profile,
            "limit": self.limit,
            "tags": list(self.tags),
            "zones": list(self.zones),
            "checks": list(self.checks),
            "checks_dirs": [str(path.absolute()) for path in self.checks_dirs],
            "port_profile": self.port_profile,
        }

    def with_selection(self, stored: Mapping[str, Any]) -> Request:
        """The same request with the selection of an earlier scan."""
        return replace(
            self,
            inventory=tuple(map(Path, stored["inventory"])),
            profile=stored["profile"],
            limit=stored["limit"],
            tags=tuple(stored["tags"]),
            zones=tuple(stored["zones"]),
            checks=tuple(stored["checks"]),
            checks_dirs=tuple(map(Path, stored["checks_dirs"])),
            port_profile=stored.get("port_profile", "quick"),
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request whose every part was found to be right; nothing has been sent or written yet.

    assets: what to look at, networks among them; inventory: all that the office declares to own.
    """

    request: Request
    assets: tuple[Asset, ...]
    plan: Plan
    warnings: tuple[str, ...] = ()
    inventory: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scan ended. unread: an asset was reached, and something on it could still not be read."""

    summary: ScanSummary
    unread: bool

    def exit_code(self, fail_on: Severity | None, allow_unreachable: int = 0) -> int:
        """0 passed; 1 findings at or over `fail_on` (wins over 3); 3 something could not be looked at."""
        scan = self.summary.scan
        failing = scan.counts.get(Status.FAIL, {})
        if fail_on and any(count and severity.rank >= fail_on.rank for severity, count in failing.items()):
            return FINDINGS
        # A resumed scan may have found more assets in its inventory than it began with.
        missed = scan.assets_unreachable + max(0, scan.assets_total - scan.assets_done)
        if missed > allow_unreachable or self.unread or scan.status != "finished":
            return INCOMPLETE
        return PASSED


def prepare(request: Request) -> Prepared:
    """Read the inventory, the profile and the checks.

    Raises InventoryError, ProfileError or CatalogError, with all that is wrong.
    """
    inventory = load(request.inventory, ssh_config=request.ssh_config)
    assets = select(inventory, request.limit, request.tags, request.zones)
    found = catalog.load(request.checks_dirs)
    chosen = profile.select(found, profile.load(request.profile), request.checks)
    plan = planner.plan(found, chosen)
    # A network is searched for what nobody named, so naming assets leaves networks out.
    if "discovered_hosts" in plan.observed and request.limit is None:
        from scanner.outside.discovery import networks

        assets += networks(assets)
    return Prepared(request, assets, plan, tuple(map(str, inventory.warnings)), inventory.assets)


def interrupted(database: Path) -> ScanRow:
    """The scan that `execute(…, resume=…)` can finish. Raises StoreError when there is none."""
    with db.open(database, create=False) as store, ScanLock(database):
        row = Writer(store).interrupted_scan()
    if row is None:
        raise StoreError(f"{database}: the last scan was finished; there is nothing to resume")
    return row


def execute(
    prepared: Prepared,
    database: Path,
    *,
    on_asset: Callable[[engine.AssetResult], None] = lambda result: None,
    resume: ScanRow | None = None,
    collector: engine.Looks | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Scan and store. Whatever ends it early is recorded: the scan is then `interrupted` and can be resumed.

    Raises StoreError when the database can't be written, for one because another scan holds it.
    """
    with ScanLock(database), db.open(database) as store, engine.terminable():
        writer = Writer(store, clock)
        writer.register_checks(item.check.info for item in prepared.plan.checks)
        todo: Sequence[Asset] = prepared.assets
        if resume:
            scan_id = resume.id
            writer.resume_scan(scan_id)
            done = writer.done_assets(scan_id)
            todo = [asset for asset in todo if asset.name not in done]
        else:
            scan_id = writer.begin_scan(_start(prepared))
        unread = bool(
            resume and not resume.assets_unreachable and queries.counts(store, scan_id).get(Status.ERROR)
        )

        def keep(result: engine.AssetResult) -> None:
            nonlocal unread
            writer.record_asset(scan_id, result.asset, result.reach, result.verdicts, result.seconds)
            unread = unread or (result.reach.ok and result.count(Status.ERROR) > 0)
            on_asset(result)

        try:
            engine.run(
                todo,
                engine.Runner(
                    prepared.plan,
                    collector or _collector(prepared, todo),
                    prepared.request.limits,
                    clock(),
                    _observer(prepared, clock()),
                ),
                store=keep,
                jobs=prepared.request.jobs,
            )
        except KeyboardInterrupt:
            return Outcome(writer.finish_scan(scan_id, "interrupted"), unread)
        except BaseException:
            # A store that is broken can't say so; the scan then stays `running` and can be resumed as well.
            with suppress(StoreError):
                writer.finish_scan(scan_id, "failed")
            raise
        return Outcome(writer.finish_scan(scan_id, "finished"), unread)


def _start(prepared: Prepared) -> ScanStart:
    return ScanStart(
        profile=prepared.request.profile,
        selection=prepared.request.selection(),
        version=__version__,
        operator=_operator(),
        host=platform.node(),
        assets_total=len(prepared.assets),
    )


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _observer(prepared: Prepared, now: datetime) -> engine.Observes | None:
    if not prepared.plan.observed:
        return None
    from scanner.outside.discovery import Discovery
    from scanner.outside.observe import Outside
    from scanner.outside.ports import scan_ports

    return Outside(
        partial(scan_ports, profile=prepared.request.port_profile, today=now.date()),
        Discovery(prepared.inventory, now.date()).discover,
    )


def _collector(prepared: Prepared, assets: Iterable[Asset]) -> Collector:
    request = prepared.request
    collector = Collector(request.limits, request.known_hosts or KNOWN_HOSTS, resolve)
    collector.prepare(list(assets))
    return collector
