"""SSH servers seen from outside: real ones with good and with weak settings, and some that misbehave."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.outside import ssh_login
from checks.outside import ssh_server as checks
from checks.outside.ssh_algorithms import CIPHERS, HOST_KEYS, KEY_EXCHANGES, MACS, Opinion, opinions
from scanner.check import Check
from scanner.facts.exposure import OpenPort, PortScan
from scanner.facts.spec import Absent, NotCollected
from scanner.facts.ssh_server import SshServer, SshServers
from scanner.model import Asset, Port, Status
from scanner.outside.ssh import observe
from scanner.outside.ssh_kex import NotSsh, read_host_key, read_lists
from scanner.outside.target import Target
from tests.fleet.sshd import Sshd, make_key
from tests.outside import servers
from tests.outside.addresses import own

ADDRESS = own(40)
GOOD = {
    "KexAlgorithms": "-diffie-hellman-group14-*",
    "Ciphers": "aes256-gcm@openssh.com,aes256-ctr",
    "MACs": "hmac-sha2-256-etm@openssh.com,hmac-sha2-512",
    "HostKeyAlgorithms": "ssh-ed25519,rsa-sha2-512",
    "PasswordAuthentication": "no",
    "KbdInteractiveAuthentication": "no",
    "DebianBanner": "no",
}
WEAK = {
    "KexAlgorithms": "diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,curve25519-sha256@libssh.org",
    "Ciphers": "+aes128-cbc,3des-cbc",
    "MACs": "+hmac-md5,hmac-sha1-96-etm@openssh.com",
    "HostKeyAlgorithms": "+ssh-rsa,ssh-dss",
}


def look(port: int, seconds: float = 20) -> SshServers:
    scan = PortScan(ADDRESS, True, (OpenPort(Port(port), service="ssh"),))
    return observe(Target(Asset("web1"), ADDRESS, scan, time.monotonic() + seconds))


def verdict(check: Check, seen: SshServers) -> Status:
    status: Status = check(seen).status
    return status


@contextmanager
def sshd(folder: Path, config: Mapping[str, str], **keys: tuple[str, ...]) -> Iterator[Sshd]:
    """A real one, with host keys of these kinds: arguments of ssh-keygen."""
    made = [make_key(folder / "host_key")]
    for kind, options in keys.items():
        path = folder / kind
        command = ["ssh-keygen", "-q", "-N", "", "-f", str(path), "-t", kind, *options]
        subprocess.run(command, check=True)
        made.append(path)
    lines = "\nHostKey ".join(map(str, made))
    with Sshd(folder, ADDRESS, config={**config, "HostKey": lines}, host_key=made[0]) as server:
        yield server


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, SshServers]]:
    with sshd(tmp_path_factory.mktemp("good"), GOOD, rsa=("-b", "3072")) as server:
        yield server, look(server.port)


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, SshServers]]:
    with sshd(tmp_path_factory.mktemp("weak"), WEAK, rsa=("-b", "3072"), dsa=()) as server:
        yield server, look(server.port)


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (checks.key_exchanges, Status.FAIL),
        (checks.ciphers, Status.FAIL),
        (checks.macs, Status.FAIL),
        (checks.host_key_algorithms, Status.FAIL),
        (checks.host_keys, Status.FAIL),
        (ssh_login.passwords, Status.FAIL),
        (checks.post_quantum, Status.INFORMATIONAL),
        (ssh_login.banner, Status.INFORMATIONAL),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)
def test_each_check_tells_good_from_weak(
    check: Check, bad: Status, good: tuple[Sshd, SshServers], weak: tuple[Sshd, SshServers]
) -> None:
    assert check(good[1]).status is Status.PASS, check(good[1])
    assert check(weak[1]).status is bad, check(weak[1])


def test_host_keys_are_those_of_the_server(weak: tuple[Sshd, SshServers]) -> None:
    server, seen = weak
    files = server.host_key.parent
    for kind, name in (("host_key", "ssh-ed25519"), ("rsa", "ssh-rsa"), ("dsa", "ssh-dss")):
        shown = next(key for key in seen.servers[0].host_keys if key.kind == name)
        listed = subprocess.run(["ssh-keygen", "-lf", files / kind], capture_output=True, text=True).stdout
        assert listed.split()[:2] == [str(shown.bits), shown.fingerprint]


def test_a_short_rsa_key(tmp_path: Path) -> None:
    with sshd(tmp_path, {"RequiredRSASize": "1024"}, rsa=("-b", "1024")) as server:
        assert "ssh-rsa with 1024 bits" in checks.host_keys(look(server.port)).message


@pytest.mark.parametrize(
    "exchange",
    [
        "diffie-hellman-group-exchange-sha256",
        "diffie-hellman-group18-sha512",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "sntrup761x25519-sha512@openssh.com",
    ],
)
def test_a_server_with_one_key_exchange_only_shows_its_key(tmp_path: Path, exchange: str) -> None:
    with sshd(tmp_path, {"KexAlgorithms": exchange}) as server:
        seen = look(server.port).servers[0]
    assert [key.kind for key in seen.host_keys] == ["ssh-ed25519"]
    assert (seen.group_exchange_bits or 0) >= 2048 or "group-exchange" not in exchange


class Server(paramiko.ServerInterface):
    """Lets nobody in."""

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"


def paramiko_server(strict_kex: bool = True) -> servers.Talk:
    """An SSH server without the countermeasure to Terrapin, as an old one would be."""
    key = paramiko.RSAKey.generate(2048)

    def talk(connection: socket.socket) -> None:
        transport = paramiko.Transport(connection, strict_kex=strict_kex)
        transport.local_version = "SSH-2.0-OpenSSH_10.0p2"
        transport.add_server_key(key)
        with suppress(paramiko.SSHException, EOFError):
            transport.start_server(server=Server())
            transport.join(20)

    return talk


def test_terrapin() -> None:
    talks = {2201: paramiko_server(strict_kex=False), 2202: paramiko_server(strict_kex=True)}
    with servers.listeners(ADDRESS, talks):
        exposed, safe = look(2201), look(2202)
    assert checks.terrapin(exposed).message == (
        "Sessions can be cut at their start on 2201/tcp: aes128-cbc, aes192-cbc, aes256-cbc, 3des-cbc"
    )
    assert verdict(checks.terrapin, safe) is Status.PASS
    assert safe.servers[0].auth_methods == ("publickey",)


def test_stated_version(good: tuple[Sshd, SshServers]) -> None:
    with servers.listeners(ADDRESS, {2203: paramiko_server()}):
        assert verdict(ssh_login.openssh_version, look(2203)) is Status.PASS
    stated = SshServers((SshServer(Port(22), "SSH-2.0-OpenSSH_9.2p1", software="OpenSSH_9.2p1"),))
    assert "CVE-2024-6387" in ssh_login.openssh_version(stated).message


def test_a_server_of_protocol_one(good: tuple[Sshd, SshServers]) -> None:
    with servers.listeners(ADDRESS, {2204: lambda sock: sock.sendall(b"SSH-1.5-Cisco-1.25\r\n")}):
        seen = look(2204)
    assert verdict(checks.protocol_two, seen) is Status.FAIL
    assert verdict(checks.ciphers, seen) is Status.UNKNOWN
    assert verdict(checks.protocol_two, good[1]) is Status.PASS


# Where drscan and ssh-audit differ on purpose: drscan holds CBC for a reason to fail, not to warn, and NIST's
# curves for sound, as NIST and the BSI do. What quantum computers will break is left to SSV-009.
NOT_OURS = (
    "using elliptic curves that are suspected as being backdoored",
    "does not provide protection against post",
)


@pytest.mark.parametrize("which", ["good", "weak"])
def test_agrees_with_ssh_audit(which: str, request: pytest.FixtureRequest) -> None:
    server, seen = request.getfixturevalue(which)
    command = [sys.executable, "-m", "ssh_audit", "-j", "--skip-rate-test", "-p", str(server.port), ADDRESS]
    peer = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    ours = seen.servers[0]
    tables: Mapping[str, tuple[tuple[str, ...], tuple[Opinion, ...]]] = {
        "kex": (ours.key_exchanges, KEY_EXCHANGES),
        "key": (ours.host_key_algorithms, HOST_KEYS),
        "enc": (ours.ciphers, CIPHERS),
        "mac": (ours.macs, MACS),
    }
    for list_, (names, table) in tables.items():
        assert {entry["algorithm"] for entry in peer[list_]} == set(names)
        notes = {entry["algorithm"]: entry["notes"] for entry in peer[list_]}
        failing, warned = (
            {name for name in names if any_other(notes[name].get(level, []))} for level in ("fail", "warn")
        )
        failing |= {name for name in names if name.endswith("-cbc")}
        assert opinions(names, table, "weak").keys() == failing
        assert opinions(names, table, "caution").keys() - failing == warned - failing
    hashes = {f"SHA256:{key['hash']}" for key in peer["fingerprints"] if key["hash_alg"] == "SHA256"}
    assert hashes == {key.fingerprint for key in ours.host_keys}


def any_other(reasons: list[str]) -> bool:
    return any(not reason.startswith(NOT_OURS) for reason in reasons)


def packet(payload: bytes) -> bytes:
    return struct.pack(">IB", len(payload) + 5, 4) + payload + bytes(4)


def says_and_stays(*parts: bytes) -> servers.Talk:
    def talk(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        servers.silent(connection)

    return talk


def ignores_for_ever(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-x\r\n")
    while True:
        connection.sendall(packet(b"\x02" + bytes(1000)))


BANNER = b"SSH-2.0-x\r\n"
HOSTILE: Mapping[str, tuple[servers.Talk, str]] = {
    "silent": (servers.silent, "no answer within the time limit"),
    "tarpit": (servers.tarpit, "no answer within the time limit"),
    "garbage": (servers.garbage, "no SSH banner"),
    "hangs up": (lambda _: None, "it sends no SSH banner|the connection was cut"),
    "web server": (servers.says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it sends no SSH banner"),
    "stalls after the banner": (says_and_stays(BANNER), "no answer within the time limit"),
    "huge packet": (says_and_stays(BANNER, b"\xff\xff\xff\xff\x04"), "a packet with a wrong length"),
    "cut lists": (
        says_and_stays(BANNER, packet(b"\x14" + bytes(16) + b"\xff" * 9)),
        "a message that is cut short",
    ),
    "ends at once": (says_and_stays(BANNER, packet(b"\x01" + bytes(12))), "it ended the key exchange"),
    "endless packets": (ignores_for_ever, "more than the byte limit"),
}


@pytest.mark.parametrize("which", HOSTILE)
def test_a_server_that_misbehaves_is_not_collected(which: str) -> None:
    talk, why = HOSTILE[which]
    with servers.listeners(ADDRESS, {2210: talk}), pytest.raises(NotCollected, match=why):
        look(2210, seconds=0.5)


def test_a_server_that_stalls_in_the_key_exchange_still_shows_its_lists() -> None:
    lists = [
        b"curve25519-sha256",
        b"ssh-ed25519",
        *[b"aes256-ctr"] * 2,
        *[b"hmac-sha2-256"] * 2,
        *[b"none"] * 2,
    ]
    names = b"".join(struct.pack(">I", len(each)) + each for each in (*lists, b"", b""))
    talk = says_and_stays(BANNER, packet(b"\x14" + bytes(16) + names + bytes(5)))
    with servers.listeners(ADDRESS, {2211: talk}):
        seen = look(2211, seconds=0.5)
    assert seen.servers[0].ciphers == ("aes256-ctr",)
    assert verdict(checks.host_keys, seen) is Status.UNKNOWN
    assert verdict(ssh_login.passwords, seen) is Status.UNKNOWN


def test_nothing_to_look_at_is_absent() -> None:
    scan = PortScan(ADDRESS, True, (OpenPort(Port(80), service="http"), OpenPort(Port(22), service="ftp")))
    with pytest.raises(Absent):
        observe(Target(Asset("web1"), ADDRESS, scan))


@pytest.mark.parametrize("read", [read_lists, read_host_key])
@given(data=st.binary(max_size=300))
def test_no_bytes_break_a_reader(read: Callable[[bytes], object], data: bytes) -> None:
    with suppress(NotSsh):
        read(data)


def test_no_thread_is_left(good: tuple[Sshd, SshServers]) -> None:
    before = threading.active_count()
    look(good[0].port)
    assert threading.active_count() == before
