"""Accounts, groups and passwords."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.access import accounts, passwords
from scanner.check import Check
from scanner.facts.accounts import Group, LoginDefs, Setting, ShadowEntry, User, Users
from scanner.facts.files import FileMode, FileModes
from scanner.facts.pam import Pam, PamRule
from scanner.model import Evidence, Status

ROOT = User("root", "x", 0, 0, "/root", "/bin/bash", 1)
BOB = User("bob", "x", 1000, 1000, "/home/bob", "/bin/bash", 2)
USERS = Users((ROOT, BOB))
GROUPS = (Group("root", 0, (), 1), Group("bob", 1000, (), 2), Group("shadow", 42, (), 3))
ENTRY = ShadowEntry("bob", False, "$y", 20000, 1, 365, 7, 30, None, 2)
LOCKED = ShadowEntry("eve", True, "", 20000, None, None, None, None, None, 3)
PLACE = Evidence("/etc/somewhere", "line", 1)


def with_user(**change: Any) -> Users:
    """A third user, different from bob in his name, id and what is given."""
    change = {"name": "eve", "uid": 1001, **change}
    return Users((ROOT, BOB, replace(BOB, **change)))


def defs(**values: str) -> LoginDefs:
    return LoginDefs({name: Setting(value, PLACE) for name, value in values.items()})


def inactive(days: str) -> dict[str, Setting]:
    return {"INACTIVE": Setting(days, PLACE)}


def profile(text: str) -> LoginDefs:
    return LoginDefs({}, (Evidence("/etc/profile", text, 1),))


def rule(kind: str, module: str, *args: str) -> PamRule:
    return PamRule(kind, "required", module, args, PLACE)


def pam(service: str, *rules: PamRule) -> Pam:
    return Pam({service: rules}, {})


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (accounts.only_root, (USERS,), (with_user(uid=0),)),
        (accounts.unique_users, (USERS,), (with_user(uid=1000),)),
        (accounts.unique_groups, (GROUPS,), ((*GROUPS, Group("wheel", 0, (), 4)),)),
        (accounts.known_groups, (USERS, GROUPS), (with_user(gid=4999), GROUPS)),
        (accounts.no_nis_entries, (USERS,), (replace(USERS, nis=(PLACE,)),)),
        (accounts.system_accounts, (USERS, None), (with_user(uid=5), None)),
        (accounts.system_accounts, (with_user(uid=600), defs(UID_MIN="500")), (with_user(uid=600), None)),
        (accounts.shadow_group, (USERS, GROUPS), (USERS, (Group("shadow", 42, ("bob",), 3),))),
        (accounts.shadow_group, (USERS, GROUPS), (with_user(gid=42), GROUPS)),
        (accounts.no_trust_files, ((),), (("/home/bob/.netrc",),)),
        (accounts.idle_shells, (profile("readonly TMOUT=900"),), (profile("TMOUT=0"),)),
        (accounts.idle_shells, (profile("TMOUT=60"),), (defs(),)),
        (accounts.default_umask, (profile("umask 027"), None), (profile("umask 022"), None)),
        (accounts.inactive_accounts, ((ENTRY,), inactive("30")), ((ENTRY,), inactive("-1"))),
        (accounts.inactive_accounts, ((LOCKED,), inactive("30")),
         ((replace(ENTRY, inactive_days=None),), inactive("30"))),
        (passwords.no_empty_passwords, (USERS, (ENTRY,)), (USERS, (replace(ENTRY, scheme=""),))),
        (passwords.no_empty_passwords, (USERS, (LOCKED,)), (with_user(password=""), (ENTRY,))),
        (passwords.shadowed, (with_user(password="!*"),), (with_user(password="$6"),)),
        (passwords.strong_hashes, ((ENTRY, replace(ENTRY, scheme="*")),), ((replace(ENTRY, scheme="DES"),),)),
        (passwords.strong_method, (defs(ENCRYPT_METHOD="SHA512"), None), (defs(), None)),
        (passwords.strong_method,
         (defs(ENCRYPT_METHOD="MD5"), pam("passwd", rule("password", "pam_unix", "yescrypt"))),
         (defs(ENCRYPT_METHOD="SHA512"), pam("passwd", rule("password", "pam_unix", "md5")))),
        (passwords.maximum_age, (defs(PASS_MAX_DAYS="365"),), (defs(PASS_MAX_DAYS="99999"),)),
        (passwords.minimum_age, (defs(PASS_MIN_DAYS="1"),), (defs(PASS_MIN_DAYS="0"),)),
        (passwords.warning, (defs(PASS_WARN_AGE="7"),), (defs(),)),
        (passwords.passwords_run_out, ((ENTRY, LOCKED),), ((replace(ENTRY, max_days=None),),)),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)  # fmt: skip
def test_good_and_bad(check: Check, good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    assert check(*good).status is Status.PASS
    assert check(*bad).status is Status.FAIL


def test_umask_counts_only_where_something_applies_it() -> None:
    applied = pam("login", rule("session", "pam_umask"))
    assert accounts.default_umask(defs(UMASK="027"), applied).status is Status.PASS
    assert accounts.default_umask(defs(UMASK="027"), pam("login")).status is Status.FAIL
    assert accounts.default_umask(defs(UMASK="022"), applied).status is Status.FAIL
    bashrc = Evidence("/etc/bashrc", "[ `umask` -eq 0 ] && umask 022", 76)
    assert (
        accounts.default_umask(replace(defs(UMASK="027"), profile=(bashrc,)), applied).status is Status.PASS
    )


def test_root_is_never_asked_to_lock_for_inactivity() -> None:
    root = replace(ENTRY, name="root", inactive_days=None)
    assert accounts.inactive_accounts((root,), inactive("30")).status is Status.PASS


@pytest.mark.parametrize(
    ("mode", "uid", "status"), [(0o750, 1000, "pass"), (0o755, 1000, "fail"), (0o700, 0, "fail")]
)
def test_home_folders(mode: int, uid: int, status: str) -> None:
    modes = FileModes({"/home/bob": FileMode("/home/bob", "folder", mode, uid, 1000)})
    assert accounts.home_folders(USERS, modes).status == status
    assert accounts.home_folders(USERS, FileModes({}, frozenset({"/home/bob"}))).status is Status.UNKNOWN


def test_a_change_in_the_future() -> None:
    now = datetime(2024, 10, 4, tzinfo=UTC)
    assert passwords.change_in_future((replace(ENTRY, last_change=20001),), now).status is Status.PASS
    assert passwords.change_in_future((replace(ENTRY, last_change=20002),), now).status is Status.FAIL
