"""Each backup check, once good and once bad."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from checks.backup import copies, presence, protection
from scanner.facts.backup_jobs import BackupJob, BackupJobs
from scanner.facts.backup_sets import BackupSet, BackupSets, Copy
from scanner.facts.restore import (
    BackupSecrets,
    DatabaseServer,
    DatabaseServers,
    RestoreTools,
    SecretFile,
    Snapshot,
    Snapshots,
)
from scanner.model import Asset, BackupDeclaration, Status

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TIMER = BackupJob(
    "b.timer",
    "timer",
    "restic",
    "b.timer",
    command="restic backup /",
    gap=timedelta(days=1),
    result="success",
)
JOBS = BackupJobs((TIMER,))
NO_JOBS = BackupJobs(())
DECLARED = BackupDeclaration("nightly", "tar", path="/srv/backup")
ASSET = Asset("a", backups=(DECLARED,))
NOTHING = Asset("a")


def found(*ages_and_sizes: tuple[float, int], **changes: object) -> BackupSets:
    """The set of DECLARED with copies of these ages in hours and sizes in bytes."""
    files = tuple(
        Copy(f"/srv/backup/{age}", NOW - timedelta(hours=age), size) for age, size in ages_and_sizes
    )
    base = BackupSet("nightly", "tar", "/srv/backup", copies=files, count=len(files), mode=0o750, free=10_000)
    return BackupSets((replace(base, **changes),))  # type: ignore[arg-type]


GOOD = found((1, 100), (25, 100), (49, 100))
CLOSED = found(state="unreadable", mode=None)


def declared(**changes: object) -> Asset:
    return Asset("a", backups=(replace(DECLARED, **changes),))  # type: ignore[arg-type]


def job(**changes: object) -> BackupJobs:
    return BackupJobs((replace(TIMER, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asset", "jobs", "status"),
    [
        (ASSET, NO_JOBS, Status.PASS),
        (NOTHING, JOBS, Status.PASS),
        (NOTHING, NO_JOBS, Status.FAIL),
        (NOTHING, job(enabled=False), Status.FAIL),
        (NOTHING, job(enabled=None), Status.UNKNOWN),
        (NOTHING, BackupJobs((), ("users' crontabs",)), Status.UNKNOWN),
    ],
)
def test_backup_exists(asset: Asset, jobs: BackupJobs, status: Status) -> None:
    assert presence.backup_exists(asset, jobs).status is status


def test_jobs_enabled() -> None:
    assert presence.jobs_enabled(JOBS).status is Status.PASS
    assert presence.jobs_enabled(job(enabled=False)).status is Status.FAIL
    both = BackupJobs((TIMER, replace(TIMER, kind="cron", enabled=None)))
    assert presence.jobs_enabled(both).status is Status.UNKNOWN


def test_last_run_succeeded() -> None:
    assert presence.last_run_succeeded(JOBS).status is Status.PASS
    failed = presence.last_run_succeeded(job(result="exit-code"))
    assert (failed.status, failed.message) == (Status.FAIL, "The last run failed: b.timer (exit-code)")
    both = BackupJobs((TIMER, replace(TIMER, kind="cron", result=None)))
    assert presence.last_run_succeeded(both).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("asset", "jobs", "status"),
    [
        (NOTHING, job(tool="mysqldump"), Status.PASS),
        (declared(tool="mysqldump"), NO_JOBS, Status.PASS),
        (declared(sources=("/var/lib/mysql",)), NO_JOBS, Status.PASS),
        (ASSET, JOBS, Status.FAIL),
        (ASSET, job(tool="mysqldump", enabled=False), Status.FAIL),
        (ASSET, job(tool="script"), Status.UNKNOWN),
    ],
)
def test_databases_covered(asset: Asset, jobs: BackupJobs, status: Status) -> None:
    servers = DatabaseServers((DatabaseServer("mysql", True, "process mariadbd"),))
    assert presence.databases_covered(asset, servers, jobs).status is status


@pytest.mark.parametrize(
    ("asset", "history", "status"),
    [
        (declared(sources=("/etc", "/srv")), None, Status.PASS),
        (NOTHING, "/etc/.git", Status.PASS),
        (declared(sources=("/srv",)), None, Status.FAIL),
        (NOTHING, None, Status.FAIL),
        (ASSET, None, Status.NOTCHECKED),
    ],
)
def test_configuration_saved(asset: Asset, history: str | None, status: Status) -> None:
    assert presence.configuration_saved(asset, RestoreTools(history, ())).status is status


@pytest.mark.parametrize(
    ("asset", "sets", "jobs", "status"),
    [
        (ASSET, GOOD, NO_JOBS, Status.PASS),
        (declared(location="offsite"), None, NO_JOBS, Status.PASS),
        (ASSET, found((1, 1), shared_sources=("/",)), JOBS, Status.FAIL),
        (NOTHING, None, NO_JOBS, Status.FAIL),
        (NOTHING, None, JOBS, Status.UNKNOWN),
        (ASSET, CLOSED, NO_JOBS, Status.UNKNOWN),
        (ASSET, found((1, 1), hidden_sources=("/srv/x",)), NO_JOBS, Status.UNKNOWN),
    ],
)
def test_snapshots_not_alone(asset: Asset, sets: BackupSets | None, jobs: BackupJobs, status: Status) -> None:
    snapshots = Snapshots((Snapshot("zfs", "tank@a", NOW),))
    assert presence.snapshots_not_alone(asset, snapshots, sets, jobs).status is status


@pytest.mark.parametrize(
    ("asset", "sets", "status"),
    [
        (ASSET, GOOD, Status.PASS),
        (ASSET, found((50, 1)), Status.FAIL),
        (ASSET, found(), Status.FAIL),
        (ASSET, found((-30, 1)), Status.FAIL),
        (declared(max_age=timedelta(days=7)), found((100, 1)), Status.PASS),
        (replace(ASSET, rpo=timedelta(hours=4)), found((5, 1)), Status.FAIL),
        (replace(declared(max_age=timedelta(days=7)), rpo=timedelta(hours=4)), found((5, 1)), Status.FAIL),
        (ASSET, CLOSED, Status.ERROR),
        (ASSET, None, Status.NOTCHECKED),
    ],
)
def test_copies_fresh(asset: Asset, sets: BackupSets | None, status: Status) -> None:
    assert copies.copies_fresh(asset, sets, NOW).status is status


def test_a_stale_copy_is_told_without_its_age() -> None:
    assert copies.copies_fresh(ASSET, found((50, 1)), NOW).message == (
        "backup nightly: the newest copy is older than 2 days"
    )


@pytest.mark.parametrize(
    ("sets", "status"),
    [
        (GOOD, Status.PASS),
        (found((1, 0)), Status.FAIL),
        (found((1, 40), (25, 100), (49, 90)), Status.FAIL),
        (found((0.1, 40), (25, 100), (49, 90)), Status.PASS),
        (found((1, 0), sizes_known=False), Status.NOTAPPLICABLE),
        (CLOSED, Status.ERROR),
    ],
)
def test_copies_whole(sets: BackupSets, status: Status) -> None:
    assert copies.copies_whole(sets, NOW).status is status


def test_earlier_copies_kept() -> None:
    assert copies.earlier_copies_kept(GOOD).status is Status.PASS
    assert copies.earlier_copies_kept(found((1, 1))).status is Status.FAIL


def test_folder_closed() -> None:
    assert copies.folder_closed(GOOD).status is Status.PASS
    assert copies.folder_closed(found(mode=0o755)).status is Status.FAIL
    assert copies.folder_closed(CLOSED).status is Status.ERROR


def test_other_file_system() -> None:
    assert copies.other_file_system(GOOD).status is Status.PASS
    assert copies.other_file_system(found((1, 1), shared_sources=("/etc",))).status is Status.FAIL
    assert copies.other_file_system(found((1, 1), hidden_sources=("/srv/x",))).status is Status.UNKNOWN


def test_room_for_restore() -> None:
    assert copies.room_for_restore(GOOD).status is Status.PASS
    assert copies.room_for_restore(found((1, 10_001))).status is Status.FAIL


@pytest.mark.parametrize(
    ("asset", "seen", "status"),
    [
        (declared(encrypted=True), None, Status.PASS),
        (ASSET, True, Status.PASS),
        (declared(tool="restic"), None, Status.PASS),
        (declared(encrypted=False), None, Status.FAIL),
        (ASSET, False, Status.FAIL),
        (declared(encrypted=True, tool="borg"), False, Status.FAIL),
        (declared(encrypted=True), False, Status.UNKNOWN),
        (ASSET, None, Status.NOTCHECKED),
        (NOTHING, None, Status.NOTCHECKED),
    ],
)
def test_encrypted(asset: Asset, seen: bool | None, status: Status) -> None:
    assert protection.encrypted(asset, found((1, 1), encrypted=seen)).status is status


@pytest.mark.parametrize(
    ("asset", "status"),
    [
        (declared(location="both"), Status.PASS),
        (declared(repository="sftp:backup@vault:/srv"), Status.PASS),
        (declared(repository="backup@vault:/srv"), Status.PASS),
        (declared(repository="s3:https://s3.example/office"), Status.PASS),
        (declared(repository="/mnt/usb/restic"), Status.FAIL),
        (declared(repository="file:///mnt/usb"), Status.FAIL),
        (ASSET, Status.FAIL),
        (declared(path=None), Status.NOTCHECKED),
        (NOTHING, Status.NOTCHECKED),
    ],
)
def test_leaves_the_host(asset: Asset, status: Status) -> None:
    assert protection.leaves_the_host(asset).status is status


@pytest.mark.parametrize(
    ("asset", "append_only", "status"),
    [
        (declared(immutable=True), None, Status.PASS),
        (ASSET, True, Status.PASS),
        (declared(immutable=False), None, Status.FAIL),
        (ASSET, None, Status.NOTCHECKED),
    ],
)
def test_unchangeable_copy(asset: Asset, append_only: bool | None, status: Status) -> None:
    assert protection.unchangeable_copy(asset, found(append_only=append_only)).status is status


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (date(2026, 11, 1), Status.PASS),
        (date(2026, 9, 1), Status.FAIL),
        (date(2027, 1, 1), Status.FAIL),
        (None, Status.FAIL),
    ],
)
def test_verified(day: date | None, status: Status) -> None:
    assert protection.verified(declared(last_verified=day), NOW).status is status


def test_credentials_closed() -> None:
    secret = SecretFile("/etc/restic/password", 0o600, "root:root")
    assert protection.credentials_closed(BackupSecrets((secret,))).status is Status.PASS
    assert protection.credentials_closed(BackupSecrets((replace(secret, mode=0o644),))).status is Status.FAIL


def test_no_password_in_schedule() -> None:
    assert protection.no_password_in_schedule(JOBS).status is Status.PASS
    assert protection.no_password_in_schedule(job(secret=True)).status is Status.FAIL
    assert protection.no_password_in_schedule(replace(JOBS, unread=("x",))).status is Status.UNKNOWN
