"""sudo and doas. Recorded on a weak Debian 12; aliases and doas from the manual pages' examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.spec import Absent, NotCollected, Output
from scanner.facts.sudo import Sudoers, sudoers

WEAK = Output((Path(__file__).parent / "recorded/sudoers/weak.txt").read_bytes())


def read(text: str, file: str = "/etc/sudoers") -> Sudoers:
    lines = [f"{file}:{number}:{line}" for number, line in enumerate(text.splitlines(), 1)]
    return sudoers.parse(Output("\n".join(["\x1erules", *lines, "\x1emodes"]).encode()))


def test_rules_and_defaults_with_their_place() -> None:
    found = sudoers.parse(WEAK)
    clerk = next(rule for rule in found.rules if rule.who == "clerk")
    assert clerk.everything and clerk.nopasswd
    assert (clerk.evidence.source, clerk.evidence.line) == ("/etc/sudoers.d/20-weak", 3)
    helper = next(rule for rule in found.rules if rule.who == "helper")
    assert (helper.commands, helper.denied) == (("ALL",), ("/bin/sh", "/bin/bash"))
    syslog, timeout = found.default("syslog"), found.default("timestamp_timeout")
    assert syslog and syslog.value == "off"
    assert timeout and timeout.value == "-1"
    assert found.default("use_pty") is None


def test_the_programs_named_are_looked_at() -> None:
    modes = sudoers.parse(WEAK).modes
    link = modes.weak_link("/opt/app/run.sh")
    assert link and link.path == "/opt/app/run.sh"
    assert modes.weak_link("/bin/sh") is None


def test_aliases_continued_lines_tags_and_run_as() -> None:
    (first, second) = read(
        "User_Alias ADMINS = alice, %ops\n"
        "Cmnd_Alias REBOOT = /sbin/reboot, \\\n"
        "    /sbin/halt -p\n"
        "ADMINS ALL = (root) NOPASSWD: SETENV: REBOOT\n"
    ).rules
    assert (first.who, second.who) == ("alice", "%ops")
    assert first.commands == ("/sbin/reboot", "/sbin/halt -p")
    assert first.nopasswd and first.as_root and not first.everything


def test_each_tag_and_run_as_counts_for_the_commands_after_it() -> None:
    rules = read("bob ALL=(www) /bin/a, (root) NOPASSWD: /bin/b, PASSWD: /bin/c\\, d").rules
    assert [(r.run_as, r.nopasswd, r.commands) for r in rules] == [
        ("www", False, ("/bin/a",)),
        ("root", True, ("/bin/b",)),
        ("root", False, ("/bin/c\\, d",)),
    ]


def test_files_that_sudo_skips_give_nothing() -> None:
    with pytest.raises(NotCollected):
        read("")
    assert read("eve ALL=(ALL) ALL", "/etc/sudoers.d/eve.bak").rules == ()


def test_doas() -> None:
    found = read("permit nopass :wheel\npermit bob as www cmd /bin/x args -a\ndeny eve", "/etc/doas.conf")
    wheel, bob = found.rules
    assert (wheel.who, wheel.everything, wheel.nopasswd) == ("%wheel", True, True)
    assert (bob.commands, bob.run_as) == (("/bin/x -a",), "www")
    assert not found.sudo


def test_version_and_rules_included_from_elsewhere() -> None:
    text = "#includedir /etc/sudoers.d\n@include /opt/office/sudoers\n#include local\n# include nothing\n"
    found = read(text + "root ALL=(ALL) ALL")
    assert found.unread == ("/opt/office/sudoers", "/etc/local")
    assert found.version == ()
    rules = "\x1erules\n/etc/sudoers:1:root ALL=(ALL) ALL\n\x1eversion\nSudo version 1.9.13p3\n\x1emodes"
    assert sudoers.parse(Output(rules.encode())).version == (1, 9, 13)


def test_neither_installed() -> None:
    with pytest.raises(Absent):
        sudoers.parse(Output())
