"""Open ports, disks and mounts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.linux import mounts, ports, storage
from scanner.check import Check
from scanner.facts.sockets import Socket
from scanner.facts.storage import (
    BlockDevice,
    BlockDevices,
    DiskSpace,
    FstabEntry,
    Mount,
    Mounts,
    RaidArray,
)
from scanner.model import Asset, Port, Status


@pytest.mark.parametrize(
    ("check", "socket"),
    [
        (ports.no_cleartext_logins, Socket("tcp", "0.0.0.0", 23, "inetd")),
        (ports.databases_not_everywhere, Socket("tcp", "*", 6379, "redis-server")),
        (ports.no_open_engines, Socket("tcp", "192.0.2.5", 2375)),
        (ports.no_open_desktops, Socket("tcp", "0.0.0.0", 5901)),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)
def test_a_port(check: Check, socket: Socket) -> None:
    assert check((socket,)).status is Status.FAIL
    assert check((replace(socket, address="127.0.0.1"),)).status is Status.PASS
    assert check((Socket("tcp", "0.0.0.0", 22, "sshd"),)).status is Status.PASS


def test_transfers() -> None:
    tftp, ftp = Socket("udp", "::", 69), Socket("tcp", "0.0.0.0", 21)
    boots = Asset("a", services=("pxe",))
    assert ports.no_cleartext_transfers((tftp,), Asset("a")).status is Status.FAIL
    assert ports.no_cleartext_transfers((tftp,), boots).status is Status.PASS
    assert ports.no_cleartext_transfers((ftp,), boots).status is Status.FAIL
    assert ports.no_cleartext_transfers((), Asset("a")).status is Status.PASS


@pytest.mark.parametrize(
    ("process", "status"),
    [("rsyslogd", Status.PASS), ("inetd", Status.FAIL), (None, Status.UNKNOWN)],
)
def test_logs_over_tcp_are_not_taken_for_rsh(process: str | None, status: Status) -> None:
    assert ports.no_cleartext_logins((Socket("tcp", "0.0.0.0", 514, process),)).status is status


def test_etcd_may_listen_for_its_cluster() -> None:
    assert ports.no_open_engines((Socket("tcp", "192.0.2.5", 2379),)).status is Status.PASS
    assert ports.no_open_engines((Socket("tcp", "0.0.0.0", 2379),)).status is Status.FAIL


def test_a_database_may_listen_on_one_address() -> None:
    assert ports.databases_not_everywhere((Socket("tcp", "192.0.2.5", 5432),)).status is Status.PASS


def test_expected_ports() -> None:
    open_ports = (Socket("tcp", "0.0.0.0", 22), Socket("tcp", "::", 22), Socket("udp", "127.0.0.1", 323))
    assert ports.only_expected_ports(open_ports, Asset("a", expected_ports=(Port(22),))).status is Status.PASS
    found = ports.only_expected_ports(open_ports, Asset("a", expected_ports=(Port(443),)))
    assert (found.status, found.message) == (Status.FAIL, "Not expected: 22/tcp")
    assert ports.only_expected_ports(open_ports, Asset("a")).status is Status.NOTCHECKED


SPACE = DiskSpace("/dev/sda1", "/", 1000, 500, 500, 100, 50)


def test_room_and_inodes() -> None:
    assert storage.room_left((SPACE,)).status is Status.PASS
    assert storage.room_left((replace(SPACE, used=950, available=50),)).message == "More than 90 % full: /"
    assert storage.inodes_left((SPACE, replace(SPACE, inodes=None))).status is Status.PASS
    assert storage.inodes_left((replace(SPACE, inodes_used=95),)).status is Status.FAIL


def test_raid() -> None:
    whole = RaidArray("md0", "raid1", "clean", 0, False)
    assert storage.raid_whole((whole,)).status is Status.PASS
    assert storage.raid_whole((whole, replace(whole, name="md1", missing=1))).message == "Degraded: md1"
    assert storage.raid_whole((replace(whole, state="inactive"),)).status is Status.FAIL


def _mounted(*found: Mount, fstab: tuple[FstabEntry, ...] = (), swaps: tuple[str, ...] = ()) -> Mounts:
    return Mounts({mount.point: mount for mount in found}, fstab, swaps)


@pytest.mark.parametrize(
    ("check", "point", "options"),
    [
        (mounts.tmp_options, "/tmp", {"nodev", "nosuid", "noexec"}),
        (mounts.var_tmp_options, "/var/tmp", {"nodev", "nosuid", "noexec"}),
        (mounts.shm_options, "/dev/shm", {"nodev", "nosuid", "noexec"}),
        (mounts.home_options, "/home", {"nodev", "nosuid"}),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)
def test_mount_options(check: Check, point: str, options: set[str]) -> None:
    mount = Mount("tmpfs", point, "tmpfs", frozenset(options), "0:9")
    assert check(_mounted(mount)).status is Status.PASS
    assert check(_mounted(replace(mount, options=frozenset({"nodev"})))).status is Status.FAIL
    assert check(_mounted()).status is Status.FAIL


def test_logs_apart() -> None:
    root = Mount("/dev/sda1", "/", "ext4", frozenset({"rw"}), "8:1")
    assert mounts.logs_apart(_mounted(root, replace(root, point="/var"))).status is Status.PASS
    assert mounts.logs_apart(_mounted(root)).status is Status.FAIL


ROOT = Mount("/dev/mapper/vg-root", "/", "ext4", frozenset({"rw"}), "253:1")
# A logical volume on LUKS on a partition, and a plain partition beside it.
DEVICES = BlockDevices(
    {
        device.name: device
        for device in (
            BlockDevice("sda", "8:0", "", ()),
            BlockDevice("sda1", "8:1", "", ("sda",)),
            BlockDevice("sda2", "8:2", "", ("sda",)),
            BlockDevice("dm-0", "253:0", "CRYPT-LUKS2-00-data", ("sda2",)),
            BlockDevice("dm-1", "253:1", "LVM-abc", ("dm-0",)),
            BlockDevice("dm-2", "253:2", "LVM-def", ("dm-0", "sda1")),
        )
    }
)


def test_encryption() -> None:
    boot = Mount("/dev/sda1", "/boot", "ext4", frozenset({"rw"}), "8:1")
    assert storage.data_encrypted(_mounted(ROOT, boot), DEVICES).status is Status.PASS
    plain = storage.data_encrypted(_mounted(ROOT, replace(boot, point="/srv")), DEVICES)
    assert (plain.status, plain.message) == (Status.FAIL, "Not encrypted: /srv")
    half = replace(ROOT, number="253:2")
    assert storage.data_encrypted(_mounted(half), DEVICES).status is Status.FAIL
    assert storage.data_encrypted(_mounted(replace(ROOT, number="9:9")), DEVICES).status is Status.UNKNOWN
    pool = replace(ROOT, point="/tank", type="zfs", number="0:45")
    assert storage.data_encrypted(_mounted(ROOT, pool), DEVICES).status is Status.UNKNOWN
    layers = replace(ROOT, type="overlay")
    assert storage.data_encrypted(_mounted(layers), DEVICES).status is Status.NOTAPPLICABLE


@pytest.mark.parametrize(
    ("swap", "status"),
    [
        ("/dev/dm-1", Status.PASS),
        ("/dev/sda1", Status.FAIL),
        ("/swap.img", Status.PASS),
        ("/dev/zram0", Status.NOTAPPLICABLE),
        ("/dev/sdz9", Status.UNKNOWN),
    ],
)
def test_swap(swap: str, status: Status) -> None:
    assert storage.swap_encrypted(_mounted(ROOT, swaps=(swap,)), DEVICES).status is status


ENTRY = FstabEntry("/dev/sdb1", "/srv", "ext4", frozenset({"defaults"}), 4)


def test_fstab() -> None:
    srv = Mount("/dev/sdb1", "/srv", "ext4", frozenset({"rw"}), "8:17")
    good, gone = _mounted(srv, fstab=(ENTRY,)), _mounted(fstab=(ENTRY,))
    fallen = _mounted(replace(srv, options=frozenset({"ro"})), fstab=(ENTRY,))
    assert mounts.nothing_turned_read_only(good).status is Status.PASS
    assert mounts.nothing_turned_read_only(fallen).evidence[0].line == 4
    assert mounts.everything_mounted(good).status is Status.PASS
    assert mounts.everything_mounted(gone).message == "Not mounted: /srv"
    assert mounts.everything_mounted(_mounted()).status is Status.NOTAPPLICABLE
    assert mounts.nothing_turned_read_only(_mounted()).status is Status.NOTAPPLICABLE
    optional = _mounted(fstab=(replace(ENTRY, options=frozenset({"noauto"})),))
    assert mounts.everything_mounted(optional).status is Status.NOTAPPLICABLE
