"""The part of an OpenSSH client configuration that decides how to reach an asset.

Read here rather than with paramiko.SSHConfig, which runs the command of `Match exec`, asks the
resolver for some tokens, and knows no `Include`. The rules are those of ssh_config(5): of an option
given more than once the first value counts, identity files add up. The tests compare with `ssh -G`.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import getpass
import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanner.inventory import located
from scanner.inventory.connection import is_address, jump_hops
from scanner.inventory.problem import Position, Problems
from scanner.model import Asset

DEFAULT = Path("~/.ssh/config")
MAX_INCLUDE_DEPTH = 16  # as in OpenSSH

_LINE = re.compile(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$")
_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
_SINGLE = ("hostname", "user", "port", "proxyjump", "hostkeyalias")


@dataclass(frozen=True, slots=True)
class _Line:
    at: Position
    keyword: str
    words: tuple[str, ...]
    included: tuple[tuple[_Line, ...], ...] = ()


@dataclass(slots=True)
class _Lookup:
    """What has been found so far for one host."""

    original: str
    user: str | None
    values: dict[str, str] = field(default_factory=dict)
    identity_files: list[str] = field(default_factory=list)


_Hop = tuple[str, tuple[str, ...]]


class SSHConfig:
    """A configuration file with its includes, read once; a file that is not there is empty."""

    def __init__(self, path: Path, problems: Problems) -> None:
        self._problems = problems
        path = path.expanduser()
        self._lines = self._read(path, 0) if path.exists() else ()

    def apply(self, asset: Asset, given: frozenset[str]) -> Asset:
        """The asset with what the inventory left open filled in.

        given: the fields of `Connection` that the inventory gave, which stay as they are. The host
        is what ssh would be called with, so HostName applies to it. Hops of ProxyJump come back as
        `user@host:port` with what the configuration says of each.
        """
        connection = asset.connection
        if (not self._lines and not connection.proxy_jump) or connection.transport == "local":
            return asset
        found = self.look_up(connection.host, connection.user)
        values = found.values
        settings: dict[str, object] = {
            "host": values.get("hostname"),
            "user": values.get("user"),
            "port": _port(values),
            "identity_files": tuple(found.identity_files) or None,
            "host_key_alias": values.get("hostkeyalias"),
        }
        kept = given - {"host"}
        changes = {name: value for name, value in settings.items() if value is not None and name not in kept}
        jump = connection.proxy_jump if "proxy_jump" in given else jump_hops(values.get("proxyjump", "none"))
        hops = self._hops(jump or (), {connection.host})
        changes["proxy_jump"] = tuple(spec for spec, _ in hops)
        if any(keys for _, keys in hops):
            changes["jump_identity_files"] = tuple(keys for _, keys in hops)
        return dataclasses.replace(asset, connection=dataclasses.replace(connection, **changes))  # type: ignore[arg-type]

    def _hops(self, hops: tuple[str, ...], seen: set[str]) -> tuple[_Hop, ...]:
        """The hops in full, each with keys of its own.

        Only the first may itself need a jump, the others are reached through it.
        """
        if not hops:
            return ()
        before: tuple[_Hop, ...] = ()
        full: list[_Hop] = []
        for number, hop in enumerate(hops):
            user, _, address = hop.rpartition("@")
            match = re.fullmatch(r"(\[[^\]]+\]|[^:]+)(?::(\d+))?", address)
            name = match[1].strip("[]") if match else address
            found = self.look_up(name, user or None)
            if number == 0:
                if name in seen:  # as with `Host *` and a jump that matches it too
                    return ()
                own = jump_hops(found.values.get("proxyjump", "none")) or ()
                before = self._hops(own, seen | {name})
            user = user or found.values.get("user", "")
            port = match[2] if match and match[2] else str(_port(found.values) or 22)
            host = found.values.get("hostname", name)
            shown = f"[{host}]" if ":" in host else host
            spec = f"{user}@{shown}:{port}" if user else f"{shown}:{port}"
            full.append((spec, tuple(found.identity_files)))
        return before + tuple(full)

    def look_up(self, host: str, user: str | None) -> _Lookup:
        """What the file says of a host, under the name that ssh would be called with."""
        found = _Lookup(host, user)
        self._walk(self._lines, found, True)
        name = found.values.get("hostname")
        if name is not None:
            found.values["hostname"] = name.replace("%h", host).replace("%%", "%")
        found.identity_files = [self._expand(file, found) for file in found.identity_files if file != "none"]
        return found

    def _walk(self, lines: tuple[_Line, ...], found: _Lookup, active: bool) -> None:
        outer = active
        for line in lines:
            if line.keyword == "host":
                active = outer and _matches(line.words, found.original)
            elif line.keyword == "match":
                active = outer and self._match(line, found)
            elif not active:
                continue
            elif line.keyword == "include":
                for part in line.included:
                    self._walk(part, found, True)
            elif line.keyword == "identityfile":
                if line.words[0] not in found.identity_files:
                    found.identity_files.append(line.words[0])
            else:
                self._set(line, found)

    def _set(self, line: _Line, found: _Lookup) -> None:
        value = line.words[0]
        if line.keyword == "port" and not (value.isdecimal() and 1 <= int(value[:6]) <= 65_535):
            self._problems.warn(line.at, f"Port: {value!r} is no port, it is not read")
        elif line.keyword == "hostname" and not is_address(value.replace("%h", "host")):
            self._problems.warn(line.at, f"HostName: {value!r} is no address, it is not read")
        elif line.keyword == "proxyjump" and jump_hops(value) is None:
            self._problems.warn(line.at, f"ProxyJump: {value!r} is not read", "[user@]host[:port],… or none")
        else:
            found.values.setdefault(line.keyword, value)

    def _match(self, line: _Line, found: _Lookup) -> bool:
        words = iter(line.words)
        for word in words:
            criterion = word.lower().removeprefix("!")
            if criterion == "all":
                result = True
            elif criterion in ("host", "originalhost", "user", "localuser"):
                patterns = next(words, "")
                if criterion.endswith("host"):  # here host names have no case, in `Host` lines they have
                    patterns = patterns.lower()
                result = _matches(patterns.split(","), self._subject(criterion, found))
            else:
                self._problems.warn(line.at, f"`Match {criterion}` is never tried, its settings are not read")
                return False
            if result == word.startswith("!"):
                return False
        return True

    def _subject(self, criterion: str, found: _Lookup) -> str:
        if criterion == "host":
            return found.values.get("hostname", found.original).replace("%h", found.original).lower()
        if criterion == "user":
            return found.user or found.values.get("user") or getpass.getuser()
        return getpass.getuser() if criterion == "localuser" else found.original.lower()

    def _expand(self, file: str, found: _Lookup) -> str:
        tokens = {
            "%%": "%",
            "%d": str(Path.home()),
            "%h": found.values.get("hostname", found.original),
            "%n": found.original,
            "%p": found.values.get("port", "22"),
            "%r": found.user or found.values.get("user") or getpass.getuser(),
            "%u": getpass.getuser(),
            "%i": str(os.getuid()),
        }
        file = re.sub(r"%.", lambda match: tokens.get(match[0], match[0]), file)
        file = re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match[1], match[0]), file)
        return str(Path(file).expanduser())

    def _read(self, path: Path, depth: int) -> tuple[_Line, ...]:
        text = located.read_text(path, self._problems) or ""
        return tuple(self._parse(path, text, depth))

    def _parse(self, path: Path, text: str, depth: int) -> Iterator[_Line]:
        for number, raw in enumerate(text.splitlines(), 1):
            match = _LINE.match(raw)
            words = _words(match[2]) if match else ()
            if not match or not words:
                continue
            at = Position(str(path), number, match.start(1) + 1)
            keyword = match[1].lower()
            if keyword == "include":
                included = tuple(self._included(at, words, depth))
                yield _Line(at, keyword, words, included)
            elif keyword in (*_SINGLE, "identityfile", "host", "match"):
                yield _Line(at, keyword, words)

    def _included(self, at: Position, words: tuple[str, ...], depth: int) -> Iterator[tuple[_Line, ...]]:
        if depth >= MAX_INCLUDE_DEPTH:
            self._problems.error(
                at, "Include is nested too deeply", f"at most {MAX_INCLUDE_DEPTH} files deep"
            )
            return
        for word in words:
            # A relative name is beside the user's own configuration, as ssh_config(5) says.
            pattern = Path("~/.ssh").expanduser() / Path(word).expanduser()
            for name in sorted(glob.glob(str(pattern))):  # noqa: PTH207 - the pattern may be absolute
                yield self._read(Path(name), depth + 1)


def _port(values: dict[str, str]) -> int | None:
    return int(values["port"]) if "port" in values else None


def _words(text: str) -> tuple[str, ...]:
    words: list[str] = []
    for match in _WORD.finditer(text):
        if match[0].startswith("#"):
            break
        words.append(match[1] if match[1] is not None else match[2])
    return tuple(words)


def _matches(patterns: Sequence[str], subject: str) -> bool:
    """Whether any pattern matches and no negated one does."""
    found = False
    for pattern in patterns:
        bare = pattern.removeprefix("!").replace("[", "[[]")  # only * and ? are special to ssh
        if fnmatch.fnmatchcase(subject, bare):
            if pattern.startswith("!"):
                return False
            found = True
    return found
