"""Declared backups on disk. Recorded on Debian 12 with repositories of restic 0.14 and borg 1.2.4."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner.facts.backup_sets import BackupSet, Copy, backup_sets
from scanner.facts.spec import Absent, NotCollected, Output
from scanner.model import Asset, BackupDeclaration

RECORDED = Path(__file__).parent / "recorded/backup_sets"
SETS = {
    found.name: found
    for found in backup_sets.parse(Output((RECORDED / "repositories.txt").read_bytes())).sets
}


def test_a_restic_repository() -> None:
    restic = SETS["restic"]
    assert restic.copies[0].time == datetime(2026, 11, 24, 19, 48, 16, tzinfo=UTC)
    assert (restic.count, restic.counts_known, restic.sizes_known) == (2, True, False)
    assert restic.encrypted is True
    assert (restic.mode, restic.owner, restic.shared_sources) == (0o700, "root:root", ("/etc",))


@pytest.mark.parametrize(
    ("mode", "encrypted"), [("none", False), ("repokey", True), ("keyfile", True), ("authenticated", False)]
)
def test_borg_tells_by_its_segments_whether_it_is_encrypted(mode: str, encrypted: bool) -> None:
    assert SETS[f"borg-{mode}"].encrypted is encrypted


def test_borg_tells_append_only_and_does_not_tell_how_many_archives() -> None:
    assert [SETS[f"borg-{mode}"].append_only for mode in ("repokey", "none")] == [True, False]
    assert not SETS["borg-none"].counts_known


def test_a_folder_that_is_not_there() -> None:
    gone = SETS["gone"]
    assert gone == BackupSet("gone", "tar", "/srv/none", "missing", free=gone.free)


def test_plain_files_and_sources_on_another_file_system() -> None:
    config = SETS["config"]
    assert config.copies == (
        Copy("/etc/apt/sources.list", datetime(2026, 11, 24, 19, 28, 20, tzinfo=UTC), 47),
    )
    assert config.shared_sources == ("/etc",)


def test_sources_that_are_not_there_are_told() -> None:
    text = "\x1eset\nn\ntar\n/srv/b\nfiles\nfolder 750 7 root:root\ncount 0\ndenied 0\nhidden /srv/gone"
    assert backup_sets.parse(Output(text.encode())).sets[0].hidden_sources == ("/srv/gone",)


def test_what_may_not_be_read_is_unreadable_never_empty() -> None:
    sets = backup_sets.parse(Output((RECORDED / "unprivileged.txt").read_bytes())).sets
    assert [found.state for found in sets[:6]] == ["unreadable"] * 5 + ["missing"]


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    for number in range(30):
        copy = tmp_path / f"dump $(x) {number}.sql.gpg"
        copy.write_bytes(b"x" * number)
        os.utime(copy, (1_700_000_000 + number, 1_700_000_000 + number))
    (tmp_path / "notes.txt").touch()
    return tmp_path


@pytest.mark.parametrize("shell", [["dash"], ["bash"], ["busybox", "sh"]], ids=lambda shell: shell[0])
def test_the_probe_keeps_the_newest_in_every_shell(probe: Path, shell: list[str]) -> None:
    asset = Asset("a", backups=(BackupDeclaration("it's", "tar", path=str(probe), pattern="*.sql.gpg"),))
    script = "S() { printf '\\036%s\\n' \"$1\"; }\n" + backup_sets.probes[0].text(asset)
    done = subprocess.run([*shell, "-c", script], capture_output=True, check=False)
    sets = backup_sets.parse(Output(done.stdout))
    found = sets.of(asset.backups[0])
    assert found is not None
    assert (found.count, [copy.size for copy in found.copies]) == (30, list(range(29, 9, -1)))
    assert found.encrypted is True


def test_nothing_declared_is_absent() -> None:
    with pytest.raises(Absent):
        backup_sets.parse(Output(b"\x1enone\n"))


def test_no_answer_is_not_collected() -> None:
    with pytest.raises(NotCollected):
        backup_sets.parse(Output())
