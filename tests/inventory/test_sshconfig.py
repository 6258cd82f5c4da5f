"""What ssh would do with a configuration file, as `ssh -G` tells it."""

from __future__ import annotations

import dataclasses
import getpass
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.inventory.load import load
from scanner.inventory.problem import Problems
from scanner.inventory.sshconfig import SSHConfig
from scanner.model import Asset, Connection

SETTINGS = st.sampled_from([
    "User alice", "User=bob", "Port 2201", "port = 2202", "HostName %h.example", 'HostName "10.0.0.9"',
    "IdentityFile ~/.ssh/one", "IdentityFile /keys/two", "ProxyJump none", "ProxyJump gate",
    "HostKeyAlias same",
    "ProxyJump u@gate:2200,inner", "ForwardAgent yes", "# User nobody", "Port 2203 # comment",
    "Include extra",
])  # fmt: skip
SCOPES = st.sampled_from([
    "Host db1", "Host db*", "Host * !db1", "Host web? db2", "Host *", "HOST DB1", "Match all",
    "Match host db*", "Match originalhost db1 user alice", "Match !host *.example", "Match user alice,bob",
    "Match localuser nobody", "Match host DB1",
])  # fmt: skip
CONFIGURATIONS = st.lists(SETTINGS | SCOPES, max_size=12).map("\n".join)


def ask_ssh(path: Path, host: str) -> dict[str, Any]:
    command = ["ssh", "-G", "-F", str(path), host]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    answer: dict[str, Any] = {"identityfile": []}
    for line in output.splitlines():
        key, _, value = line.partition(" ")
        if key == "identityfile":
            answer[key].append(value)
        else:
            answer[key] = value
    return answer


def apply(path: Path, connection: Connection, *given: str) -> Connection:
    return SSHConfig(path, Problems()).apply(Asset("x", connection), frozenset(given)).connection


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=CONFIGURATIONS, extra=CONFIGURATIONS, host=st.sampled_from(["db1", "db2", "web1"]))
def test_as_ssh_reads_it(tmp_path: Path, text: str, extra: str, host: str) -> None:
    path = tmp_path / "config"
    (tmp_path / "extra").write_text(extra.replace("Include extra", ""))
    path.write_text(text.replace("Include extra", f"Include {tmp_path}/ex*"))
    path.chmod(0o600)
    expected = ask_ssh(path, host)
    problems = Problems()
    found = SSHConfig(path, problems).look_up(host, None)
    assert found.values.get("hostname", host) == expected["hostname"]
    assert found.values.get("user", getpass.getuser()) == expected["user"]
    assert found.values.get("port", "22") == expected["port"]
    assert found.values.get("hostkeyalias") == expected.get("hostkeyalias")
    assert found.values.get("proxyjump", "none") == expected.get("proxyjump", "none")
    if found.identity_files:
        assert found.identity_files == [str(Path(file).expanduser()) for file in expected["identityfile"]]


def test_the_inventory_comes_before_the_configuration(write: Any) -> None:
    path = write(
        "Host a\n  User u\n  Port 2222\n  HostName 192.0.2.9\n  IdentityFile /k\n  ProxyJump gate\n", "config"
    )
    from_configuration = Connection(
        host="192.0.2.9", user="u", port=2222, identity_files=("/k",), proxy_jump=("gate:22",)
    )
    assert apply(path, Connection(host="a")) == from_configuration
    own = Connection(host="a", user="me", port=22, identity_files=("/mine",))
    every = ("host", "user", "port", "identity_files", "proxy_jump")
    assert apply(path, own, *every) == dataclasses.replace(own, host="192.0.2.9")
    assert apply(path, Connection("local", host="a")) == Connection("local", host="a")


def test_tokens_in_identity_files(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS", "/keys")
    path = write("User u\nPort 2200\nIdentityFile ${KEYS}/%r@%h:%p%%\nIdentityFile %d/%n\n", "config")
    assert apply(path, Connection(host="a")).identity_files == ("/keys/u@a:2200%", f"{Path.home()}/a")


def test_hops_come_in_full(write: Any) -> None:
    path = write(
        """\
        Host db
          ProxyJump gate,inner
        Host gate
          HostName 192.0.2.1
          User hop
          ProxyJump outer
        Host inner
          Port 2200
          ProxyJump unused
        Host outer
          HostName 2001:db8::1
          ProxyJump gate
        """,
        "config",
    )
    hops = ("[2001:db8::1]:22", "hop@192.0.2.1:22", "inner:2200")
    assert apply(path, Connection(host="db")).proxy_jump == hops
    given = Connection(host="x", proxy_jump=("me@gate:1",))
    assert apply(path, given, "proxy_jump").proxy_jump == ("[2001:db8::1]:22", "me@192.0.2.1:1")


def test_a_hop_keeps_a_key_of_its_own(write: Any) -> None:
    path = write("Host db\n  ProxyJump gate\nHost gate\n  IdentityFile /gate-key\n", "config")
    assert apply(path, Connection(host="db")).jump_identity_files == (("/gate-key",),)


def test_match_exec_runs_nothing_and_is_said(write: Any, tmp_path: Path) -> None:
    config = write(f'Match host a exec "touch {tmp_path}/ran"\n  User evil\n', "config")
    inventory = load([write("all: {hosts: {a: }}")], ssh_config=config)
    assert inventory.assets[0].connection.user is None
    assert [str(warning) for warning in inventory.warnings] == [
        f"{config}:1:1: `Match exec` is never tried, its settings are not read"
    ]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "line", ["Port 0", "Port x", "Port 70000", "ProxyJump a;b", "ProxyJump a:70000", "HostName -x"]
)
def test_a_value_that_cannot_be_used_is_said(write: Any, line: str) -> None:
    config = write(line, "config")
    inventory = load([write("all: {hosts: {a: }}")], ssh_config=config)
    assert inventory.assets[0].connection == Connection(host="a")
    assert len(inventory.warnings) == 1


def test_an_include_that_includes_itself_ends(write: Any, tmp_path: Path) -> None:
    config = write(f"Include {tmp_path}/config\nUser u\n", "config")
    problems = Problems()
    SSHConfig(config, problems)
    assert "Include is nested too deeply" in str(problems.errors[0])
