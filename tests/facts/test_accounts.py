"""Accounts. Recorded on Debian 12 (`weak`, `hardened`) and on busybox; the hashes were made up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scanner.facts.accounts import ACCOUNTS, SHADOW, groups, login_defs, shadow, useradd_defaults, users
from scanner.facts.spec import Absent, NotCollected, Output
from scanner.model import Asset

RECORDED = Path(__file__).parent / "recorded"
WEAK = Output((RECORDED / "accounts/weak.txt").read_bytes())
BUSYBOX = Output((RECORDED / "accounts/busybox.txt").read_bytes())


def test_users_with_what_is_odd_apart() -> None:
    found = users.parse(WEAK)
    assert {user.name for user in found.entries if user.uid == 0} == {"root", "toor"}
    former = next(user for user in found.entries if user.name == "former")
    assert (former.password, former.gid, former.evidence.line) == ("$1", 4999, former.line)
    assert [line.text for line in found.nis] == ["+::::::"]
    assert {user.name for user in found.entries if user.can_log_in} >= {"root", "games", "clerk"}


def test_groups_with_their_members() -> None:
    found = {group.name: group for group in groups.parse(WEAK)}
    assert found["shadow"].members == ("vendor",)
    assert found["wheel0"].gid == found["root"].gid == 0


def test_busybox_has_accounts_and_no_login_defs() -> None:
    assert "root" in {user.name for user in users.parse(BUSYBOX).entries}
    with pytest.raises(Absent):
        login_defs.parse(BUSYBOX)


def test_login_defs_that_may_not_be_read_are_not_absent() -> None:
    with pytest.raises(NotCollected):
        login_defs.parse(Output(b"\x1elogin_defs\nclosed\n\x1eprofile\n"))


def test_password_states() -> None:
    found = {entry.name: entry for entry in shadow.parse(Output((RECORDED / "shadow/weak.txt").read_bytes()))}
    assert found["intern"].open
    assert found["clerk"].has_password
    assert (found["clerk"].scheme, found["clerk"].last_change, found["clerk"].max_days) == (
        "$1",
        47117,
        99999,
    )
    assert found["mayor"].locked and not found["mayor"].has_password
    assert not found["root"].has_password and not found["root"].open


def test_settings_keep_their_line() -> None:
    defs = login_defs.parse(WEAK)
    assert defs.values["PASS_MAX_DAYS"].number == 99999
    assert defs.values["PASS_MAX_DAYS"].evidence.line == 165
    found = useradd_defaults.parse(Output((RECORDED / "useradd/hardened.txt").read_bytes()))
    assert found["INACTIVE"].number == 30


def test_nothing_read_is_not_nobody() -> None:
    for fact in (users, groups, shadow):
        with pytest.raises(NotCollected):
            fact.parse(Output())
    with pytest.raises(Absent):
        useradd_defaults.parse(Output())


@pytest.mark.parametrize("awk", ["mawk", "busybox awk"])
@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("$y$j9T$salt$secret", "$y"),
        ("!$6$salt$secret", "!$6"),
        ("!!", "!"),
        ("*", "*"),
        ("", ""),
        ("x", "x"),
        ("abSECRETsecre", "DES"),
        ("$secret-without-a-second-dollar", "$?"),
        ("*LK*secret", "*"),
    ],
)
def test_no_hash_leaves_the_asset(awk: str, field: str, sent: str) -> None:
    line = f"eve:{field}:1:0:9:7:::\n"
    for probe, file in ((SHADOW, "/etc/shadow"), (ACCOUNTS, "/etc/passwd")):
        script = probe.text(Asset("a")).replace("R cat", "cat").replace(file, "/dev/stdin")
        prelude = f'S() {{ echo; }}; awk() {{ {awk} "$@"; }}; '
        done = subprocess.run(["sh", "-c", prelude + script], input=line, capture_output=True, text=True)
        assert f"eve:{sent}:1:0:9:7:::" in done.stdout
        assert "ecre" not in done.stdout
