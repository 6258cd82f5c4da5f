"""Servers on loopback that fail in one way each, for tests of what a failing host costs.

Each is a context manager that gives the (address, port) to connect to; a port where nobody listens is
`refusing()`. A jump host is an `Sshd`: it forwards unless its configuration says `AllowTcpForwarding no`.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Address = tuple[str, int]

_ADDRESS = "127.0.3.1"
_CHUNK = 1 << 16


@contextmanager
def silent() -> Iterator[Address]:
    """Accepts connections and never says a word."""
    with _serve(lambda connection, stop: stop.wait()) as address:
        yield address


@contextmanager
def resetting() -> Iterator[Address]:
    """Resets every connection as soon as it has been accepted."""
    with _serve(lambda connection, stop: _reset_on_close(connection)) as address:
        yield address


@contextmanager
def refusing() -> Iterator[Address]:
    """A port that is taken, so that nobody else gets it, and that refuses every connection."""
    with socket.socket() as taken:
        taken.bind((_ADDRESS, 0))
        yield taken.getsockname()


@contextmanager
def endless_banner(line: bytes = b"no SSH here yet\r\n") -> Iterator[Address]:
    """Sends `line` for ever where a client waits for the server's version."""

    def talk(connection: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            connection.sendall(line)

    with _serve(talk) as address:
        yield address


@contextmanager
def cutting(target: Address, after: int) -> Iterator[Address]:
    """Relays to `target`, and resets a connection once its server has sent `after` bytes."""

    def relay(connection: socket.socket, stop: threading.Event) -> None:
        left = after
        with socket.create_connection(target) as server:
            sources = {connection: server, server: connection}
            while left and server in sources:
                for source in select.select(list(sources), [], [])[0]:
                    data = source.recv(min(left, _CHUNK) if source is server else _CHUNK)
                    left -= len(data) if source is server else 0
                    if data:
                        sources[source].sendall(data)
                    else:
                        sources.pop(source).shutdown(socket.SHUT_WR)
        if not left:
            _reset_on_close(connection)

    with _serve(relay) as address:
        yield address


@contextmanager
def _serve(handle: Callable[[socket.socket, threading.Event], object]) -> Iterator[Address]:
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handle(connection, stop)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((_ADDRESS, 0), backlog=256) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)


def _reset_on_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
