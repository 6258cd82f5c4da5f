"""Who may act as root."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.access import sudo
from scanner.check import Check
from scanner.facts.accounts import Group, User, Users
from scanner.facts.files import FileMode, FileModes
from scanner.facts.sudo import Default, Sudoers, SudoRule
from scanner.model import Evidence, Status

PLACE = Evidence("/etc/sudoers", "line", 1)
RULE = SudoRule("%sudo", ("ALL",), (), "ALL", False, PLACE)
NONE = Sudoers((), (), FileModes({}))
DOAS = replace(NONE, sudo=False)


def rules(*given: SudoRule) -> Sudoers:
    return replace(NONE, rules=given)


def default(name: str, value: str) -> Sudoers:
    return replace(NONE, defaults=(Default(name, value, "", PLACE),))


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (sudo.password_asked, rules(RULE), rules(replace(RULE, nopasswd=True))),
        (sudo.password_asked, rules(replace(RULE, commands=("/bin/x",), nopasswd=True)),
         default("authenticate", "off")),
        (sudo.own_terminal, default("use_pty", "on"), NONE),
        (sudo.logged, NONE, default("syslog", "off")),
        (sudo.logged, default("logfile", "/var/log/sudo.log"), default("syslog", "off")),
        (sudo.asks_again, NONE, default("timestamp_timeout", "-1")),
        (sudo.asks_again, default("timestamp_timeout", "0.5"), default("timestamp_timeout", "60")),
        (sudo.safe_path, default("secure_path", "/usr/bin:/bin"), NONE),
        (sudo.safe_path, default("secure_path", "/bin"), default("secure_path", "/bin:.")),
        (sudo.no_exceptions, rules(RULE), rules(replace(RULE, denied=("/bin/sh",)))),
        (sudo.no_hidden_shells, rules(replace(RULE, commands=("/usr/bin/less /var/log/syslog",))),
         rules(replace(RULE, commands=("/usr/bin/less",)))),
        (sudo.no_hidden_shells, rules(replace(RULE, commands=("/bin/cat /var/log/git",))),
         rules(replace(RULE, commands=("/usr/bin/vi *",)))),
        (sudo.no_hidden_shells, rules(replace(RULE, commands=("/bin/sh",), run_as="www")),
         rules(replace(RULE, commands=("/bin/sh",)))),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)  # fmt: skip
def test_good_and_bad(check: Check, good: Sudoers, bad: Sudoers) -> None:
    assert check(good).status is Status.PASS
    assert check(bad).status is Status.FAIL


@pytest.mark.parametrize("check", [sudo.own_terminal, sudo.logged, sudo.asks_again, sudo.safe_path])
def test_doas_has_no_such_setting(check: Check) -> None:
    assert check(DOAS).status is Status.NOTAPPLICABLE


def test_newer_sudo_gives_a_terminal_by_itself() -> None:
    assert sudo.own_terminal(replace(NONE, version=(1, 9, 14))).status is Status.PASS
    assert sudo.own_terminal(replace(NONE, version=(1, 9, 13))).status is Status.FAIL
    off = replace(default("use_pty", "off"), version=(1, 9, 14))
    assert sudo.own_terminal(off).status is Status.FAIL


def test_included_rules_that_were_not_read_are_no_pass() -> None:
    unread = replace(rules(replace(RULE, who="root")), unread=("/opt/sudoers",))
    for check in (sudo.password_asked, sudo.programs_protected, sudo.no_exceptions, sudo.no_hidden_shells):
        assert check(unread).status is Status.UNKNOWN
    assert sudo.few_administrators(unread, Users(()), ()).status is Status.UNKNOWN


def test_few_administrators() -> None:
    users = Users((User("prime", "x", 1001, 27, "/home/prime", "/bin/sh", 1),))
    few = (Group("sudo", 27, ("a", "b", "c", "d"), 1),)
    result = sudo.few_administrators(rules(RULE), users, few)
    assert result.status is Status.PASS and "prime" in result.message
    for name, status in (("domain admins", Status.UNKNOWN), ("admin", Status.PASS)):
        group = replace(RULE, who=f"%{name}")
        assert sudo.few_administrators(rules(group), users, few).status is status
    many = (Group("sudo", 27, ("a", "b", "c", "d", "e"), 1),)
    assert sudo.few_administrators(rules(RULE), users, many).status is Status.FAIL
    assert sudo.few_administrators(rules(replace(RULE, who="ALL")), users, few).status is Status.FAIL


def test_programs_protected() -> None:
    rule = replace(RULE, commands=("/opt/app/run -x",))
    modes = {"/opt/app/run": FileMode("/opt/app/run", "file", 0o755, 0, 0)}
    assert sudo.programs_protected(replace(rules(rule), modes=FileModes(modes))).status is Status.PASS
    modes["/opt/app"] = FileMode("/opt/app", "folder", 0o777, 0, 0)
    assert sudo.programs_protected(replace(rules(rule), modes=FileModes(modes))).status is Status.FAIL
