"""Mounted file systems, the room in them, and the devices under them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact
from scanner.facts.text import whole


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system. options: those of the mount and of the file system together.

    number: device number as `major:minor`; root: which folder of the file system is mounted,
    anything but `/` for a bind mount or a subvolume.
    """

    device: str
    point: str
    type: str
    options: frozenset[str]
    number: str
    root: str = "/"


@dataclass(frozen=True, slots=True)
class FstabEntry:
    """One line of fstab(5)."""

    device: str
    point: str
    type: str
    options: frozenset[str]
    line: int


@dataclass(frozen=True, slots=True)
class Mounts:
    """mounted by mount point (of several at one point, the visible one), and what fstab asks for."""

    mounted: Mapping[str, Mount]
    fstab: tuple[FstabEntry, ...]
    swaps: tuple[str, ...]


MOUNTS = Probe(
    "mounts",
    """
cat /proc/self/mountinfo
S fstab
cat /etc/fstab 2>/dev/null
S swaps
cat /proc/swaps 2>/dev/null
true
""",
)


@fact(MOUNTS)
def mounts(output: Output) -> Mounts:
    """From /proc/self/mountinfo (proc(5)), /etc/fstab and /proc/swaps."""
    sections = output.sections()
    mounted = {m.point: m for line in sections.get("", "").split("\n") if (m := _mount(line))}
    if not mounted:
        raise NotCollected("/proc/self/mountinfo cannot be read")
    rows = enumerate(sections.get("fstab", "").split("\n"), 1)
    fstab = tuple(entry for number, line in rows if (entry := _entry(line, number)))
    swaps = (line.split()[:1] for line in sections.get("swaps", "").split("\n")[1:])
    return Mounts(mounted, fstab, tuple(_plain(words[0]) for words in swaps if words))


def _mount(line: str) -> Mount | None:
    """Fields: id parent major:minor root point options [optional …] - type device superoptions."""
    front, _, back = line.partition(" - ")
    fields, tail = front.split(" "), back.split(" ")
    if len(fields) < 6 or len(tail) < 3:
        return None
    options = frozenset(fields[5].split(",")) | frozenset(tail[2].split(","))
    return Mount(_plain(tail[1]), _plain(fields[4]), tail[0], options, fields[2], _plain(fields[3]))


def _entry(line: str, number: int) -> FstabEntry | None:
    words = line.split()
    if len(words) < 3 or words[0].startswith("#"):
        return None
    options = frozenset(words[3].split(",")) if len(words) > 3 else frozenset()
    return FstabEntry(_plain(words[0]), _plain(words[1]), words[2], options, number)


def _plain(text: str) -> str:
    """Spaces and the like are written as octal escapes."""
    return re.sub(r"\\([0-3][0-7]{2})", lambda m: chr(int(m.group(1), 8)), text) if "\\" in text else text


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """How full a file system is. Sizes in KiB; inode figures are None where there is no limit."""

    device: str
    point: str
    size: int
    used: int
    available: int
    inodes: int | None = None
    inodes_used: int | None = None

    @property
    def used_percent(self) -> float:
        """Share of what ordinary users may fill, 0-100, as `df` computes it."""
        total = self.used + self.available
        return 100 * self.used / total if total else 0.0

    @property
    def inodes_percent(self) -> float:
        """Share of the inodes in use, 0-100; 0 where there is no limit."""
        return 100 * (self.inodes_used or 0) / self.inodes if self.inodes else 0.0


# Only local file systems are asked: `df` waits for ever on a network server that is down.
# Container layers and snaps repeat the figures of the disk they are on.
DISK_SPACE = Probe(
    "disk-space",
    r"""
set --
while read -r device point type rest; do
    case $point in
        /var/lib/docker/*|/var/lib/containers/*|/var/lib/kubelet/*|/run/containerd/*|/snap/*) continue ;;
        *\\*) point=$(printf '%b' "$(echo "$point" | sed 's/\\/\\0/g')") ;;
    esac
    case $type in
        ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|vfat|exfat|tmpfs|overlay|ubifs)
            set -- "$@" "$point" ;;
    esac
done </proc/self/mounts
[ $# -gt 0 ] || exit 0
df -P -k "$@" 2>/dev/null
S inodes
df -P -i "$@" 2>/dev/null
true
""",
)


@fact(DISK_SPACE)
def disk_space(output: Output) -> tuple[DiskSpace, ...]:
    """One entry a mounted local file system that has a size."""
    sections = output.sections()
    inodes = {point: figures for _, figures, point in _df(sections.get("inodes", ""))}
    found = []
    for device, (size, used, available), point in _df(sections.get("", "")):
        if size and used is not None and available is not None:
            total, taken, _ = inodes.get(point, (None, None, None))
            found.append(DiskSpace(device, point, size, used, available, total or None, taken))
    if not found:
        raise NotCollected("`df -P` gave no answer")
    return tuple({space.point: space for space in found}.values())


_Figures = tuple[int | None, int | None, int | None]


def _df(text: str) -> list[tuple[str, _Figures, str]]:
    """Rows: device total used available capacity point; `-` where a figure makes no sense."""
    rows = []
    for line in text.split("\n")[1:]:
        words = line.split(None, 5)
        if len(words) == 6:
            rows.append((words[0], (whole(words[1]), whole(words[2]), whole(words[3])), words[5]))
    return rows


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """A block device and what it stands on.

    number: `major:minor`. mapper: device-mapper identity such as `CRYPT-LUKS2-…` or `LVM-…`, else
    empty. below: kernel names of the devices it is made of; a partition's is its disk.
    """

    name: str
    number: str
    mapper: str
    below: tuple[str, ...]

    @property
    def encrypts(self) -> bool:
        """True for a dm-crypt layer (LUKS, plain, or a crypted swap)."""
        return self.mapper.startswith("CRYPT-")


@dataclass(frozen=True, slots=True)
class BlockDevices:
    """Every block device by kernel name."""

    devices: Mapping[str, BlockDevice]

    def encrypted(self, number: str) -> bool | None:
        """Whether everything on the device passes through encryption; None for an unknown device."""
        start = next((d for d in self.devices.values() if d.number == number), None)
        return self._encrypted(start, 16) if start else None

    def _encrypted(self, device: BlockDevice, depth: int) -> bool:
        if device.encrypts:
            return True
        below = [self.devices[name] for name in device.below if name in self.devices]
        return depth > 0 and bool(below) and all(self._encrypted(b, depth - 1) for b in below)


# From sysfs, with nothing but the shell: lsblk is missing on small systems and opens the devices.
BLOCK_DEVICES = Probe(
    "block-devices",
    """
for d in /sys/class/block/*; do
    [ -r "$d/dev" ] || continue
    read -r number <"$d/dev"
    mapper=-
    [ -r "$d/dm/uuid" ] && read -r mapper <"$d/dm/uuid"
    below=
    for s in "$d"/slaves/*; do [ -e "$s" ] && below="$below ${s##*/}"; done
    [ -e "$d/partition" ] && p=$(cd -P "$d/.." && pwd) && below="$below ${p##*/}"
    echo "${d##*/} $number ${mapper:--}$below"
done
true
""",
)


@fact(BLOCK_DEVICES)
def block_devices(output: Output) -> BlockDevices:
    """The layers of disks, RAID, LVM and encryption. Absent where the asset sees no block device."""
    devices = {}
    for line in output.lines:
        words = line.split()
        if len(words) >= 3:
            mapper = "" if words[2] == "-" else words[2]
            devices[words[0]] = BlockDevice(words[0], words[1], mapper, tuple(words[3:]))
    if not devices:
        raise Absent("the asset sees no block device")
    return BlockDevices(devices)


@dataclass(frozen=True, slots=True)
class RaidArray:
    """A Linux software RAID. missing: members that are not there; rebuilding: a member is being
    filled now (sync_action `recover` or `resync`)."""

    name: str
    level: str
    state: str
    missing: int
    rebuilding: bool


_MD = "/sys/class/block/md*/md"

RAID = Probe(
    "raid", f"grep -s . {_MD}/level {_MD}/array_state {_MD}/degraded {_MD}/sync_action /dev/null; true"
)


@fact(RAID)
def raid(output: Output) -> tuple[RaidArray, ...]:
    """From /sys/class/block/md*/md (Documentation/admin-guide/md.rst of the kernel)."""
    arrays: dict[str, dict[str, str]] = {}
    for line in output.lines:
        path, _, value = line.partition(":")
        parts = path.split("/")
        if len(parts) == 7:
            arrays.setdefault(parts[4], {})[parts[6]] = value.strip()
    if not arrays:
        raise Absent("no Linux software RAID")
    return tuple(
        RaidArray(
            name,
            keys.get("level", ""),
            keys.get("array_state", ""),
            whole(keys.get("degraded", "0")) or 0,
            keys.get("sync_action") in ("recover", "resync"),
        )
        for name, keys in sorted(arrays.items())
    )
