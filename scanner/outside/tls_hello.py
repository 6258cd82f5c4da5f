"""The first two messages of TLS, written out: does a port speak it, and does it take a post-quantum group?

sslyze's OpenSSL is older than the hybrid groups. A ClientHello without key shares needs no cryptography: a
server that takes one of the groups offered asks for a share of it (RFC 8446, sections 4.1.4 and 4.2.8).
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from scanner.outside.starttls import open_for_tls
from scanner.outside.wire import BoundedReader

# IANA "TLS Supported Groups": the hybrids of draft-ietf-tls-ecdhe-mlkem.
HYBRIDS = {0x11EC: "X25519MLKEM768", 0x11EB: "SecP256r1MLKEM768", 0x11ED: "SecP384r1MLKEM1024"}

_TLS13_SUITES = (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)
# Enough for any server in use to find one: ECDHE, DHE and RSA with AES, then ChaCha20, 3DES and RC4.
_OLD_SUITES = (
    0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC009, 0xC013, 0xC00A, 0xC014, 0x009E, 0x009F, 0x0033,
    0x0039, 0x009C, 0x009D, 0x002F, 0x0035, 0x000A, 0x0005,
)  # fmt: skip
_CURVES = (0x001D, 0x0017, 0x0018, 0x0019)
_SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
)  # fmt: skip
_ALERT, _HANDSHAKE = 21, 22
_SERVER_HELLO, _KEY_SHARE = 2, 51
# RFC 8446, section 4.1.3: the value that makes a ServerHello a HelloRetryRequest.
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_MAX_RECORD = (1 << 14) + 2048


class NotTls(Exception):
    """The port answers, and not in TLS."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's first answer. retry_group: the group it wants a share of, if it asks to try again."""

    retry_group: int | None = None


def speaks_tls(address: str, port: int, protocol: str, name: str | None, deadline: float) -> None:
    """Return if the port answers in TLS; raise NotTls, starttls.NotOffered or OSError if it does not."""
    hello = client_hello(name, (0x0304, 0x0303, 0x0302, 0x0301), _TLS13_SUITES + _OLD_SUITES, _CURVES)
    _exchange(address, port, protocol, hello, deadline)


def hybrid_group(address: str, port: int, protocol: str, name: str | None, deadline: float) -> str:
    """The hybrid group that the server chooses, "" if it takes none. Raises as `speaks_tls` does."""
    hello = client_hello(name, (0x0304,), _TLS13_SUITES, tuple(HYBRIDS))
    answer = _exchange(address, port, protocol, hello, deadline)
    return HYBRIDS.get(answer.retry_group or 0, "")


def _exchange(address: str, port: int, protocol: str, hello: bytes, deadline: float) -> Answer:
    with open_for_tls(address, port, protocol, deadline) as sock:
        sock.sendall(hello)
        return read_answer(io.BufferedReader(BoundedReader(sock, deadline, 2 * _MAX_RECORD)))


def client_hello(
    name: str | None, versions: Sequence[int], suites: Sequence[int], groups: Sequence[int]
) -> bytes:
    """A ClientHello in one record. name: for SNI, a DNS name or None."""
    extensions = [
        (43, _vector(1, _shorts(versions))),
        (10, _vector(2, _shorts(groups))),
        (13, _vector(2, _shorts(_SIGNATURES))),
        (_KEY_SHARE, _vector(2, b"")),
        (11, b"\x01\x00"),
    ]
    if name:
        extensions.append((0, _vector(2, b"\x00" + _vector(2, name.encode("ascii")))))
    body = (
        b"\x03\x03" + os.urandom(32) + _vector(1, os.urandom(32)) + _vector(2, _shorts(suites)) + b"\x01\x00"
        + _vector(2, b"".join(struct.pack(">H", kind) + _vector(2, data) for kind, data in extensions))
    )  # fmt: skip
    return b"\x16\x03\x01" + _vector(2, b"\x01" + _vector(3, body))


def read_answer(stream: io.BufferedReader) -> Answer:
    """Understand the server's first record. Raises NotTls, or OSError when nothing complete comes."""
    header = _read(stream, 5)
    kind, major, _, length = struct.unpack(">BBBH", header)
    if kind not in (_ALERT, _HANDSHAKE) or major != 3 or not 2 <= length <= _MAX_RECORD:
        raise NotTls
    body = _read(stream, length)
    if kind == _ALERT:
        return Answer()
    if body[0] != _SERVER_HELLO:
        raise NotTls
    return Answer(_retry_group(body[4:]))


def _retry_group(hello: bytes) -> int | None:
    """hello: version 2 bytes, random 32, session id with length 1, suite 2, compression 1, extensions."""
    if hello[2:34] != _RETRY:
        return None
    at = 35 + hello[34] + 3 + 2 if len(hello) > 34 else len(hello)
    while at + 4 <= len(hello):
        kind, length = struct.unpack_from(">HH", hello, at)
        if kind == _KEY_SHARE and length == 2 and at + 6 <= len(hello):
            return int.from_bytes(hello[at + 4 : at + 6])
        at += 4 + length
    return None


def _read(stream: io.BufferedReader, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise ConnectionResetError
    return data


def _shorts(numbers: Sequence[int]) -> bytes:
    return struct.pack(f">{len(numbers)}H", *numbers)


def _vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size) + data
