"""Owners and modes of files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.access import files
from scanner.check import Check
from scanner.facts.accounts import Group
from scanner.facts.files import FileMode, FileModes, SpecialFiles
from scanner.model import Status

GROUPS = (Group("root", 0, (), 1), Group("shadow", 42, (), 2), Group("ssl-cert", 103, (), 3))


@pytest.mark.parametrize(
    ("check", "path", "good", "bad", "more"),
    [
        (files.account_files, "/etc/passwd", (0o644, 0), (0o664, 0), ()),
        (files.password_files, "/etc/shadow", (0o640, 42), (0o644, 42), (GROUPS,)),
        (files.password_files, "/etc/gshadow", (0o000, 0), (0o640, 100), (GROUPS,)),
        (files.sudo_files, "/etc/sudoers", (0o440, 0), (0o666, 0), ()),
        (files.ssh_files, "/etc/ssh/sshd_config", (0o644, 0), (0o666, 0), ()),
        (files.boot_files, "/boot/grub/grub.cfg", (0o400, 0), (0o444, 0), ()),
        (files.root_home, "/root", (0o700, 0), (0o755, 0), ()),
        (files.tls_key_folder, "/etc/ssl/private", (0o710, 103), (0o755, 0), (GROUPS,)),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)
def test_a_path(check: Check, path: str, good: Any, bad: Any, more: Any) -> None:
    def at(mode: int, gid: int) -> FileModes:
        return FileModes({path: FileMode(path, "file", mode, 0, gid)})

    assert check(at(*good), *more).status is Status.PASS
    assert check(at(*bad), *more).status is Status.FAIL
    assert check(FileModes({}), *more).status is Status.NOTAPPLICABLE
    assert check(FileModes({}, frozenset({path})), *more).status is Status.UNKNOWN


def test_a_file_that_others_may_only_read_cannot_be_changed() -> None:
    run = FileModes({"/etc/passwd": FileMode("/etc/passwd", "file", 0o755, 0, 100)})
    assert files.account_files(run).status is Status.PASS


def test_the_key_folder_of_red_hat() -> None:
    folder = FileMode("/etc/pki/tls/private", "folder", 0o755, 0, 0)
    assert files.tls_key_folder(FileModes({folder.path: folder}), GROUPS).status is Status.NOTAPPLICABLE
    writable = replace(folder, mode=0o777)
    assert files.tls_key_folder(FileModes({folder.path: writable}), GROUPS).status is Status.FAIL


@pytest.mark.parametrize(
    ("check", "field", "mode"),
    [
        (files.world_writable, "world_writable", 0o666),
        (files.sticky_folders, "open_folders", 0o777),
        (files.unowned, "unowned", 0o644),
        (files.privileged_programs, "privileged", 0o4755),
        (files.privileged_programs_protected, "privileged", 0o4757),
    ],
)
def test_the_walk(check: Check, field: str, mode: int) -> None:
    change: Any = {field: (FileMode("/srv/x", "file", mode, 0, 0),)}
    found = replace(SpecialFiles(), **change)
    assert check(SpecialFiles()).status is Status.PASS
    assert check(found).status is Status.FAIL
    assert check(SpecialFiles(gap="cut off")).status is Status.UNKNOWN
    assert check(replace(found, gap="cut off")).status is Status.FAIL


def test_expected_programs() -> None:
    found = SpecialFiles(privileged=(FileMode("/usr/bin/su", "file", 0o4755, 0, 0),))
    assert files.privileged_programs(found).status is Status.PASS
    found = SpecialFiles(privileged=(FileMode("/opt/su", "file", 0o4755, 0, 0),))
    assert files.privileged_programs(found, expected=("/opt/su",)).status is Status.PASS


def test_owners_that_were_not_looked_up() -> None:
    assert files.unowned(SpecialFiles(ownership=False)).status is Status.UNKNOWN
