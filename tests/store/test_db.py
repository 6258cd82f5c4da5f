import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.model import Asset
from scanner.store import db, migrations, queries
from scanner.store.db import Store
from scanner.store.errors import StoreError
from scanner.store.rows import FindingFilter
from scanner.store.writer import Writer
from tests.store.sample import CHECKS, OK, result, scan, start

DUMPS = sorted((Path(__file__).parent / "databases").glob("v*.sql"))


def schema(store: Store) -> list[tuple[object, ...]]:
    return list(store.rows("SELECT type, name, sql FROM sqlite_master ORDER BY name"))


def from_dump(dump: Path, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text())
    connection.close()


def test_every_version_has_a_dump() -> None:
    assert [dump.stem for dump in DUMPS] == [f"v{n}" for n in range(1, len(migrations.MIGRATIONS) + 1)]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_an_earlier_version_becomes_the_newest_and_keeps_its_data(
    dump: Path, tmp_path: Path, store: Store
) -> None:
    from_dump(dump, tmp_path / "old.db")
    with db.open(tmp_path / "old.db") as upgraded:
        assert schema(upgraded) == schema(store)
        found = {row.check: row for row in queries.findings(upgraded, FindingFilter(), evidence=True)}
        assert {check: (row.status, row.evidence[0].text) for check, row in found.items()} == {
            "SSH-003": ("pass", "no"),
            "BAK-001": ("pass", "81 %"),
        }
        history = queries.finding(upgraded, found["SSH-003"].id)
        assert history
        assert [change.status for change in history.changes] == ["pass", "fail"]
        latest = queries.latest_scan(upgraded)
        assert latest
        assert [row.outcome for row in queries.coverage(upgraded, latest.id)] == ["unreachable"]
        assert list(upgraded.rows("PRAGMA foreign_key_check")) == []


def test_a_migration_that_fails_leaves_the_database_and_a_copy_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drscan.db"
    with db.open(path) as store:
        before = schema(store)

    def fails(database: object) -> None:
        database["half_done"].create({"id": int})  # type: ignore[index]
        raise sqlite3.OperationalError("no")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, fails))
        with pytest.raises(StoreError):
            db.open(path)
    (copy,) = tmp_path.glob("drscan.db.v*.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    for kept in (path, copy):
        with db.open(kept) as store:
            assert schema(store) == before


def test_the_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with db.open(tmp_path / "drscan.db") as store:
            Writer(store).register_checks(CHECKS)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert modes == dict.fromkeys(("drscan.db", "drscan.db-wal", "drscan.db-shm"), 0o600)


def test_opening_a_current_database_does_not_import_sqlite_utils(tmp_path: Path) -> None:
    db.open(tmp_path / "drscan.db").close()
    program = (
        "import sys, pathlib; from scanner.store import db; "
        "db.open(pathlib.Path(sys.argv[1])).close(); sys.exit('sqlite_utils' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "drscan.db")], check=True)


def missing(path: Path) -> None:
    pass


def folder(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("assets:\n  - this is an inventory\n" * 50)


def of_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()


def newer(path: Path) -> None:
    with db.open(path) as store:
        store.connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (missing, "no database here; `drscan run` makes one"),
        (folder, "cannot be opened"),
        (text, "not a SQLite database"),
        (of_another_program, "was not made by drscan"),
        (newer, "a newer drscan made this database (schema 99"),
    ],
)
def test_what_is_no_database_of_ours_is_refused_in_one_line(make, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    make(path)
    with pytest.raises(StoreError) as caught:
        db.open(path, create=False)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        db.open(tmp_path / "none" / "x.db")


def test_a_database_that_another_program_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.connection.execute("PRAGMA busy_timeout = 1")
    with pytest.raises(StoreError, match="another program holds the database"):
        Writer(store).register_checks(CHECKS)
    other.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_leaves_the_database_whole(small_disk: Path) -> None:
    with db.open(small_disk / "drscan.db") as store:
        writer = Writer(store)
        writer.register_checks(CHECKS)
        scan_id = writer.begin_scan(start(1000))
        done = set()
        with pytest.raises(StoreError, match="disk is full") as caught:
            for n in range(1000):
                asset = Asset(f"host{n}")
                results = [result(check, "pass", f"{n}", os.urandom(2000).hex()) for check in CHECKS]
                writer.record_asset(scan_id, asset, OK, results, 0.1)
                done.add(asset.name)
        assert "\n" not in str(caught.value)
        assert done
        assert writer.done_assets(scan_id) == done
        assert store.row("PRAGMA integrity_check") == ("ok",)
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    with db.open(small_disk / "drscan.db") as store:
        assert Writer(store).done_assets(scan_id) == done
        scan(Writer(store), {Asset("host1"): [result(CHECKS[0])]})


def test_a_read_only_disk_is_said(small_disk: Path) -> None:
    path = small_disk / "drscan.db"
    with db.open(path):
        pass
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreError, match=r"cannot be opened|read-only"):
        db.open(path)
