"""Real servers on loopback addresses of 127.0.5.0/24, and a few that only say what a real one would."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS = 20

Talk = Callable[[socket.socket], None]


@contextmanager
def program(*command: object, address: str, port: int, **environment: str) -> Iterator[None]:
    """A server program in the foreground, from when its TCP port answers until the end of the block."""
    with running(*command, **environment) as process:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            with suppress(OSError), socket.create_connection((address, port), timeout=1):
                break
            time.sleep(0.05)
        else:
            raise AssertionError(f"{command[0]} does not listen on {address}:{port}")
        yield


@contextmanager
def running(*command: object, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the foreground until the end of the block."""
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | environment,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def listeners(address: str, talks: Mapping[int, Talk]) -> Iterator[None]:
    """Listens on the ports; gives each connection to the port's function, and closes it after that."""
    servers = [socket.create_server((address, port), backlog=100) for port in talks]

    def converse(connection: socket.socket, talk: Talk) -> None:
        with connection, suppress(OSError):
            talk(connection)

    def accept(server: socket.socket, talk: Talk) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=converse, args=(connection, talk), daemon=True).start()

    for server, talk in zip(servers, talks.values(), strict=True):
        threading.Thread(target=accept, args=(server, talk), daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            # Closing alone would not wake the thread that waits in accept.
            server.shutdown(socket.SHUT_RDWR)
            server.close()


def silent(connection: socket.socket) -> None:
    """Says nothing for as long as the client stays."""
    while connection.recv(4096):
        pass


def closes(connection: socket.socket) -> None:
    """Takes the connection and ends it, as a TCP wrapper does with strangers."""


def tarpit(connection: socket.socket) -> None:
    """A byte a second, for ever."""
    while True:
        connection.sendall(b"x")
        time.sleep(1)


def garbage(connection: socket.socket) -> None:
    """Random bytes for ever, as fast as they are taken."""
    while True:
        connection.sendall(os.urandom(65_536))


def says(answer: bytes) -> Talk:
    """Waits for a line and answers it."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    return talk


def web(server: str) -> Talk:
    """One page, with that Server header."""
    head = f"HTTP/1.1 200 OK\r\nServer: {server}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    return says(head.encode())


@contextmanager
def redis(folder: Path, address: str, *options: str) -> Iterator[None]:
    """A Redis server that keeps nothing."""
    command = ("redis-server", "--bind", address, "--save", "", "--dir", folder, *options)
    with program(*command, address=address, port=6379):
        yield


@contextmanager
def vsftpd(folder: Path, address: str) -> Iterator[None]:
    """vsftpd without TLS."""
    (folder / "empty").mkdir()
    settings = folder / "vsftpd.conf"
    settings.write_text(
        f"listen=YES\nlisten_address={address}\nlocal_enable=YES\nanonymous_enable=NO\nbackground=NO\n"
        f"secure_chroot_dir={folder / 'empty'}\n"
    )
    with program("vsftpd", settings, address=address, port=21):
        yield


@contextmanager
def snmpd(folder: Path, address: str, *settings: str) -> Iterator[None]:
    """net-snmp's daemon on 161/udp; with no settings it knows no community and no user."""
    state = folder / f"snmp-{address}"
    state.mkdir()
    log = state / "log"
    log.touch()
    (state / "test.conf").write_text("\n".join([f"agentaddress udp:{address}:161", *settings, ""]))
    command = ("snmpd", "-f", "-C", "-c", state / "test.conf", "-I", "-smux", "-Lf", log)
    with running(*command, SNMP_PERSISTENT_DIR=str(state), MIBS="") as process:
        deadline = time.monotonic() + START_SECONDS
        while "NET-SNMP version" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield


@contextmanager
def postgresql(address: str) -> Iterator[None]:
    """A throw-away PostgreSQL cluster of the user postgres."""
    as_postgres = ("runuser", "-u", "postgres", "--")
    newest = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    # Not among pytest's folders, which only their owner may enter.
    with tempfile.TemporaryDirectory(prefix="drscan-postgres-") as folder:
        shutil.chown(folder, "postgres")
        data = Path(folder, "data")
        subprocess.run(
            [*as_postgres, newest / "initdb", "--no-sync", "-D", data], check=True, capture_output=True
        )
        server = [newest / "postgres", "-D", data, "-h", address, "-k", "", "-c", "fsync=off"]
        with program(*as_postgres, *server, address=address, port=5432):
            yield
