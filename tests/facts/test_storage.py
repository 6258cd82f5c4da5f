"""Recorded on Debian 12 in hosts of tests/fleet, with volumes made for it."""

from __future__ import annotations

import pytest

from scanner.facts.spec import Absent, NotCollected, Output
from scanner.facts.storage import (
    FstabEntry,
    RaidArray,
    block_devices,
    disk_space,
    mounts,
    raid,
)
from tests.facts.recording import recorded


def test_mounts() -> None:
    found = mounts.parse(recorded("mounts", "bookworm"))
    data = found.mounted["/srv/data"]
    assert (data.type, data.root) == ("ext4", "/")
    assert "ro" in found.mounted["/srv/archive"].options
    assert found.fstab[-1] == FstabEntry("UUID=0d0a", "/srv/gone", "ext4", frozenset({"defaults"}), 3)
    assert found.swaps == ("/dev/sda1",)


def test_escapes_and_stacked_mounts() -> None:
    row = "36 25 {} / /srv/a\\040b rw,nodev shared:1 - {} /dev/sdb1 rw,errors=remount-ro\n"
    found = mounts.parse(Output((row.format("8:17", "ext3") + row.format("8:18", "ext4")).encode()))
    assert found.mounted["/srv/a b"].number == "8:18"
    assert found.mounted["/srv/a b"].options == {"rw", "nodev", "errors=remount-ro"}


def test_disk_space() -> None:
    found = {space.point: space for space in disk_space.parse(recorded("disk_space", "bookworm"))}
    assert round(found["/srv/data"].used_percent) == 100
    assert found["/srv/data"].inodes_percent == 100
    assert round(found["/"].used_percent) == 28


def test_file_systems_without_inodes() -> None:
    # btrfs and vfat print 0 inodes with GNU df, `-` with others.
    head = b"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 40 60 40% /my data\n"
    tail = b"\x1einodes\nFilesystem Inodes IUsed IFree IUse% Mounted on\n/dev/sda1 0 0 0 - /my data\n"
    (found,) = disk_space.parse(Output(head + tail))
    assert (found.point, found.inodes, found.inodes_percent) == ("/my data", None, 0)


def test_no_disk_space() -> None:
    with pytest.raises(NotCollected):
        disk_space.parse(Output())


def test_block_devices() -> None:
    found = block_devices.parse(recorded("block_devices", "luks"))
    (device,) = found.devices.values()
    assert device.encrypts
    assert found.encrypted(device.number) is True
    assert found.encrypted("99:0") is None


def test_a_partition_stands_on_its_disk() -> None:
    found = block_devices.parse(Output(b"sda 8:0 -\nsda1 8:1 - sda\ndm-0 253:0 CRYPT-PLAIN-x sda1\n"))
    assert (found.encrypted("8:1"), found.encrypted("253:0")) == (False, True)


def test_devices_in_a_circle_end() -> None:
    assert block_devices.parse(Output(b"a 1:1 - b\nb 1:2 - a\n")).encrypted("1:1") is False


def test_raid() -> None:
    assert raid.parse(recorded("raid", "degraded")) == (RaidArray("md0", "raid1", "clean", 1, False),)
    with pytest.raises(Absent):
        raid.parse(Output())
