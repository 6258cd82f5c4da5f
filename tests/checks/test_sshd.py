"""Logging in over SSH, its algorithms and keys."""

from __future__ import annotations

from typing import Any

import pytest

from checks.access import ssh, ssh_keys
from scanner.check import Check
from scanner.facts.accounts import Group, User, Users
from scanner.facts.files import FileMode, FileModes
from scanner.facts.sshd import MatchBlock, PublicKey, SshdConfig
from scanner.model import Evidence, Status

PLACE = Evidence("/etc/ssh/sshd_config", "line", 1)


def config(keyword: str, value: str, **more: Any) -> SshdConfig:
    return SshdConfig(more.pop("source", "sshd -T"), {keyword: (value,)}, **more)


@pytest.mark.parametrize(
    ("check", "keyword", "good", "bad"),
    [
        (ssh.root_login, "permitrootlogin", "no", "prohibit-password"),
        (ssh.empty_passwords, "permitemptypasswords", "no", "yes"),
        (ssh.max_auth_tries, "maxauthtries", "4", "5"),
        (ssh.x11_forwarding, "x11forwarding", "no", "yes"),
        (ssh.login_grace, "logingracetime", "60", "0"),
        (ssh.login_banner, "banner", "/etc/issue.net", "none"),
        (ssh.log_level, "loglevel", "VERBOSE", "DEBUG3"),
        (ssh.user_environment, "permituserenvironment", "no", "LANG,LC_*"),
        (ssh.strict_modes, "strictmodes", "yes", "no"),
        (ssh.use_pam, "usepam", "yes", "no"),
        (ssh_keys.ciphers, "ciphers", "aes256-ctr", "aes256-ctr,aes128-cbc"),
        (ssh_keys.macs, "macs", "hmac-sha2-256,umac-128@openssh.com", "hmac-sha1-etm@openssh.com"),
        (ssh_keys.key_exchange, "kexalgorithms", "curve25519-sha256", "diffie-hellman-group14-sha1"),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)
def test_a_setting(check: Check, keyword: str, good: str, bad: str) -> None:
    assert check(config(keyword, good)).status is Status.PASS
    failed = check(config(keyword, bad, lines={keyword: PLACE}))
    assert (failed.status, failed.evidence) == (Status.FAIL, (PLACE,))
    assert check(SshdConfig("sshd -T", {})).status is Status.UNKNOWN


def test_a_match_block_that_opens_again_is_found() -> None:
    block = MatchBlock("Address 10.0.0.0/8", {"permitrootlogin": PLACE}, {"permitrootlogin": "yes"})
    result = ssh.root_login(config("permitrootlogin", "no", matches=(block,)))
    assert result.status is Status.FAIL and "Address 10.0.0.0/8" in result.message
    assert ssh.x11_forwarding(config("x11forwarding", "no", matches=(block,))).status is Status.PASS


def test_passwords_alone() -> None:
    off = {"passwordauthentication": ("no",), "kbdinteractiveauthentication": ("no",), "usepam": ("yes",)}
    assert ssh.password_login(SshdConfig("sshd -T", off)).status is Status.PASS
    asks_pam = off | {"kbdinteractiveauthentication": ("yes",)}
    assert ssh.password_login(SshdConfig("sshd -T", asks_pam)).status is Status.FAIL
    assert ssh.password_login(SshdConfig("sshd -T", asks_pam | {"usepam": ("no",)})).status is Status.PASS
    both = {"authenticationmethods": ("publickey,password",), "passwordauthentication": ("yes",)}
    assert ssh.password_login(SshdConfig("sshd -T", both)).status is Status.PASS
    method = {"authenticationmethods": "password"}
    block = MatchBlock("User ann", {"authenticationmethods": PLACE}, method)
    assert ssh.password_login(SshdConfig("sshd -T", both, matches=(block,))).status is Status.FAIL


def test_dead_sessions() -> None:
    def sessions(interval: str, count: str) -> Status:
        values = {"clientaliveinterval": (interval,), "clientalivecountmax": (count,)}
        return ssh.dead_sessions(SshdConfig("sshd -T", values)).status

    assert sessions("300", "3") is Status.PASS
    assert sessions("0", "3") is Status.FAIL
    assert sessions("300", "0") is Status.FAIL


def test_login_list() -> None:
    assert ssh.login_list(config("allowgroups", "staff")).status is Status.PASS
    assert ssh.login_list(config("port", "22")).status is Status.FAIL
    assert ssh.login_list(config("allowusers", "*")).status is Status.FAIL
    unread = config("port", "22", source="files", unread=("/opt/x",))
    assert ssh.login_list(unread).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("check", "first", "second"),
    [
        (ssh.host_based_login, "hostbasedauthentication", "ignorerhosts"),
        (ssh.open_forwarding, "gatewayports", "permittunnel"),
    ],
)
def test_two_settings(check: Check, first: str, second: str) -> None:
    good = {first: ("no",), second: ("yes" if second == "ignorerhosts" else "no",)}
    assert check(SshdConfig("sshd -T", good)).status is Status.PASS
    assert check(SshdConfig("sshd -T", good | {first: ("yes",)})).status is Status.FAIL
    bad = "no" if second == "ignorerhosts" else "ethernet"
    assert check(SshdConfig("sshd -T", good | {second: (bad,)})).status is Status.FAIL


def test_algorithms_that_only_a_file_tells() -> None:
    for value, status in (
        ("+aes128-cbc", Status.FAIL),
        ("+aes256-ctr", Status.UNKNOWN),
        ("-*-cbc", Status.UNKNOWN),
    ):
        assert ssh_keys.ciphers(config("ciphers", value, source="files")).status is status


def test_host_keys() -> None:
    good = PublicKey("ssh-rsa", 3072, source="/etc/ssh/ssh_host_rsa_key.pub")
    assert ssh_keys.host_keys(config("port", "22", host_keys=(good,))).status is Status.PASS
    bad = PublicKey("ssh-rsa", 1024, source="/etc/ssh/ssh_host_rsa_key.pub")
    assert ssh_keys.host_keys(config("port", "22", host_keys=(good, bad))).status is Status.FAIL
    assert ssh_keys.host_keys(config("port", "22")).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("mode", "gid", "status"),
    [(0o600, 0, Status.PASS), (0o640, 997, Status.PASS), (0o640, 100, Status.FAIL), (0o640, 0, Status.FAIL)],
)
def test_host_key_modes(mode: int, gid: int, status: Status) -> None:
    path = "/etc/ssh/ssh_host_rsa_key"
    modes = FileModes({path: FileMode(path, "file", mode, 0, gid)})
    assert ssh_keys.host_key_modes(modes, (Group("ssh_keys", 997, (), 1),)).status is status


def test_host_keys_that_could_not_be_looked_at() -> None:
    hidden = FileModes({}, frozenset({"/etc/ssh/ssh_host_*_key"}))
    assert ssh_keys.host_key_modes(hidden, ()).status is Status.UNKNOWN
    assert ssh_keys.host_key_modes(FileModes({}), ()).status is Status.NOTAPPLICABLE


def test_keys_of_people() -> None:
    root = "/root/.ssh/authorized_keys"
    good = PublicKey("ssh-ed25519", 256, options='from="10.0.0.1"', source=root)
    sshd, people = config("authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2"), Users(())
    assert ssh_keys.user_keys((good,), sshd, people).status is Status.PASS
    assert ssh_keys.root_keys((good,), sshd).status is Status.PASS
    bad = PublicKey("ssh-dss", 1024, source=root)
    assert ssh_keys.user_keys((good, bad), sshd, people).status is Status.FAIL
    assert ssh_keys.root_keys((good, bad), sshd).status is Status.FAIL


@pytest.mark.parametrize(
    ("sshd", "home"),
    [
        (config("authorizedkeysfile", "/etc/ssh/keys/%u"), "/home/ann"),
        (config("authorizedkeyscommand", "/usr/bin/sss_ssh_authorizedkeys"), "/home/ann"),
        (config("port", "22", source="files", unread=("/opt/x",)), "/home/ann"),
        (config("authorizedkeyscommand", "none"), "/data/home/ann"),
        (config("authorizedkeyscommand", "none"), "/home/staff/ann"),
    ],
)
def test_keys_that_were_not_looked_at(sshd: SshdConfig, home: str) -> None:
    people = Users((User("ann", "x", 1000, 1000, home, "/bin/bash", 1),))
    assert ssh_keys.user_keys((), sshd, people).status is Status.UNKNOWN
