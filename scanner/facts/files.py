"""Owners and modes: of files that matter by name, and of special files found by one walk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scanner.facts.spec import NotCollected, Output, Probe, fact
from scanner.facts.text import whole
from scanner.model import Evidence

Kind = Literal["file", "folder", "link", "other"]

_KINDS: Mapping[int, Kind] = {0o100000: "file", 0o040000: "folder", 0o120000: "link"}
_LETTERS: Mapping[str, Kind] = {"f": "file", "d": "folder", "l": "link", "s": "other", "p": "other"}


@dataclass(frozen=True, slots=True)
class FileMode:
    """Owner and mode of one path. mode: the twelve permission bits."""

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.path} (mode {self.mode:04o}, owner {self.uid}:{self.gid})"

    @property
    def changeable(self) -> bool:
        """True when someone other than root may change it, or put another in its place inside it.

        A sticky folder counts as safe: what root owns there can only be replaced by root.
        """
        if self.kind == "folder" and self.mode & 0o1000:
            return self.uid != 0
        return self.uid != 0 or bool(self.mode & 0o002) or (self.gid != 0 and bool(self.mode & 0o020))

    @property
    def evidence(self) -> Evidence:
        """The mode and owner, as `stat` tells them."""
        return Evidence("stat", str(self))


@dataclass(frozen=True, slots=True)
class FileModes:
    """Modes by path. hidden: paths that may exist but could not be looked at."""

    found: Mapping[str, FileMode]
    hidden: frozenset[str] = frozenset()

    def weak_link(self, path: str) -> FileMode | None:
        """The first of `path` and its parent folders that someone other than root may change."""
        while path and path != "/":
            entry = self.found.get(path)
            if entry is not None and entry.changeable:
                return entry
            path = path.rpartition("/")[0]
        return None


@dataclass(frozen=True, slots=True)
class SpecialFiles:
    """What one walk over the local file systems found.

    unowned: the owner or the group is in no account database. gap: why the walk is not the whole
    truth, empty when it is; what was found holds either way.
    ownership: False when unowned files were not looked for.
    """

    privileged: tuple[FileMode, ...] = ()
    world_writable: tuple[FileMode, ...] = ()
    open_folders: tuple[FileMode, ...] = ()
    unowned: tuple[FileMode, ...] = ()
    gap: str = ""
    ownership: bool = True


# How every probe here prints a file: raw mode in hex, owner, group, name; known to busybox as well.
STAT = "stat -L -c %f/%u/%g/%n"

# Prints each absolute path on standard input with all of its parent folders, once.
ANCESTORS = (
    'awk \'{ p = $0; while (p != "") { if (!(p in seen)) { seen[p] = 1; print p }'
    ' sub(/\\/[^\\/]*$/, "", p) } }\''
)


def numbered(text: str) -> Iterator[Evidence]:
    """Lines of `grep -Hn` output, each with its file and number; other lines are left out."""
    for row in text.split("\n"):
        source, _, rest = row.partition(":")
        number, _, body = rest.partition(":")
        if number.isascii() and number.isdigit() and len(number) < 10:
            yield Evidence(source, body.strip(), int(number))


def parse_modes(lines: Iterable[str]) -> FileModes:
    """Modes from `STAT` lines, standard error among them, or from lines with find's `%y/%m/%U/%G/%p`.

    A file name with a line break can add lines, but cannot hide one.
    """
    found: dict[str, FileMode] = {}
    hidden: set[str] = set()
    for line in lines:
        entry = _mode(line)
        if entry is not None:
            found[entry.path] = entry
        elif line.endswith("Permission denied"):
            hidden.add(line.partition(" '")[2].rpartition("'")[0])
    return FileModes(found, frozenset(hidden))


def _mode(line: str) -> FileMode | None:
    first, _, rest = line.partition("/")
    kind = _LETTERS.get(first)
    if kind is not None:
        first, _, rest = rest.partition("/")
    uid, _, rest = rest.partition("/")
    gid, _, path = rest.partition("/")
    bits, owner, group = whole(first, 8 if kind else 16), whole(uid), whole(gid)
    if bits is None or owner is None or group is None or not path.startswith("/"):
        return None
    return FileMode(path, kind or _KINDS.get(bits & 0o170000, "other"), bits & 0o7777, owner, group)


FILE_MODES = Probe(
    "file_modes",
    f"""
    {STAT} /etc/passwd /etc/passwd- /etc/group /etc/group- /etc/shadow /etc/shadow- \\
      /etc/gshadow /etc/gshadow- /etc/sudoers /etc/sudoers.d /etc/doas.conf \\
      /etc/ssh /etc/ssh/sshd_config /etc/ssh/sshd_config.d \\
      /etc/ssh/ssh_host_*_key /root /etc/ssl/private /etc/pki/tls/private \\
      /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/grub2/user.cfg \\
      /boot/efi/EFI/*/grub.cfg /boot/loader/loader.conf \\
      2>&1
    S homes
    awk -F: '$3 >= 1000 && $3 < 60000 && $6 ~ "^/." && $7 !~ /(nologin|false)$/ {{ print $6 }}' /etc/passwd \\
      | head -n 1000 | tr '\\n' '\\0' | xargs -0 {STAT} 2>&1
    """,
)

TRUST_FILES = Probe(
    "trust_files",
    """
    ls -d /etc/hosts.equiv /etc/ssh/shosts.equiv 2>/dev/null
    R find /root /home -maxdepth 2 -name .rhosts -o -name .shosts -o -name .netrc
    S end
    """,
)


@fact(FILE_MODES)
def file_modes(output: Output) -> FileModes:
    """Modes of sensitive system files, and of the home folders of people."""
    modes = parse_modes(output.lines)
    if not modes.found:
        raise NotCollected("stat gave no file modes")
    return modes


@fact(TRUST_FILES)
def trust_files(output: Output) -> tuple[str, ...]:
    """Paths of files that let a login through without a password, or that hold one in clear."""
    sections = output.sections()
    if "end" not in sections:
        raise NotCollected("trust_files: the search did not end")
    return tuple(line for line in sections.get("", "").splitlines() if line.startswith("/"))


_LOCAL = ("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "zfs", "overlay", "tmpfs")
_CONTAINERS = ("/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/snap")
_WALK_LINES = 4000

_SPECIAL = (
    "-type f -perm -4000", "-type f -perm -2000", "-type f -perm -0002", "-type d -perm -0002 ! -perm -1000",
)  # fmt: skip
_NO_OWNER = ("! -uid 0 -nouser", "! -gid 0 -nogroup")


def _walk(start: str, prune: tuple[str, ...], wanted: tuple[str, ...], show: str) -> str:
    """A find command line without brackets, so that it can stand in a sudoers list as it is."""
    parts = [f"{test} -prune" for test in prune] + [f"{test} {show}" for test in wanted]
    return f"find {start} {' -o '.join(parts)}"


# One walk for all questions. GNU find goes through every local file system and leaves network ones
# alone; busybox find knows neither -fstype nor -printf and stays on the root file system. Owners are
# looked up only where that is a local file: -nouser would otherwise ask a directory server.
_FULL_WALK = _walk(
    "/",
    (" ".join(f"! -fstype {kind}" for kind in _LOCAL), *(f"-path {path}" for path in _CONTAINERS)),
    _SPECIAL + _NO_OWNER,
    "-printf %y/%m/%U/%G/ -print",
)
_ROOT_WALK = _walk("/ -xdev", ("-path /proc", "-path /sys", "-path /dev"), _SPECIAL, "-print")
_WALK = rf"""
    if find --version 2>/dev/null | grep -q GNU \
      && ! grep -qsE '^(passwd|group):.*(ldap|sss|nis|winbind)' /etc/nsswitch.conf
    then
      S full
      R {_FULL_WALK} | head -n {_WALK_LINES}
    else
      S root
      R {_ROOT_WALK} | head -n {_WALK_LINES} | tr '\n' '\0' | xargs -0 stat -c %f/%u/%g/%n 2>&1
    fi
    S mounts
    cat /proc/mounts
    S uids
    cut -d: -f3 /etc/passwd
    S gids
    cut -d: -f3 /etc/group
    S subids
    cat /etc/subuid /etc/subgid 2>/dev/null
"""

SPECIAL_FILES = Probe("special_files", _WALK, seconds=30)


@fact(SPECIAL_FILES, partial=True)
def special_files(output: Output) -> SpecialFiles:
    """SUID and SGID programs, files and folders that everyone may write, files without an owner."""
    if output.denied:
        raise NotCollected("special_files: needs privilege")
    sections = output.sections()
    full = "full" in sections
    lines = sections.get("full" if full else "root", "").splitlines()
    modes = parse_modes(lines)
    entries = modes.found.values()
    if not lines and "subids" not in sections:
        raise NotCollected("special_files: the walk gave no answer")
    return SpecialFiles(
        privileged=tuple(e for e in entries if e.kind == "file" and e.mode & 0o6000),
        world_writable=tuple(e for e in entries if e.kind == "file" and e.mode & 0o002),
        open_folders=tuple(e for e in entries if e.kind == "folder" and e.mode & 0o1002 == 0o002),
        unowned=_unowned(entries, sections) if full else (),
        gap=_gap(output, sections, full, len(lines), modes.hidden),
        ownership=full,
    )


def _gap(output: Output, sections: Mapping[str, str], full: bool, lines: int, hidden: frozenset[str]) -> str:
    if output.timed_out or output.truncated or "subids" not in sections:
        return "the walk over the file systems was cut off by the limits"
    if lines >= _WALK_LINES:
        return f"only the first {_WALK_LINES} files were looked at"
    if hidden:
        return "some of what was found could not be looked at"
    mounts = [words[:3] for line in sections.get("mounts", "").splitlines() if len(words := line.split()) > 2]
    root = [kind for _, where, kind in mounts if where == "/"]
    if full:
        return "" if root and root[-1] in _LOCAL else "the root file system is of a kind that is not walked"
    other = [where for device, where, kind in mounts if kind in _LOCAL and device.startswith("/dev/")]
    return "only the root file system was walked" if set(other) - {"/"} else ""


def _unowned(entries: Iterable[FileMode], sections: Mapping[str, str]) -> tuple[FileMode, ...]:
    uids, gids = set(sections.get("uids", "").split()), set(sections.get("gids", "").split())
    if not uids or not gids:
        return ()
    lent = [_range(line) for line in sections.get("subids", "").splitlines()]
    # systemd gives these to services with DynamicUser=yes while they run (systemd UIDS-GIDS).
    lent.append(range(61184, 65520))

    def known(number: int, names: set[str]) -> bool:
        return str(number) in names or any(number in numbers for numbers in lent)

    return tuple(e for e in entries if not (known(e.uid, uids) and known(e.gid, gids)))


def _range(line: str) -> range:
    parts = line.split(":")
    try:
        return range(int(parts[1]), int(parts[1]) + int(parts[2]))
    except (IndexError, ValueError):
        return range(0)
