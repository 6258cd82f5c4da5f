"""How a clear-text protocol is upgraded to TLS, up to the byte before the ClientHello."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable

from scanner.outside.wire import BoundedReader, connect

# What a server may say before TLS starts; the largest greetings seen are a few hundred bytes.
_MAX_BYTES = 16 * 1024
_MAX_LINE = 1024
_MAX_LINES = 100
# RFC 4511, section 4.14: an ExtendedRequest with message id 1 and the StartTLS OID.
_LDAP_START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
# PostgreSQL, "Message Formats": SSLRequest is the length and the code 80877103.
_POSTGRES_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


class NotOffered(Exception):
    """The service speaks its protocol and does not take the upgrade; the text is its own answer."""


class NotSpoken(OSError):
    """The service does not answer as the protocol has it."""


def open_for_tls(address: str, port: int, protocol: str, deadline: float) -> socket.socket:
    """Connect and upgrade: what is written next is TLS.

    protocol: a key of `DIALOGUES`, or "" for TLS at once. Raises NotOffered, or OSError for whatever else
    goes wrong, before the deadline (of time.monotonic()).
    """
    sock = connect(address, port, deadline)
    try:
        if protocol:
            DIALOGUES[protocol](_Conversation(sock, deadline))
    except BaseException:
        sock.close()
        raise
    return sock


class _Conversation:
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        # Unbuffered: a byte too many read here would be missing from the TLS handshake.
        self._stream = io.BufferedReader(BoundedReader(sock, deadline, _MAX_BYTES), 1)

    def say(self, data: bytes) -> None:
        self._sock.sendall(data)

    def read(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise NotSpoken("the connection was cut")
        return data

    def line(self) -> str:
        line = self._stream.readline(_MAX_LINE)
        if not line.endswith(b"\n"):
            raise NotSpoken("it does not answer in lines")
        return line.decode("utf-8", "replace").strip()

    def reply(self) -> list[str]:
        """A reply of SMTP or FTP: every line has the code, and the last one no `-` after it."""
        lines: list[str] = []
        while len(lines) < _MAX_LINES:
            lines.append(self.line())
            if lines[-1][:3].isdigit() and lines[-1][3:4] != "-":
                return lines
        raise NotSpoken("its reply has no end")


def _smtp(talk: _Conversation) -> None:
    _expect(talk.reply()[-1], "220")
    talk.say(b"EHLO drscan.invalid\r\n")
    capabilities = talk.reply()
    _expect(capabilities[-1], "250")
    if not any(line[4:].upper() == "STARTTLS" for line in capabilities):
        raise NotOffered("; ".join(capabilities)[:500])
    _ask(talk, b"STARTTLS\r\n", "220")


def _ftp(talk: _Conversation) -> None:
    _expect(talk.reply()[-1], "220")
    _ask(talk, b"AUTH TLS\r\n", "234")


def _pop3(talk: _Conversation) -> None:
    _expect(talk.line(), "+OK")
    talk.say(b"STLS\r\n")
    _take(talk.line(), "+OK")


def _imap(talk: _Conversation) -> None:
    _expect(talk.line(), "* OK")
    talk.say(b"a STARTTLS\r\n")
    for _ in range(_MAX_LINES):
        line = talk.line()
        if line.startswith("a "):
            return _take(line, "a OK")
    raise NotSpoken("its reply has no end")


def _ldap(talk: _Conversation) -> None:
    talk.say(_LDAP_START_TLS)
    tag, length = talk.read(2)
    if tag != 0x30 or length > 0x82 or length == 0x80:
        raise NotSpoken("it does not answer as ldap does")
    if length > 0x80:
        length = int.from_bytes(talk.read(length - 0x80))
    answer = talk.read(min(length, _MAX_BYTES))
    code = answer.partition(b"\x0a\x01")[2][:1]
    if code != b"\x00":
        raise NotOffered(f"LDAP result {int.from_bytes(code)}" if code else "no LDAP result")


def _postgres(talk: _Conversation) -> None:
    talk.say(_POSTGRES_SSL_REQUEST)
    answer = talk.read(1)
    if answer == b"N":
        raise NotOffered("N")
    if answer != b"S":
        raise NotSpoken("it does not answer as postgres does")


def _ask(talk: _Conversation, command: bytes, code: str) -> None:
    talk.say(command)
    _take(talk.reply()[-1], code)


def _take(line: str, wanted: str) -> None:
    if not line.startswith(wanted):
        raise NotOffered(line[:500])


def _expect(line: str, wanted: str) -> None:
    if not line.startswith(wanted):
        raise NotSpoken("it does not greet as its protocol has it")


DIALOGUES: dict[str, Callable[[_Conversation], None]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "ftp": _ftp,
    "ldap": _ldap,
    "postgres": _postgres,
}
