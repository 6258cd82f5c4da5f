"""One HTTP request with an end, to an IP literal, under a name that is not resolved.

The standard library's client parses; connecting, time and size are ours, since its time limit starts again
with every byte. No certificate is verified: this only looks; what the TLS is worth is in the TLS facts.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from scanner import __version__
from scanner.outside.wire import BoundedReader, connect, left

MAX_BODY = 256 * 1024
_MAX_HEAD = 64 * 1024
_PATH = re.compile(r"/[!-~]{0,2000}")
# OpenSSL 3 refuses servers that never learned to renegotiate safely (RFC 5746) unless this is set.
_OP_LEGACY_SERVER_CONNECT = 0x4

# What a broken server can raise out of `ask`.
FAULTS = (OSError, EOFError, HTTPException, ValueError)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with names in lower case, and as much of the body as came within the limits."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first value of a header, empty when it is not there."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where requests go: an address and port, in TLS or not, and the name that is asked for."""

    address: str
    port: int
    tls: bool
    host: str

    @property
    def authority(self) -> str:
        """The name with the port where it is not the usual one (RFC 9110, section 4.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def ask(to: Origin, method: str, path: str, deadline: float, **headers: str) -> Answer:
    """Send one request without a body. Raises one of FAULTS when no whole head comes back in time."""
    if not _PATH.fullmatch(path):
        raise ValueError("the path cannot be asked for")
    lines = {
        "Host": to.authority,
        "User-Agent": f"drscan/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with closing(_open(to, deadline)) as sock:
        sock.settimeout(left(deadline))
        sock.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("ascii"))
        reader = BoundedReader(sock, deadline, _MAX_HEAD + MAX_BODY)
        # HTTPResponse asks its socket for nothing but a file to read.
        response = HTTPResponse(_Readable(reader), method=method)  # type: ignore[arg-type]
        with closing(response):
            response.begin()
            found = tuple((name.lower(), value) for name, value in response.getheaders())
            return Answer(response.status, found, _body(response))


class _Readable:
    def __init__(self, reader: BoundedReader) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


def _open(to: Origin, deadline: float) -> socket.socket:
    sock = connect(to.address, to.port, deadline)
    if not to.tls:
        return sock
    try:
        sock.settimeout(left(deadline))
        return _context().wrap_socket(sock, server_hostname=to.host)
    except BaseException:
        sock.close()
        raise


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= _OP_LEGACY_SERVER_CONNECT
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["http/1.1"])
    return context


def _body(response: HTTPResponse) -> bytes:
    """What came of it within the limits: a body that is cut, drips or does not end still shows its start."""
    parts: list[bytes] = []
    size = 0
    with suppress(*FAULTS):
        while size < MAX_BODY and (part := response.read1(MAX_BODY - size)):
            parts.append(part)
            size += len(part)
    return b"".join(parts)
