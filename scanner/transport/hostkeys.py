"""known_hosts as OpenSSH reads it: patterns, hashed names, other ports, `@revoked`.

paramiko's own reader refuses a whole file that has an `@` line and does not match `*.domain`
patterns, so a host that OpenSSH trusts would be unknown here. Source of the format: sshd(8),
"SSH_KNOWN_HOSTS FILE FORMAT".
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scanner.model import Connection
from scanner.transport.base import TransportError

Verdict = Literal["known", "unknown", "changed", "revoked"]


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key as SSH sends it."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` as `ssh-keygen -l` prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Line:
    marker: str
    names: str
    key: HostKey


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """The lines of one or more known_hosts files."""

    lines: tuple[_Line, ...] = ()

    @classmethod
    def read(cls, paths: Iterable[Path]) -> KnownHosts:
        """Read all files that exist. Lines that are not understood are passed over, as OpenSSH does."""
        lines: list[_Line] = []
        for path in paths:
            try:
                text = path.expanduser().read_text("utf-8", "replace")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise TransportError(f"{path}: {error.strerror}") from error
            lines.extend(line for raw in text.splitlines() if (line := _parse(raw)))
        return cls(tuple(lines))

    def kinds(self, host: str, port: int) -> tuple[str, ...]:
        """Key types on file for the host, so that the server is asked for one of these."""
        return tuple(dict.fromkeys(line.key.kind for line in self._for(host, port) if not line.marker))

    def verify(self, host: str, port: int, key: HostKey) -> Verdict:
        """What the files say about `key` for this host. A revoked key is refused for every host."""
        if any(line.marker == "@revoked" and line.key == key for line in self._for(host, port)):
            return "revoked"
        known = [line.key for line in self._for(host, port) if not line.marker]
        if key in known:
            return "known"
        # A key of another type, too: an impostor only needs to offer a type that is not on file.
        return "changed" if known else "unknown"

    def _for(self, host: str, port: int) -> list[_Line]:
        name = address(host, port)
        return [line for line in self.lines if _matches(line.names, name)]


def lookup(connection: Connection) -> tuple[str, int]:
    """Host and port under which a connection's key is kept: HostKeyAlias stands alone, without the port."""
    return (
        (connection.host_key_alias, 22) if connection.host_key_alias else (connection.host, connection.port)
    )


def address(host: str, port: int) -> str:
    """The name known_hosts uses: `host`, or `[host]:port` when the port is not 22."""
    return host if port == 22 else f"[{host}]:{port}"


def append(path: Path, host: str, port: int, keys: Sequence[HostKey]) -> None:
    """Add keys to a known_hosts file, making it with mode 0600 when it is new."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = "".join(
        f"{address(host, port)} {key.kind} {base64.b64encode(key.blob).decode()}\n" for key in keys
    )
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        if (size := os.fstat(descriptor).st_size) and os.pread(descriptor, 1, size - 1) != b"\n":
            text = "\n" + text
        file.write(text)


def _parse(raw: str) -> _Line | None:
    words = raw.split()
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    if len(words) < 3 or raw.lstrip().startswith("#"):
        return None
    try:
        return _Line(marker, words[0], HostKey(words[1], base64.b64decode(words[2], validate=True)))
    except (binascii.Error, ValueError):
        return None


def _matches(names: str, name: str) -> bool:
    if names.startswith("|1|"):
        return _matches_hash(names, name)
    found = False
    for pattern in names.split(","):
        negated = pattern.startswith("!")
        # fnmatch gives [] a meaning that known_hosts does not: there they only enclose an address.
        escaped = pattern.lstrip("!").replace("[", "[[]").lower()
        if fnmatch.fnmatchcase(name.lower(), escaped):
            if negated:
                return False
            found = True
    return found


def _matches_hash(names: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part) for part in names[3:].split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, name.lower().encode(), "sha1").digest(), digest)
