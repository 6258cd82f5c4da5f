"""Servers that stall, drip, flood or lie: bounded in time, told as not looked at, no harm to the others."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.facts.spec import NotCollected
from scanner.facts.tls import TlsServers
from tests.outside.tls_hosts import NAME, answering, look, make, s_server, upgraded

pytest.importorskip("sslyze", reason="needs drscan[tls]")

HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"


def stall(connection: socket.socket) -> None:
    connection.recv(4096)
    time.sleep(60)


def drip(connection: socket.socket) -> None:
    for byte in itertools.cycle(b"\x16\x03\x03\x10\x00\x02"):
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def garbage(connection: socket.socket) -> None:
    while True:
        connection.sendall(os.urandom(4096))


def endless_greeting(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-welcome\r\n" * 100)


def handshake_without_end(connection: socket.socket) -> None:
    connection.recv(4096)
    while True:
        connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + bytes(16380))


def cut(connection: socket.socket) -> None:
    connection.recv(4096)


def web(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("handle", [stall, drip, garbage, handshake_without_end, cut, web])
def test_a_port_that_should_speak_tls(handle: Callable[[socket.socket], None]) -> None:
    with answering(handle) as port, pytest.raises(NotCollected, match=f"{port}/tcp"):
        look(port, seconds=6)


@pytest.mark.parametrize("service", ["smtp", "imap", "pop3", "ftp", "ldap", "postgresql"])
@pytest.mark.parametrize("handle", [garbage, endless_greeting, cut])
def test_a_port_that_should_be_upgraded(handle: Callable[[socket.socket], None], service: str) -> None:
    with answering(handle) as port, pytest.raises(NotCollected, match=f"{port}/tcp"):
        look(upgraded(port, service), seconds=4)


def test_a_server_that_stalls_later_costs_only_itself(tmp_path: Path) -> None:
    answers = itertools.count()

    def twice(connection: socket.socket) -> None:
        connection.recv(4096)
        if next(answers) < 2:
            connection.sendall(HANDSHAKE_FAILURE)
        else:
            time.sleep(60)

    with answering(twice) as stalling, s_server(make(tmp_path, "other")) as other:
        seen = look(stalling, other, seconds=20)
    assert [server.port.number for server in seen.servers] == [other]
    assert seen.unread == (f"{stalling}/tcp: the TLS scan did not come to an end",)


def test_a_server_that_refuses_every_handshake() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(HANDSHAKE_FAILURE)

    with answering(refuse) as port, pytest.raises(NotCollected, match="could not find a TLS version"):
        look(port)


def certificate_of(folder: Path, **fields: object) -> TlsServers:
    with s_server(make(folder, "hostile", bits=2048, **fields)) as port:  # type: ignore[arg-type]
        return look(port)


def test_control_characters_and_nul_in_a_certificate(tmp_path: Path) -> None:
    names = (f"{NAME}\0.evil.example", "\x1b[2J\r\n.example")
    (server,) = certificate_of(tmp_path, subject="a\x1b]0;b\x07\n=cmd|c", names=names).servers
    assert server.certificates
    assert server.certificates[0].names_asset is False


def test_thousands_of_names(tmp_path: Path) -> None:
    names = tuple(f"n{number}.office.example" for number in range(3000))
    (server,) = certificate_of(tmp_path, names=(*names, NAME)).servers
    assert server.certificates
    assert server.certificates[0].names_asset is True
    assert len(server.certificates[0].leaf.names) == 20


def test_a_megabyte_of_names_is_not_read(tmp_path: Path) -> None:
    names = tuple(f"n{number}.office.example" for number in range(45_000))
    with pytest.raises(NotCollected):
        certificate_of(tmp_path, names=names)


def test_without_sslyze(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with s_server(make(tmp_path, "any")) as port, pytest.raises(NotCollected, match=r"drscan\[tls\]"):
        look(port)
