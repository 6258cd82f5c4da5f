"""Audit rules. `rules-loaded` has the lists of auditctl 3.0.9 from a kernel with the rules in; the others are
from Debian 12 hosts in namespaces, where the kernel refuses auditctl and the file is read instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.audit import audit_rules, auditd_conf
from scanner.facts.spec import Absent, NotCollected, Output

RECORDED = Path(__file__).parent / "recorded/audit"


def output(name: str) -> Output:
    return Output((RECORDED / f"{name}.txt").read_bytes())


@pytest.mark.parametrize(
    ("name", "source", "immutable"),
    [
        ("rules-loaded", "auditctl -l", False),
        ("rules-from-file", "/etc/audit/audit.rules", True),
    ],
)
def test_rules(name: str, source: str, immutable: bool) -> None:
    seen = audit_rules.parse(output(name))
    assert (seen.source, seen.immutable, len(seen.rules)) == (source, immutable, 11)
    assert seen.watches("/etc/shadow") and not seen.watches("/etc/hosts")
    assert seen.records("clock_settime") and not seen.records("unlink")


def test_locked_rules() -> None:
    locked = Output(output("rules-loaded").stdout.replace(b"enabled 0", b"enabled 2"))
    assert audit_rules.parse(locked).immutable


def test_no_rules() -> None:
    assert audit_rules.parse(output("debian-default")).rules == ()


@pytest.mark.parametrize(
    ("rule", "watched"),
    [
        ("-w /etc -p wa", True),
        ("-w /etc/passwd -p r", False),
        ("-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa", True),
        ("-a never,exit -F dir=/etc -F perm=wa", False),
        ("-w /etc/pass -p wa", False),
        ("-w", False),
    ],
)
def test_what_a_rule_watches(rule: str, watched: bool) -> None:
    seen = audit_rules.parse(Output(f"\x1eloaded\n{rule}\n".encode()))
    assert seen.watches("/etc/passwd") == watched


def test_configuration() -> None:
    assert auditd_conf.parse(output("debian-default"))["disk_full_action"] == "ignore"


def test_not_installed_and_not_readable() -> None:
    with pytest.raises(Absent):
        audit_rules.parse(Output(exit=3))
    for fact in (audit_rules, auditd_conf):
        with pytest.raises(NotCollected):
            fact.parse(Output(b"\x1eloaded\n!failed\n\x1efile\n!failed\n\x1econfig\n!failed\n"))
