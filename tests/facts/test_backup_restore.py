"""What a recovery stands on. Recorded on Debian 12; a link to `sleep` stands in for mariadbd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scanner.facts.restore import (
    DatabaseServer,
    RestoreTools,
    SecretFile,
    Snapshot,
    backup_secrets,
    database_servers,
    restore_tools,
    snapshots,
)
from scanner.facts.spec import Absent, NotCollected, Output

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> Output:
    return Output((RECORDED / f"{name}.txt").read_bytes())


def test_a_running_database() -> None:
    servers = database_servers.parse(recorded("database_servers/bookworm")).servers
    assert servers == (DatabaseServer("mysql", True, "process mariadbd"),)


def test_databases_by_socket_and_by_program() -> None:
    output = Output(b"/usr/sbin/slapd\n\x1erunning\n\x1esockets\n/run/postgresql/.s.PGSQL.5432\n")
    assert database_servers.parse(output).servers == (
        DatabaseServer("openldap", False, "program /usr/sbin/slapd"),
        DatabaseServer("postgresql", True, "socket /run/postgresql/.s.PGSQL.5432"),
    )


def test_no_database() -> None:
    with pytest.raises(Absent):
        database_servers.parse(Output(b"\x1erunning\n\x1esockets\n"))


def test_etc_under_version_control() -> None:
    assert restore_tools.parse(recorded("restore_tools/bookworm")) == RestoreTools("/etc/.git", ())


def test_saved_disk_layouts() -> None:
    output = Output(b"\x1elayouts\n/var/backups/vda.sfdisk\n\x1eend\n")
    assert restore_tools.parse(output) == RestoreTools(None, ("/var/backups/vda.sfdisk",))


def test_btrfs_snapshots() -> None:
    found = snapshots.parse(recorded("snapshots/btrfs")).snapshots
    assert found[1] == Snapshot(
        "btrfs", "snaps/before upgrade", datetime(2026, 11, 24, 19, 56, 57, tzinfo=UTC)
    )


def test_lvm_and_zfs_snapshots() -> None:
    # Written after lvs(8) and zfs-list(8): neither runs where the recordings were made.
    lvm, *zfs = snapshots.parse(recorded("snapshots/lvm-zfs")).snapshots
    assert lvm.name == "data/office-snap"
    assert lvm.created is not None
    assert lvm.created.utcoffset() == timedelta(hours=1)
    assert [item.name for item in zfs] == ["tank/office@2026-11-23", "tank/office@2026-11-22"]


def test_snapshots_that_could_not_be_listed_are_not_none() -> None:
    with pytest.raises(NotCollected, match="lvm"):
        snapshots.parse(Output(b"\x1elvm\n", denied=True))
    with pytest.raises(Absent):
        snapshots.parse(Output(b"\x1elvm\nread\n"))


def test_credentials_by_name_and_by_content() -> None:
    assert backup_secrets.parse(recorded("backup_secrets/bookworm")).files == (
        SecretFile("/etc/restic/password", 0o644, "root:root"),
        SecretFile("/etc/pgbackrest.conf", 0o640, "root:root"),
    )


def test_no_credentials() -> None:
    with pytest.raises(Absent):
        backup_secrets.parse(Output(b"\x1emodes\n644 root:root regular file|/etc/restic/excludes\n\x1eend\n"))
