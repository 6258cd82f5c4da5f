"""The SSH transport against real OpenSSH servers, and against servers that fail in one way each."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.facts.spec import Probe
from scanner.model import Asset, Connection, Reach, SecretRef
from scanner.transport.base import Collected, Limits
from scanner.transport.collect import Collector
from scanner.transport.frame import render
from scanner.transport.trust import add, look
from tests.fleet import faults
from tests.fleet.sshd import Sshd, make_key

HELLO = Probe("hello", "echo hello")
FLOOD = Probe("flood", "yes", max_bytes=100_000_000)
LIMITS = Limits(asset_seconds=20, connect_seconds=5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """One real sshd."""
    with Sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(autouse=True)
def bare_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys, agent or known_hosts but those that a test gives."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def connection(server: Sshd, **changes: object) -> Connection:
    known = Connection("ssh", server.address, server.port, server.user, (str(server.identity),))
    return replace(known, **changes)  # type: ignore[arg-type]


def known_hosts(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "known"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def collect(
    target: Connection, known: Path, *probes: Probe, limits: Limits = LIMITS, **options: object
) -> Collected:
    asset = Asset("a", target)
    batch = render(probes or (HELLO,), asset, seconds=limits.probe_seconds, max_bytes=limits.probe_bytes)
    return Collector(limits, [known], **options).collect(asset, batch)  # type: ignore[arg-type]


def test_a_key_logs_in_and_the_batch_runs(server: Sshd, tmp_path: Path) -> None:
    found = collect(connection(server), known_hosts(tmp_path, *server.known_hosts()))
    assert found.reach.ok and found.platform == "linux"
    assert found.outputs["hello"].stdout == b"hello\n"
    assert found.reach.host_key and found.reach.host_key.startswith("SHA256:")


def test_an_agent_logs_in(server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        subprocess.run(["ssh-add", "-q", server.identity], check=True)
        known = known_hosts(tmp_path, *server.known_hosts())
        assert collect(connection(server, identity_files=()), known).reach.ok
    finally:
        agent.terminate()
        agent.wait()


def test_a_key_with_a_passphrase_says_what_to_do(server: Sshd, tmp_path: Path) -> None:
    key = shutil.copy(server.identity, tmp_path / "locked")
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "secret", "-f", key], check=True, capture_output=True)
    known = known_hosts(tmp_path, *server.known_hosts())
    reach = collect(connection(server, identity_files=(str(key),)), known).reach
    assert reach.outcome == "auth-failed" and "load it into ssh-agent" in reach.detail


def test_a_refused_key_names_what_was_tried(server: Sshd, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    known = known_hosts(tmp_path, *server.known_hosts())
    reach = collect(connection(server, identity_files=(str(other), "/nonexistent")), known).reach
    assert reach.outcome == "auth-failed"
    assert f"{other}: refused" in reach.detail and "/nonexistent: no such file" in reach.detail


def test_a_password_that_cannot_be_looked_up_is_told_without_it(server: Sshd, tmp_path: Path) -> None:
    def resolve(reference: SecretRef) -> str:
        raise LookupError("DB_PASSWORD is not set")

    target = connection(server, identity_files=(), password=SecretRef("env", "DB_PASSWORD"))
    known = known_hosts(tmp_path, *server.known_hosts())
    reach = collect(target, known, resolve_secret=resolve).reach
    assert reach == Reach("misconfigured", "password from env:DB_PASSWORD: DB_PASSWORD is not set")


def test_host_keys_are_checked_strictly(server: Sshd, tmp_path: Path) -> None:
    [line] = server.known_hosts()
    name, kind, blob = line.split()
    other = make_key(tmp_path / "other_host").with_suffix(".pub").read_text().split()[1]
    cases = {
        "host-key-unknown": [],
        "host-key-changed": [f"{name} {kind} {other}"],
        "host-key-revoked": [line, f"@revoked * {kind} {blob}"],
    }
    for outcome, lines in cases.items():
        assert collect(connection(server), known_hosts(tmp_path, *lines)).reach.outcome == outcome


def test_a_known_key_of_another_type_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    rsa = make_key(tmp_path / "rsa", "rsa")
    with Sshd(tmp_path / "server", port=2223, config={"HostKey": str(rsa)}, host_key=rsa) as server:
        assert collect(connection(server), known_hosts(tmp_path, *server.known_hosts())).reach.ok


def test_host_key_alias_is_the_name_on_file(server: Sshd, tmp_path: Path) -> None:
    _, kind, blob = server.known_hosts()[0].split()
    known = known_hosts(tmp_path, f"db01 {kind} {blob}")
    assert collect(connection(server, host_key_alias="db01"), known).reach.ok
    assert collect(connection(server, host_key_alias="db01", ssh_legacy=True), known).reach.ok


def test_trust_adds_what_the_server_presents(server: Sshd, tmp_path: Path) -> None:
    known = tmp_path / "new" / "known_hosts"
    collector = Collector(LIMITS, [known])
    offer = look(Asset("a", connection(server)), collector)
    assert offer.verdict == "unknown" and offer.key
    add(offer, known)
    assert look(Asset("a", connection(server)), collector).verdict == "known"
    assert collect(connection(server), known).reach.ok


def test_through_two_jump_hosts(server: Sshd, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with (
        Sshd(folders[0], "127.0.2.2", identity=server.identity) as one,
        Sshd(folders[1], "127.0.2.3", identity=server.identity) as two,
    ):
        hops = tuple(f"{hop.user}@{hop.address}:{hop.port}" for hop in (one, two))
        target = connection(server, proxy_jump=hops)
        lines = [*server.known_hosts(), *one.known_hosts(), *two.known_hosts()]
        assert collect(target, known_hosts(tmp_path, *lines)).outputs["hello"].stdout == b"hello\n"
        without_hop = known_hosts(tmp_path, *server.known_hosts(), *two.known_hosts())
        assert collect(target, without_hop).reach.outcome == "host-key-unknown"


def test_a_jump_host_may_take_another_key(server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "hop").mkdir()
    with Sshd(tmp_path / "hop", "127.0.2.2") as hop:
        spec = f"{hop.user}@{hop.address}:{hop.port}"
        target = connection(server, proxy_jump=(spec,), jump_identity_files=((str(hop.identity),),))
        known = known_hosts(tmp_path, *server.known_hosts(), *hop.known_hosts())
        assert collect(target, known).reach.ok
        assert collect(replace(target, jump_identity_files=()), known).reach.outcome == "auth-failed"


def test_hosts_that_hang_behind_a_jump_host_do_not_hold_up_the_others(server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "hop").mkdir()
    with (
        Sshd(tmp_path / "hop", "127.0.2.2", identity=server.identity) as hop,
        faults.silent() as (address, port),
    ):
        target = connection(server, proxy_jump=(f"{hop.user}@{hop.address}:{hop.port}",))
        limits = Limits(asset_seconds=12, connect_seconds=10)
        known = known_hosts(tmp_path, *server.known_hosts(), *hop.known_hosts())
        collector = Collector(limits, [known])
        asset = Asset("a", target)
        collector.prepare([asset])
        batch = render([HELLO], asset, seconds=20, max_bytes=99)
        hung = replace(asset, connection=replace(target, host=address, port=port))
        threads = [threading.Thread(target=collector.collect, args=(hung, batch)) for _ in range(10)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        assert collector.collect(asset, batch).reach.ok
        for thread in threads:
            thread.join()


def test_an_agent_that_never_answers_is_left_aside(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.transport.auth.AGENT_SECONDS", 0.5)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        known = known_hosts(tmp_path, *server.known_hosts())
        reach = collect(connection(server, identity_files=()), known).reach
    assert reach.outcome == "auth-failed"


def test_a_jump_host_that_does_not_forward(server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "hop").mkdir()
    config = {"AllowTcpForwarding": "no"}
    with Sshd(tmp_path / "hop", "127.0.2.2", identity=server.identity, config=config) as hop:
        target = connection(server, proxy_jump=(f"{hop.user}@{hop.address}:{hop.port}",))
        reach = collect(target, known_hosts(tmp_path, *server.known_hosts(), *hop.known_hosts())).reach
        assert reach.outcome == "unreachable" and "through" in reach.detail


def test_more_sessions_than_a_jump_host_takes_at_once(server: Sshd, tmp_path: Path) -> None:
    (tmp_path / "hop").mkdir()
    config = {"MaxStartups": "9:100:9"}
    with Sshd(tmp_path / "hop", "127.0.2.2", identity=server.identity, config=config) as hop:
        target = connection(server, proxy_jump=(f"{hop.user}@{hop.address}:{hop.port}",))
        known = known_hosts(tmp_path, *server.known_hosts(), *hop.known_hosts())
        asset = Asset("a", target)
        collector = Collector(replace(LIMITS, asset_seconds=60), [known])
        collector.prepare([asset])
        batch = render([HELLO], asset, seconds=20, max_bytes=99)
        reached = []
        threads = [
            threading.Thread(target=lambda: reached.append(collector.collect(asset, batch).reach.outcome))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert reached == ["ok"] * 20


@pytest.mark.parametrize(
    ("fault", "outcome", "words"),
    [
        (faults.refusing, "unreachable", "refused"),
        (faults.resetting, "unreachable", ""),
        (faults.silent, "unreachable", "no SSH handshake"),
        (faults.endless_banner, "unreachable", "does not speak SSH"),
    ],
)
def test_a_server_that_fails_costs_a_bounded_time(
    fault: object, outcome: str, words: str, tmp_path: Path
) -> None:
    limits = Limits(asset_seconds=3, connect_seconds=1)
    with fault() as (address, port):  # type: ignore[operator]
        began = time.monotonic()
        reach = collect(Connection("ssh", address, port), tmp_path / "none", limits=limits).reach
    assert reach.outcome == outcome and words in reach.detail
    assert time.monotonic() - began < 10


def test_a_connection_cut_mid_output_keeps_what_was_whole(server: Sshd, tmp_path: Path) -> None:
    with faults.cutting((server.address, server.port), 300_000) as (address, port):
        _, kind, blob = server.known_hosts()[0].split()
        known = known_hosts(tmp_path, f"[{address}]:{port} {kind} {blob}")
        target = connection(server, host=address, port=port)
        found = collect(target, known, HELLO, Probe("big", "head -c 900000 /dev/zero"))
    assert found.reach.outcome == "cut-off"
    assert found.outputs["hello"].stdout == b"hello\n" and "big" not in found.outputs


def test_a_flood_is_stopped_at_the_assets_byte_limit(server: Sshd, tmp_path: Path) -> None:
    limits = replace(LIMITS, asset_bytes=2_000_000)
    known = known_hosts(tmp_path, *server.known_hosts())
    found = collect(connection(server), known, HELLO, FLOOD, limits=limits)
    assert found.reach.outcome == "cut-off" and "2000000 bytes" in found.reach.detail
    assert found.outputs["hello"].stdout == b"hello\n"


def test_an_asset_that_takes_too_long_is_given_up(server: Sshd, tmp_path: Path) -> None:
    limits = replace(LIMITS, asset_seconds=1.5)
    known = known_hosts(tmp_path, *server.known_hosts())
    found = collect(connection(server), known, HELLO, Probe("slow", "sleep 60"), limits=limits)
    assert found.reach.outcome == "deadline"
    assert found.outputs["hello"].stdout == b"hello\n"


def test_weak_algorithms_are_not_offered(tmp_path: Path) -> None:
    (tmp_path / "weak").mkdir()
    with Sshd(tmp_path / "weak", "127.0.2.4", config={"Ciphers": "aes128-cbc"}) as weak:
        known = known_hosts(tmp_path, *weak.known_hosts())
        reach = collect(connection(weak), known).reach
        assert reach.outcome == "no-common-algorithm"
        legacy = collect(connection(weak, ssh_legacy=True), known)
        assert legacy.reach == Reach("ok", legacy=True) and legacy.outputs["hello"].stdout == b"hello\n"


def test_the_legacy_client_is_as_strict(server: Sshd, tmp_path: Path) -> None:
    target = connection(server, ssh_legacy=True)
    assert collect(target, known_hosts(tmp_path)).reach.outcome == "host-key-unknown"
    name, kind, _ = server.known_hosts()[0].split()
    other = make_key(tmp_path / "other_host").with_suffix(".pub").read_text().split()[1]
    changed = known_hosts(tmp_path, f"{name} {kind} {other}")
    assert collect(target, changed).reach.outcome == "host-key-changed"
    refused = connection(server, ssh_legacy=True, identity_files=(str(make_key(tmp_path / "k")),))
    known = known_hosts(tmp_path, *server.known_hosts())
    assert collect(refused, known).reach.outcome == "auth-failed"
    assert look(Asset("a", target), Collector(LIMITS, [known])).verdict == "known"
    assert os.environ["HOME"] == str(tmp_path)
