"""Disks have room, are whole, and keep their data to themselves."""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.storage import BlockDevices, DiskSpace, Mounts, RaidArray
from scanner.model import Evidence, Result


@check(
    "DSK-001",
    severity="high",
    controls=["nist-800-53:AU-4", "nist-800-53:SC-5(2)", "cis-v8:8.3", "iso-27001:A.8.6"],
    tags=["storage", "availability", "recovery"],
)
def room_left(disk_space: tuple[DiskSpace, ...], max_percent: int = 90) -> Result:
    """Every file system has room left.

    Why: on a full disk databases stop, logs end, backups break off and nobody can log in.
    Fix: `du -xhd1 MOUNTPOINT | sort -h`, delete or move what is not needed, or enlarge the volume.
    """
    full = [d for d in disk_space if d.used_percent > max_percent]
    if full:
        seen = (
            Evidence("df -P", f"{d.point} {d.used_percent:.0f} % used, {d.available} KiB left") for d in full
        )
        return failed(f"More than {max_percent} % full: {', '.join(d.point for d in full[:10])}", *seen)
    return passed(f"No file system is more than {max_percent} % full")


@check(
    "DSK-002",
    severity="medium",
    controls=["nist-800-53:AU-4", "nist-800-53:SC-5(2)", "cis-v8:8.3", "iso-27001:A.8.6"],
    tags=["storage", "availability", "recovery"],
)
def inodes_left(disk_space: tuple[DiskSpace, ...], max_percent: int = 90) -> Result:
    """Every file system can hold more files.

    Why: without free inodes the disk is full although `df` shows room.
    Fix: find the folder with countless small files (`du --inodes -xd1 MOUNTPOINT | sort -n`) and clear it.
    """
    full = [d for d in disk_space if d.inodes_percent > max_percent]
    if full:
        seen = (
            Evidence("df -Pi", f"{d.point} {d.inodes_percent:.0f} % of {d.inodes} inodes used") for d in full
        )
        points = ", ".join(d.point for d in full[:10])
        return failed(f"More than {max_percent} % of the inodes are used: {points}", *seen)
    return passed(f"No file system uses more than {max_percent} % of its inodes")


@check(
    "DSK-003",
    severity="high",
    controls=["nist-800-53:SI-13", "iso-27001:A.8.14"],
    tags=["storage", "availability", "recovery"],
)
def raid_whole(raid: tuple[RaidArray, ...]) -> Result:
    """Every RAID has all its disks.

    Why: a degraded array looks like it works, and the next disk that dies takes the data with it.
    Fix: `mdadm --detail /dev/NAME`, replace the disk, `mdadm /dev/NAME --add /dev/NEWDISK`.
    """
    broken = [a for a in raid if a.missing or a.state in ("inactive", "clear", "broken")]
    if broken:
        seen = (
            Evidence(
                f"/sys/class/block/{a.name}/md",
                f"{a.level}, {a.state}, {a.missing} missing" + (", rebuilding" if a.rebuilding else ""),
            )
            for a in broken
        )
        return failed(f"Degraded: {', '.join(a.name for a in broken[:10])}", *seen)
    return passed(
        "Every RAID has all its disks", *(Evidence(f"/sys/class/block/{a.name}/md", a.level) for a in raid)
    )


# The devices under ZFS and Btrfs are not seen this way; they are here so that they are never passed over.
_DISK_TYPES = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs", "ntfs3", "exfat"}
)


@check(
    "DSK-009",
    severity="medium",
    controls=["nist-800-53:SC-28", "nist-800-53:SC-28(1)", "cis-v8:3.11", "iso-27001:A.8.24"],
    tags=["storage", "crypto", "data", "physical"],
)
def data_encrypted(mounts: Mounts, block_devices: BlockDevices) -> Result:
    """Data on disk is encrypted.

    Why: a disk that is stolen, sold or sent in for repair takes all its data along.
    Fix: install with LUKS, or encrypt data volumes with `cryptsetup reencrypt --encrypt` after a backup.
    On a virtual machine whose hypervisor encrypts the storage, record that as a waiver.
    """
    states = {
        m.point: block_devices.encrypted(m.number)
        for m in mounts.mounted.values()
        if m.type in _DISK_TYPES and not m.point.startswith("/boot")
    }
    plain = sorted(point for point, state in states.items() if state is False)
    seen = Evidence("/sys/class/block", "\n".join(f"{p}: {_WORDS[s]}" for p, s in sorted(states.items())))
    if plain:
        return failed(f"Not encrypted: {', '.join(plain[:10])}", seen)
    if not states:
        return not_applicable("No file system is on a disk of this asset")
    if None in states.values():
        return unknown("The devices under the file systems cannot be seen", seen)
    return passed("Every file system on disk is encrypted", seen)


_WORDS = {True: "encrypted", False: "not encrypted", None: "device not visible"}


@check(
    "DSK-010",
    severity="low",
    controls=["nist-800-53:SC-28", "cis-v8:3.11"],
    tags=["storage", "crypto", "data", "physical"],
)
def swap_encrypted(mounts: Mounts, block_devices: BlockDevices) -> Result:
    """Memory that is swapped out is encrypted.

    Why: swap space keeps passwords and keys of running programs on disk for years.
    Fix: put swap on the encrypted volume, or in /etc/crypttab: `swap /dev/DEVICE /dev/urandom swap`.
    """
    disks = [name for name in mounts.swaps if not name.startswith("/dev/zram")]
    if not disks:
        return not_applicable("The asset swaps to no disk")
    numbers = {f"/dev/{d.name}": d.number for d in block_devices.devices.values()}
    plain = []
    for name in disks:
        if name.startswith("/dev/"):
            state = block_devices.encrypted(numbers.get(name, ""))
        else:
            state = block_devices.encrypted(_holder(mounts, name))
        if state is None:
            return unknown(f"The device under the swap space {name} cannot be seen")
        if not state:
            plain.append(name)
    seen = Evidence("/proc/swaps", "\n".join(disks))
    return failed(f"Not encrypted: {', '.join(plain)}", seen) if plain else passed("Swap is encrypted", seen)


def _holder(mounts: Mounts, path: str) -> str:
    """Device number of the file system that holds a file."""
    points = (p for p in mounts.mounted if path.startswith(p.rstrip("/") + "/"))
    best = max(points, key=len, default="")
    return mounts.mounted[best].number if best else ""
