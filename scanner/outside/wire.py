"""A TCP connection with an end: so many seconds and so many bytes, however the other side behaves."""

from __future__ import annotations

import io
import socket
import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Exceeded(OSError):
    """The other side sent more bytes than it may."""


def connect(address: str, port: int, deadline: float) -> socket.socket:
    """Connect to an IP literal; nothing is resolved. Raises OSError. deadline: of time.monotonic()."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(left(deadline))
        sock.connect((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError when none are left, since 0 has another meaning."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("no time left")
    return seconds


class BoundedReader(io.RawIOBase):
    """Reads from a socket until the deadline, `limit` bytes at most; then TimeoutError or Exceeded.

    A socket's own time limit starts again with every byte, so a server that drips would never run into it.
    """

    def __init__(self, sock: socket.socket, deadline: float, limit: int) -> None:
        super().__init__()
        self._sock, self._deadline, self._left = sock, deadline, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._left <= 0:
            raise Exceeded("it sent more than the byte limit")
        self._sock.settimeout(left(self._deadline))
        with memoryview(buffer) as view:
            count = self._sock.recv_into(view[: self._left])
        self._left -= count
        return count


def reason(error: BaseException) -> str:
    """Why a connection gave nothing, in plain words that do not change from scan to scan."""
    if isinstance(error, TimeoutError):
        return "no answer within the time limit"
    if isinstance(error, ssl.SSLError):
        return f"no TLS session ({(error.reason or type(error).__name__).lower().replace('_', ' ')})"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, (ConnectionError, EOFError)):
        return "the connection was cut"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
