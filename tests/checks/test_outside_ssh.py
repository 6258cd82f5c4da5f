"""SSH servers seen from outside: what each check says of typed facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.outside import ssh_login, ssh_server
from scanner.check import Check
from scanner.facts.ssh_server import STRICT_KEX, HostKey, SshServer, SshServers
from scanner.model import Port, Status

SOUND = SshServer(
    Port(22),
    "SSH-2.0-OpenSSH_10.0p2",
    software="OpenSSH_10.0p2",
    key_exchanges=("mlkem768x25519-sha256", "ecdh-sha2-nistp256", STRICT_KEX),
    host_key_algorithms=("ssh-ed25519", "rsa-sha2-512"),
    ciphers=("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"),
    macs=("hmac-sha2-512-etm@openssh.com", "hmac-sha2-256"),
    host_keys=(HostKey("ssh-rsa", 3072, "SHA256:r"), HostKey("ssh-ed25519", 256, "SHA256:e")),
    group_exchange_bits=2048,
    auth_methods=("publickey",),
)
# Before an observer has seen more than the banner.
BARE = SshServer(Port(22), "SSH-2.0-x", unread_login="the connection was cut")


def servers(**changes: Any) -> SshServers:
    return SshServers((replace(SOUND, **changes),))


@pytest.mark.parametrize(
    ("check", "change", "words"),
    [
        (ssh_server.protocol_two, {"protocol": "1.99"}, "on 22/tcp: protocol 1.99"),
        (ssh_server.key_exchanges, {"key_exchanges": ("gss-gex-sha1-toWM5S==",)}, "gss-gex-sha1"),
        (ssh_server.key_exchanges, {"group_exchange_bits": 1024}, "shorter than 2048 bits on 22/tcp"),
        (
            ssh_server.ciphers,
            {"ciphers": ("aes256-ctr", "3des-cbc", "arcfour128")},
            "22/tcp: 3des-cbc, arcfour128",
        ),
        (ssh_server.macs, {"macs": ("hmac-md5-96-etm@openssh.com",)}, "hmac-md5-96-etm"),
        (ssh_server.host_key_algorithms, {"host_key_algorithms": ("ssh-rsa",)}, "ssh-rsa"),
        (
            ssh_server.host_keys,
            {"host_keys": (HostKey("ssh-rsa", 1024, "SHA256:r"),)},
            "ssh-rsa with 1024 bits",
        ),
        (ssh_server.terrapin, {"key_exchanges": ("curve25519-sha256",)}, "chacha20-poly1305@openssh.com"),
        (ssh_login.passwords, {"auth_methods": ("publickey", "password")}, "22/tcp: password"),
        (ssh_login.passwords, {"auth_methods": ("none",)}, "22/tcp: none"),
    ],
)
def test_a_fault(check: Check, change: dict[str, Any], words: str) -> None:
    assert check(servers()).status is Status.PASS
    found = check(servers(**change))
    assert found.status is Status.FAIL and words in found.message and found.evidence


@pytest.mark.parametrize(
    ("check", "change", "words"),
    [
        (ssh_server.post_quantum, {"key_exchanges": ("curve25519-sha256",)}, "only classical"),
        (ssh_login.banner, {"comment": "Debian-2+deb12u3"}, "Debian-2+deb12u3"),
        (ssh_login.openssh_version, {"software": "OpenSSH_9.7p1"}, "CVE-2025-26466, CVE-2024-6387"),
    ],
)
def test_worth_knowing(check: Check, change: dict[str, Any], words: str) -> None:
    assert check(servers()).status is Status.PASS
    found = check(servers(**change))
    assert found.status is Status.INFORMATIONAL and words in found.message


@pytest.mark.parametrize(
    "check",
    [
        ssh_server.key_exchanges,
        ssh_server.ciphers,
        ssh_server.macs,
        ssh_server.host_key_algorithms,
        ssh_server.host_keys,
        ssh_server.terrapin,
        ssh_server.post_quantum,
        ssh_login.passwords,
    ],
    ids=lambda check: check.info.id,
)
def test_what_was_not_seen_is_unknown(check: Check) -> None:
    assert "the connection was cut" in check(SshServers((BARE,))).message
    assert check(SshServers((BARE,))).status is Status.UNKNOWN
    assert check(SshServers((SOUND,), ("2222/tcp: no answer",))).status is Status.UNKNOWN


def test_keys_that_were_not_shown_are_not_passed() -> None:
    assert ssh_server.host_keys(servers(unread_keys=("ssh-rsa: cut",))).status is Status.UNKNOWN


def test_terrapin_needs_a_cipher_that_it_works_on() -> None:
    old = {"key_exchanges": ("curve25519-sha256",)}
    assert ssh_server.terrapin(servers(**old, ciphers=("aes256-ctr", "aes128-cbc"))).status is Status.FAIL
    assert ssh_server.terrapin(servers(**old, ciphers=("aes256-ctr",))).status is Status.PASS
    no_etm = servers(**old, ciphers=("aes128-cbc",), macs=("hmac-sha2-256",))
    assert ssh_server.terrapin(no_etm).status is Status.PASS


def test_one_time_codes_may_be_allowed() -> None:
    codes = servers(auth_methods=("publickey", "keyboard-interactive"))
    assert ssh_login.passwords(codes).status is Status.FAIL
    assert ssh_login.passwords(codes, refused=("none", "password")).status is Status.PASS


def test_cautions_are_shown_with_a_pass() -> None:
    assert "hmac-sha2-256: computed over the plain text" in ssh_server.macs(servers()).evidence[0].text


@pytest.mark.parametrize(
    ("software", "cves"),
    [
        ("OpenSSH_9.9p2", []),
        ("OpenSSH_9.9p1", ["CVE-2025-26466"]),
        ("OpenSSH_for_Windows_8.1", []),
        ("OpenSSH_6.6.1p1", ["CVE-2018-15473", "CVE-2015-5600"]),
    ],
)
def test_versions(software: str, cves: list[str]) -> None:
    message = ssh_login.openssh_version(servers(software=software)).message
    assert [cve for cve in cves if cve in message] == cves and message.count("CVE-") == len(cves)


def test_another_product_has_no_openssh_version() -> None:
    assert ssh_login.openssh_version(servers(software="dropbear_2022.83")).status is Status.NOTAPPLICABLE
