"""Modes of files. Recorded on a weak Debian 12 and on busybox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.facts.files import FileMode, FileModes, file_modes, parse_modes, special_files, trust_files
from scanner.facts.spec import NotCollected, Output

RECORDED = Path(__file__).parent / "recorded"
WALK = Output((RECORDED / "special_files/weak.txt").read_bytes())


def test_modes_owners_and_what_is_missing() -> None:
    found = file_modes.parse(Output((RECORDED / "file_modes/weak.txt").read_bytes()))
    assert found.found["/etc/group"] == FileMode("/etc/group", "file", 0o646, 0, 0)
    assert found.found["/home/mayor"].kind == "folder"
    assert "/boot/grub2/grub.cfg" not in found.found
    assert not found.hidden


def test_what_could_not_be_looked_at_is_told() -> None:
    found = parse_modes(["stat: cannot statx '/boot/grub/grub.cfg': Permission denied"])
    assert found.hidden == {"/boot/grub/grub.cfg"}


def test_one_walk_answers_five_questions() -> None:
    found = special_files.parse(WALK)
    assert found.gap == ""
    assert "/usr/local/bin/maintenance" in {entry.path for entry in found.privileged}
    assert "/opt/app/app.ini" in {entry.path for entry in found.world_writable}
    assert "/srv/share" in {entry.path for entry in found.open_folders}
    assert [entry.path for entry in found.unowned] == ["/srv/handover.txt"]


def test_busybox_tells_no_owners() -> None:
    found = special_files.parse(Output((RECORDED / "special_files/busybox.txt").read_bytes()))
    assert (found.gap, found.ownership) == ("", False)


@pytest.mark.parametrize("end", [{"timed_out": True}, {"truncated": True}])
def test_a_walk_that_was_cut_keeps_what_it_found_and_says_so(end: Any) -> None:
    found = special_files.parse(replace(WALK, **end))
    assert found.privileged and "cut off" in found.gap


def test_file_systems_that_were_left_out_are_a_gap() -> None:
    other = Output(WALK.stdout.replace(b"overlay / overlay", b"server:/root / nfs4"))
    assert "not walked" in special_files.parse(other).gap
    mounts = "\x1eroot\n\x1emounts\n/dev/vda1 / ext4 rw 0 0\n/dev/vda2 /home ext4 rw 0 0\n\x1esubids\n"
    assert "only the root" in special_files.parse(Output(mounts.encode())).gap


def test_ids_lent_to_containers_and_services_have_an_owner() -> None:
    lines = "\x1efull\nf/644/100005/0//srv/a\nf/644/61200/0//srv/b\nf/644/4242/0//srv/c\n"
    rest = "\x1emounts\n/dev/vda1 / ext4 rw 0 0\n\x1euids\n0\n\x1egids\n0\n\x1esubids\nbob:100000:65536\n"
    assert [entry.path for entry in special_files.parse(Output((lines + rest).encode())).unowned] == [
        "/srv/c"
    ]


def test_denied_is_not_clean() -> None:
    with pytest.raises(NotCollected, match="privilege"):
        special_files.parse(replace(WALK, denied=True))


def test_trust_files() -> None:
    assert trust_files.parse(Output((RECORDED / "trust_files/weak.txt").read_bytes())) == (
        "/home/clerk/.netrc",
    )
    with pytest.raises(NotCollected):
        trust_files.parse(Output(b"/home/bob/.netrc\n"))


@pytest.mark.parametrize(
    ("kind", "mode", "uid", "gid", "changeable"),
    [
        ("file", 0o755, 0, 0, False),
        ("file", 0o775, 0, 0, False),
        ("file", 0o775, 0, 50, True),
        ("file", 0o757, 0, 0, True),
        ("file", 0o755, 1000, 0, True),
        ("folder", 0o1777, 0, 0, False),
        ("folder", 0o777, 0, 0, True),
    ],
)
def test_who_can_change(kind: str, mode: int, uid: int, gid: int, changeable: bool) -> None:
    entry = FileMode("/a/b", kind, mode, uid, gid)  # type: ignore[arg-type]
    assert entry.changeable is changeable
    assert (FileModes({"/a/b": entry}).weak_link("/a/b/c") is not None) is changeable
