"""What is on disk of each backup that the inventory declares with a `path`.

Read without passwords, locks or caches, and without root: a path in the inventory must not become
a command that runs as root. What the scanning user may not read is `unreadable`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact
from scanner.model import Asset, BackupDeclaration


@dataclass(frozen=True, slots=True)
class Copy:
    """One backup copy. time: last modified, UTC; size: bytes."""

    path: str
    time: datetime
    size: int


@dataclass(frozen=True, slots=True)
class BackupSet:
    """A declared backup as found on disk.

    name: the declaration's; state: `missing` and `unreadable` are about the folder.
    copies: newest first, at most 20; count: all that were found.
    sizes_known: a copy's file is the whole copy (not in restic, borg …, which keep an index);
    counts_known: every copy has a file (not in borg).
    partial: some folders below could not be read.
    encrypted, append_only: as the repository itself says; None when it does not say.
    mode: of the folder, such as 0o750; owner: `user:group`.
    shared_sources: declared sources on the same file system as the copies;
    hidden_sources: those that are not there or could not be looked at.
    free: largest free space of the file systems of the sources, bytes, None when unknown.
    """

    name: str
    tool: str
    path: str
    state: Literal["found", "missing", "unreadable"] = "found"
    copies: tuple[Copy, ...] = ()
    count: int = 0
    sizes_known: bool = True
    counts_known: bool = True
    partial: bool = False
    encrypted: bool | None = None
    append_only: bool | None = None
    mode: int | None = None
    owner: str = ""
    shared_sources: tuple[str, ...] = ()
    hidden_sources: tuple[str, ...] = ()
    free: int | None = None


@dataclass(frozen=True, slots=True)
class BackupSets:
    """The sets of all declarations that name a path, in the inventory's order."""

    sets: tuple[BackupSet, ...]

    def of(self, declaration: BackupDeclaration) -> BackupSet | None:
        """The set of this declaration, or None when it names no path."""
        return next((found for found in self.sets if found.name == _one_line(declaration.name)), None)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which files stand for a copy in a tool's repository: arguments of `find`, below the path."""

    below: str
    find: str
    sizes_known: bool = False
    counts_known: bool = True


# Read in the repository formats of restic 0.14, borg 1.2, pgBackRest 2.45, Barman 3.4 and
# rsnapshot 1.4. Every borg transaction writes a new index; its archives have no file of their own.
_LAYOUTS = {
    "restic": _Layout("/snapshots", "-type f"),
    "borg": _Layout("", "-maxdepth 1 -type f -name 'index.*'", counts_known=False),
    "pgbackrest": _Layout("/backup", "-maxdepth 3 -type f -name backup.manifest"),
    "barman": _Layout("", "-maxdepth 4 -type f -path '*/base/*/backup.info'"),
    "rsnapshot": _Layout("", "-maxdepth 1 -type d -name '*.[0-9]*'"),
    "duplicity": _Layout("", "-maxdepth 1 -type f -name '*.manifest*'"),
}
_ENCRYPTED_NAMES = (".gpg", ".pgp", ".asc", ".age", ".enc", ".aes")
_PLAIN_NAMES = (".sql", ".dump", ".ldif", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".lz4")
# First byte of an object in borg's repository: 2 plaintext, 6 and 7 authenticated only
# (borg 1.2, borg/crypto/key.py).
_BORG_PLAIN = ("02", "06", "07")

# Keeps the newest lines while they pass by, so that nothing is sorted or held.
_NEWEST = (
    "newest() { awk '"
    "/^file / { n++; i = n < 21 ? n : 20;"
    " if (n < 21 || $2 + 0 > t[20]) {"
    " while (i > 1 && t[i-1] < $2 + 0) { t[i] = t[i-1]; l[i] = l[i-1]; i-- }"
    " t[i] = $2 + 0; l[i] = $0 } next }"
    " /ermission denied/ { d++ }"
    ' END { print "count " n + 0; print "denied " d + 0;'
    " for (i = 1; i <= n && i < 21; i++) print l[i] }'; }\n"
)
_BORG = (
    "grep -s '^append_only' \"$p/config\"\n"
    'n=0; for f in "$p"/data/*/*; do\n'
    '  [ -r "$f" ] || continue\n'
    "  n=$((n+1)); [ $n -gt 4 ] && break\n"
    '  echo segment $(od -An -v -tx1 -N 50 "$f")\n'
    "done\n"
)


def _script(asset: Asset) -> str:
    parts = [_look(declaration) for declaration in asset.backups if declaration.path]
    return _NEWEST + "".join(parts) if parts else "S none\n"


def _look(declaration: BackupDeclaration) -> str:
    path = (declaration.path or "").rstrip("/") or "/"
    layout = _LAYOUTS.get(declaration.tool) if declaration.pattern == "*" else None
    find = f"{layout.below} -xdev {layout.find}" if layout else f" -xdev {_matching(declaration.pattern)}"
    lines = [
        "S set",
        f"printf '%s\\n' {shlex.quote(_one_line(declaration.name))} {shlex.quote(declaration.tool)}"
        f" {shlex.quote(path)} {declaration.tool if layout else 'files'}",
        f"p={shlex.quote(path)}",
        "stat -c 'folder %a %d %U:%G' \"$p\" 2>&1",
        '[ -d "$p" ] && { [ -r "$p" ] && [ -x "$p" ] || echo closed; }',
        f"find \"$p\"{find} -exec stat -c 'file %Y %s %n' {{}} + 2>&1 | newest",
    ]
    for source in declaration.sources or ("/",):
        word = shlex.quote(source)
        lines.append(f"stat -c 'source %d %n' {word} 2>/dev/null || printf 'hidden %s\\n' {word}")
        lines.append(f"stat -f -c 'free %a %S' {word} 2>/dev/null")
    text = "\n".join(lines) + "\n"
    if declaration.tool == "restic":
        text += '[ -f "$p/config" ] && [ -d "$p/keys" ] && echo repository\n'
    return text + _BORG if declaration.tool == "borg" else text


def _matching(pattern: str) -> str:
    if "/" in pattern:
        return "-maxdepth 6 -type f -path " + shlex.quote("*/" + pattern.lstrip("/"))
    return "-maxdepth 3 -type f -name " + shlex.quote(pattern)


def _one_line(text: str) -> str:
    return " ".join(text.split())


@fact(Probe("backup_sets", _script, seconds=15))
def backup_sets(output: Output) -> BackupSets:
    """What is found of each declared backup. Absent when no declaration names a path."""
    if "none" in output.sections():
        raise Absent("the inventory declares no backup with a path on this asset")
    sets = tuple(_set(part) for part in output.text.split("\x1eset\n")[1:])
    if not sets:
        raise NotCollected("backup_sets: no answer")
    return BackupSets(sets)


def _set(text: str) -> BackupSet:
    name, tool, path, kind, *lines = [*text.split("\n"), "", "", "", ""]
    layout = _LAYOUTS.get(kind)
    found = BackupSet(name, tool, path, state="unreadable")
    copies: list[Copy] = []
    device, on, hidden = "", [], []
    for line in lines:
        key, _, rest = line.partition(" ")
        words = rest.split(" ", 2)
        if key == "folder" and len(words) == 3:
            device = words[1]
            found = replace(found, state="found", mode=_number(words[0], 8), owner=words[2])
        elif line.endswith("No such file or directory") and found.mode is None:
            found = replace(found, state="missing")
        elif key == "closed":
            found = replace(found, state="unreadable")
        elif key == "count":
            found = replace(found, count=_number(rest) or 0)
        elif key == "denied":
            found = replace(found, partial=rest != "0")
        elif key == "file" and len(words) == 3:
            copies.extend(_copy(words))
        elif key == "source" and len(words) > 1 and words[0] == device:
            on.append(rest.partition(" ")[2])
        elif key == "hidden":
            hidden.append(rest)
        elif key == "free" and len(words) == 2:
            free = (_number(words[0]) or 0) * (_number(words[1]) or 0)
            found = replace(found, free=max(free, found.free or 0))
        elif key == "repository":
            found = replace(found, encrypted=True)
        elif key == "append_only":
            found = replace(found, append_only=rest.strip("= ") == "1")
        elif key == "segment" and found.encrypted is None:
            found = replace(found, encrypted=_borg_encrypted(rest.split()))
    if copies and not layout:
        found = replace(found, encrypted=_by_name(copies[0].path))
    return replace(
        found,
        copies=tuple(copies),
        shared_sources=tuple(on),
        hidden_sources=tuple(hidden),
        sizes_known=layout.sizes_known if layout else True,
        counts_known=layout.counts_known if layout else True,
    )


def _copy(words: list[str]) -> Iterator[Copy]:
    seconds, size = _number(words[0]), _number(words[1])
    if seconds is not None and size is not None and seconds < 1 << 37:
        yield Copy(words[2], datetime.fromtimestamp(seconds, UTC), size)


def _number(text: str, base: int = 10) -> int | None:
    try:
        return int(text, base) if text.isdecimal() and len(text) < 20 else None
    except ValueError:
        return None


def _by_name(path: str) -> bool | None:
    if path.endswith(_ENCRYPTED_NAMES):
        return True
    return False if path.endswith(_PLAIN_NAMES) else None


def _borg_encrypted(octets: list[str]) -> bool | None:
    """Of the head of a segment file: magic, then an entry of crc, size, tag, key and object."""
    is_put = len(octets) == 50 and octets[:8] == ["42", "4f", "52", "47", "5f", "53", "45", "47"]
    return octets[49] not in _BORG_PLAIN if is_put and octets[16] == "00" else None
