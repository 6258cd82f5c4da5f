"""The unencrypted start of an SSH connection: banner, algorithm lists, and the host key of a key exchange.

A key exchange is begun and not finished: the server sends its key in clear, and nothing after it is needed.
RFC 4253 (transport), 4419 (group exchange), 5656 and 8731 (elliptic curves).
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import secrets
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanner.facts.ssh_server import HostKey
from scanner.outside.wire import BoundedReader, connect

MAX_BYTES = 256 * 1024
# RFC 4253, section 6.1: an implementation must take packets of 35000 bytes; none here needs more.
_MAX_PACKET = 35_000
_MAX_LINES_BEFORE_BANNER = 50
_BANNER = b"SSH-2.0-drscan\r\n"
_DISCONNECT, _IGNORE, _UNIMPLEMENTED, _DEBUG, _KEXINIT = 1, 2, 3, 4, 20
_KEX_INIT, _KEX_REPLY = 30, 31
_GEX_GROUP, _GEX_INIT, _GEX_REPLY, _GEX_REQUEST = 31, 32, 33, 34


class NotSsh(Exception):
    """The other side does not keep to the protocol; the text says how."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The name lists of a SSH_MSG_KEXINIT, in its order (RFC 4253, section 7.1)."""

    key_exchanges: tuple[str, ...] = ()
    host_keys: tuple[str, ...] = ()
    ciphers: tuple[tuple[str, ...], ...] = ((), ())
    macs: tuple[tuple[str, ...], ...] = ((), ())
    compression: tuple[tuple[str, ...], ...] = ((), ())


class Greeting:
    """An open connection on which the server has said its banner and, for protocol 2, its lists."""

    def __init__(self, address: str, port: int, deadline: float) -> None:
        """Raises OSError or NotSsh."""
        self._sock = connect(address, port, deadline)
        try:
            self._stream = io.BufferedReader(BoundedReader(self._sock, deadline, MAX_BYTES))
            self._sock.sendall(_BANNER)
            self.banner = self._read_banner()
            _, self.protocol, *rest = self.banner.split("-", 2)
            self.software, _, self.comment = (rest or [""])[0].partition(" ")
            # RFC 4253, section 5.1: 1.99 is a server that speaks both.
            self.two = self.protocol in ("2.0", "1.99")
            self.lists = read_lists(self._expect(_KEXINIT)) if self.two else Lists()
        except BaseException:
            self._sock.close()
            raise

    def __enter__(self) -> Greeting:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def host_key(self, algorithm: str, exchange: str) -> tuple[HostKey, int | None]:
        """The server's key for the algorithm, and the bits of its group if the exchange asks for one.

        exchange: one that `speakable` returned. Only once a connection. Raises OSError or NotSsh.
        """
        mine = Lists((exchange,), (algorithm,), self.lists.ciphers, self.lists.macs, self.lists.compression)
        self._send(_KEXINIT, _render_lists(mine))
        if "group-exchange" in exchange:
            # The smallest group is asked for, and any is taken: what comes is what a weak client would get.
            self._send(_GEX_REQUEST, struct.pack(">III", 1024, 1024, 8192))
            modulus, _ = _string(self._expect(_GEX_GROUP))
            self._send(_GEX_INIT, _public_value(exchange))
            reply, bits = self._expect(_GEX_REPLY), int.from_bytes(modulus).bit_length()
        else:
            self._send(_KEX_INIT, _public_value(exchange))
            reply, bits = self._expect(_KEX_REPLY), None
        return read_host_key(_string(reply)[0]), bits

    def _read_banner(self) -> str:
        for _ in range(_MAX_LINES_BEFORE_BANNER):
            line = self._stream.readline(1024)
            if line.startswith(b"SSH-") and line.count(b"-") > 1:
                return line.decode("utf-8", "replace").strip()[:255]
            if not line:
                break
        raise NotSsh("it sends no SSH banner")

    def _expect(self, number: int) -> bytes:
        while True:
            payload = self._read_packet()
            if payload[:1] == bytes([number]):
                return payload[1:]
            if payload[:1] == bytes([_DISCONNECT]):
                raise NotSsh("it ended the key exchange")
            if not payload or payload[0] not in (_IGNORE, _UNIMPLEMENTED, _DEBUG):
                raise NotSsh("it sends something else than a key exchange")

    def _read_packet(self) -> bytes:
        length, padding = struct.unpack(">IB", self._read(5))
        if not padding < length <= _MAX_PACKET:
            raise NotSsh("it sends a packet with a wrong length")
        return self._read(length - 1)[: length - 1 - padding]

    def _read(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def _send(self, number: int, body: bytes) -> None:
        padding = 4 + -(10 + len(body)) % 8
        head = struct.pack(">IBB", 2 + len(body) + padding, padding, number)
        self._sock.sendall(head + body + bytes(padding))


def speakable(offered: Sequence[str]) -> str | None:
    """The exchange to begin with a server that offers these: group exchange if it can, to see the size."""
    for prefix in _PUBLIC_VALUES:
        for name in offered:
            if name.startswith(prefix):
                return name
    return None


def _public_value(exchange: str) -> bytes:
    return next(make() for prefix, make in _PUBLIC_VALUES.items() if exchange.startswith(prefix))


def read_lists(payload: bytes) -> Lists:
    """The lists of a SSH_MSG_KEXINIT without its message number. Raises NotSsh."""
    rest = payload[16:]
    lists = []
    for _ in range(8):
        names, rest = _string(rest)
        lists.append(tuple(name for name in names.decode("ascii", "replace").split(",") if name))
    return Lists(lists[0], lists[1], (lists[2], lists[3]), (lists[4], lists[5]), (lists[6], lists[7]))


def read_host_key(blob: bytes) -> HostKey:
    """The public key in SSH's own encoding (RFC 4253, section 6.6). Raises NotSsh."""
    kind_bytes, rest = _string(blob)
    kind = kind_bytes.decode("ascii", "replace")
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    bits = _FIXED_BITS.get(kind)
    if kind == "ssh-rsa":
        _, rest = _string(rest)
    if kind in ("ssh-rsa", "ssh-dss"):
        bits = int.from_bytes(_string(rest)[0]).bit_length()
    return HostKey(kind, bits, f"SHA256:{fingerprint}")


_FIXED_BITS = {
    "ssh-ed25519": 256,
    "ssh-ed448": 456,
    "ecdsa-sha2-nistp256": 256,
    "ecdsa-sha2-nistp384": 384,
    "ecdsa-sha2-nistp521": 521,
}


def _render_lists(lists: Lists) -> bytes:
    names = (
        lists.key_exchanges, lists.host_keys, *lists.ciphers, *lists.macs, *lists.compression, (), (),
    )  # fmt: skip
    packed = (_pack(",".join(each).encode("ascii", "replace")) for each in names)
    return os.urandom(16) + b"".join(packed) + bytes(5)


def _string(data: bytes) -> tuple[bytes, bytes]:
    """The string at the start (RFC 4251, section 5), and what follows it."""
    if len(data) < 4 or len(data) - 4 < (length := int.from_bytes(data[:4])):
        raise NotSsh("it sends a message that is cut short")
    return data[4 : 4 + length], data[4 + length :]


def _pack(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def _x25519() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.generate().public_key().public_bytes_raw()


def _point(curve: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    curves = {"256": ec.SECP256R1(), "384": ec.SECP384R1(), "521": ec.SECP521R1()}
    key = ec.generate_private_key(curves[curve]).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _group_element() -> bytes:
    """A number of 1000 bits, which is an element of every group of 1024 bits and more, as an mpint."""
    return _pack((secrets.randbits(1000) | 1 << 999).to_bytes(126))


# The client's half, by the start of the exchange's name, in order of preference. A server only has to be able
# to read it: for the post-quantum part (1184 bytes for ML-KEM-768, FIPS 203; 1158 for sntrup761) zeros do.
_PUBLIC_VALUES: dict[str, Callable[[], bytes]] = {
    "diffie-hellman-group-exchange-": _group_element,
    "curve25519-sha256": lambda: _pack(_x25519()),
    "ecdh-sha2-nistp256": lambda: _pack(_point("256")),
    "ecdh-sha2-nistp384": lambda: _pack(_point("384")),
    "ecdh-sha2-nistp521": lambda: _pack(_point("521")),
    "diffie-hellman-group": _group_element,
    "sntrup761x25519-sha512": lambda: _pack(bytes(1158) + _x25519()),
    "mlkem768x25519-sha256": lambda: _pack(bytes(1184) + _x25519()),
}
