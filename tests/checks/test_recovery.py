"""Each recovery check, once good and once bad."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from checks.recovery import objectives, readiness
from scanner.facts.backup_jobs import BackupJob, BackupJobs
from scanner.facts.restore import RestoreTools
from scanner.model import Asset, BackupDeclaration, Status

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (date(2026, 1, 2), Status.PASS),
        (date(2025, 1, 2), Status.FAIL),
        (date(2027, 1, 2), Status.FAIL),
        (None, Status.FAIL),
    ],
)
def test_restore_tested(day: date | None, status: Status) -> None:
    asset = Asset("a", backups=(BackupDeclaration("nightly", "restic", last_restore_test=day),))
    assert readiness.restore_tested(asset, NOW).status is status


def test_no_backup_has_no_restore_test() -> None:
    assert readiness.restore_tested(Asset("a"), NOW).status is Status.NOTCHECKED


def test_disk_layout_saved() -> None:
    saved = RestoreTools(None, ("/var/backups/vda.sfdisk",))
    assert readiness.disk_layout_saved(saved).status is Status.PASS
    assert readiness.disk_layout_saved(RestoreTools(None, ())).status is Status.FAIL


def test_objectives_declared() -> None:
    assert objectives.objectives_declared(Asset("a", rto=hours(4), rpo=hours(4))).status is Status.PASS
    assert objectives.objectives_declared(Asset("a", rpo=hours(4))).message == "Not declared: RTO"


@pytest.mark.parametrize(
    ("asset", "status"),
    [
        (Asset("a", tier=1, rto=hours(8), rpo=hours(4)), Status.PASS),
        (Asset("a", tier=1, rto=hours(9), rpo=hours(4)), Status.FAIL),
        (Asset("a", tier=4, rpo=hours(168)), Status.PASS),
        (Asset("a", rpo=hours(169)), Status.FAIL),
        (Asset("a", tier=1), Status.NOTCHECKED),
    ],
)
def test_objectives_fit_tier(asset: Asset, status: Status) -> None:
    assert objectives.objectives_fit_tier(asset).status is status


def test_owner_declared() -> None:
    assert objectives.owner_declared(Asset("a", owner="registry")).status is Status.PASS
    assert objectives.owner_declared(Asset("a")).status is Status.FAIL


def test_tier_declared() -> None:
    assert objectives.tier_declared(Asset("a", tier=3)).status is Status.PASS
    assert objectives.tier_declared(Asset("a")).status is Status.FAIL


@pytest.mark.parametrize(
    ("gap", "enabled", "status"),
    [
        (hours(4), True, Status.PASS),
        (hours(5), True, Status.FAIL),
        (None, True, Status.UNKNOWN),
        (hours(1), False, Status.NOTCHECKED),
        (hours(1), None, Status.UNKNOWN),
    ],
)
def test_schedule_meets_rpo(gap: timedelta | None, enabled: bool | None, status: Status) -> None:
    jobs = BackupJobs((BackupJob("b.timer", "timer", "restic", "b.timer", gap=gap, enabled=enabled),))
    assert objectives.schedule_meets_rpo(Asset("a", rpo=hours(4)), jobs).status is status
