"""What a host's file system holds, so that a test can show that nothing in it changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# What a system writes by itself, or for every login.
_SESSION_LOGS = frozenset(
    {"/var/log", "/var/lib/systemd/random-seed", "/var/lib/systemd/timesync", "/var/lib/systemd/timers"}
)


class Entry(NamedTuple):
    """One file as a change to it would show. content: SHA-256, or the target of a symbolic link."""

    mode: str
    uid: int
    gid: int
    size: int
    mtime_ns: int
    content: str


class Lister:
    """Lists one file system, and hashes a file again only when its inode changed since."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._hashes: dict[tuple[int, int, int], str] = {}

    def listing(self) -> dict[str, Entry]:
        """All files by absolute path; other file systems mounted in this one and session logs apart."""
        device = Path(self._root).stat().st_dev
        return dict(self._walk("", device))

    def _walk(self, folder: str, device: int) -> Iterator[tuple[str, Entry]]:
        with os.scandir(f"{self._root}{folder}/") as files:
            for file in files:
                path = f"{folder}/{file.name}"
                status = file.stat(follow_symlinks=False)
                is_folder = stat.S_ISDIR(status.st_mode)
                if path in _SESSION_LOGS or (is_folder and status.st_dev != device):
                    continue
                yield path, self._entry(path, status)
                if is_folder:
                    yield from self._walk(path, device)

    def _entry(self, path: str, status: os.stat_result) -> Entry:
        content = ""
        if stat.S_ISREG(status.st_mode):
            # Every way to change content also sets the inode's change time, which nobody can set back.
            known = (status.st_ino, status.st_size, status.st_ctime_ns)
            content = self._hashes.get(known) or self._hash(path)
            self._hashes[known] = content
        elif stat.S_ISLNK(status.st_mode):
            content = str(Path(self._root + path).readlink())
        mode = stat.filemode(status.st_mode)
        size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
        return Entry(mode, status.st_uid, status.st_gid, size, status.st_mtime_ns, content)

    def _hash(self, path: str) -> str:
        with open(self._root + path, "rb") as file:  # noqa: PTH123 - tens of thousands of them
            return hashlib.file_digest(file, "sha256").hexdigest()
