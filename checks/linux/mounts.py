"""File systems are mounted, apart where they should be, and with safe options."""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, passed
from scanner.facts.storage import Mounts
from scanner.model import Evidence, Result


def _mounted_with(mounts: Mounts, point: str, *wanted: str) -> Result:
    mount = mounts.mounted.get(point)
    if mount is None:
        return failed(f"{point} is not a file system of its own, so it has none of {', '.join(wanted)}")
    seen = Evidence("/proc/self/mountinfo", f"{point} {mount.type} {','.join(sorted(mount.options))}")
    missing = [option for option in wanted if option not in mount.options]
    if missing:
        return failed(f"{point} is mounted without {', '.join(missing)}", seen)
    return passed(f"{point} is mounted with {', '.join(wanted)}", seen)


@check(
    "DSK-004", severity="medium", controls=["nist-800-53:CM-7", "cis-v8:4.1"], tags=["storage", "hardening"]
)
def tmp_options(mounts: Mounts) -> Result:
    """The folder /tmp is a file system of its own, without programs, devices and set-user-ID.

    Why: everyone may write there, so malware is dropped and started there, and it can fill the root disk.
    Fix: `systemctl enable --now tmp.mount`, or in /etc/fstab: `tmpfs /tmp tmpfs nodev,nosuid,noexec 0 0`.
    """
    return _mounted_with(mounts, "/tmp", "nodev", "nosuid", "noexec")  # noqa: S108


@check("DSK-005", severity="low", controls=["nist-800-53:CM-7", "cis-v8:4.1"], tags=["storage", "hardening"])
def var_tmp_options(mounts: Mounts) -> Result:
    """The folder /var/tmp is a file system of its own, without programs, devices and set-user-ID.

    Why: it is as writable as /tmp, and what is left there survives a restart.
    Fix: give it a volume of its own in /etc/fstab with the options `nodev,nosuid,noexec`.
    """
    return _mounted_with(mounts, "/var/tmp", "nodev", "nosuid", "noexec")  # noqa: S108


@check("DSK-006", severity="low", controls=["nist-800-53:CM-7", "cis-v8:4.1"], tags=["storage", "hardening"])
def shm_options(mounts: Mounts) -> Result:
    """Shared memory holds no programs, devices or set-user-ID files.

    Why: /dev/shm is writable for everyone and leaves no trace on disk: the place for malware.
    Fix: in /etc/fstab: `tmpfs /dev/shm tmpfs nodev,nosuid,noexec 0 0`, then `mount -o remount /dev/shm`.
    """
    return _mounted_with(mounts, "/dev/shm", "nodev", "nosuid", "noexec")  # noqa: S108


@check("DSK-007", severity="low", controls=["nist-800-53:CM-7", "cis-v8:4.1"], tags=["storage", "hardening"])
def home_options(mounts: Mounts) -> Result:
    """Home folders are on a file system of their own, without devices and set-user-ID files.

    Why: users fill the root disk, or bring a set-user-ID program from another machine.
    Fix: give /home a volume of its own in /etc/fstab with the options `nodev,nosuid`.
    """
    return _mounted_with(mounts, "/home", "nodev", "nosuid")


@check(
    "DSK-008",
    severity="low",
    controls=["nist-800-53:AU-4", "cis-v8:8.3"],
    tags=["storage", "availability"],
)
def logs_apart(mounts: Mounts) -> Result:
    """Logs are on a file system of their own.

    Why: a flood of log lines fills only their own volume, and a full root disk does not end the logs.
    Fix: give /var or /var/log a volume of its own in /etc/fstab.
    """
    found = next((point for point in ("/var/log", "/var") if point in mounts.mounted), None)
    return (
        passed(f"{found} is a file system of its own") if found else failed("Logs share the root file system")
    )


_NOT_MOUNTED = frozenset({"none", "swap"})


@check(
    "DSK-011",
    severity="high",
    controls=["nist-800-53:CP-10", "nist-800-53:SI-13"],
    tags=["storage", "availability", "recovery"],
)
def nothing_turned_read_only(mounts: Mounts) -> Result:
    """No file system has fallen back to read-only.

    Why: the kernel does so when a disk fails; services go on for a while and lose what they write.
    Fix: `dmesg | grep -i error`, back up what can be read, check the disk (`smartctl -a`), then `fsck`.
    """
    wanted = [e for e in mounts.fstab if e.point in mounts.mounted and "ro" not in e.options]
    if not wanted:
        return not_applicable("/etc/fstab names no file system that should be writable")
    fallen = [e.point for e in wanted if "ro" in mounts.mounted[e.point].options]
    if fallen:
        seen = (Evidence("/etc/fstab", f"{e.device} {e.point}", e.line) for e in wanted if e.point in fallen)
        return failed(f"Read-only, against /etc/fstab: {', '.join(fallen[:10])}", *seen)
    return passed("Every file system of /etc/fstab that should be writable is")


@check(
    "DSK-012",
    severity="medium",
    controls=["nist-800-53:CP-10", "nist-800-53:CM-2"],
    tags=["storage", "availability", "recovery"],
)
def everything_mounted(mounts: Mounts) -> Result:
    """Every file system of /etc/fstab is mounted.

    Why: programs write into the empty folder instead, and backups copy an empty folder.
    Fix: `mount -a` and look at what it says; delete the line when the volume is gone for good.
    """
    due = [e for e in mounts.fstab if e.point not in _NOT_MOUNTED and "noauto" not in e.options]
    if not due:
        return not_applicable("/etc/fstab names no file system")
    missing = [e for e in due if e.type != "swap" and e.point.rstrip("/") not in _points(mounts)]
    if missing:
        seen = (Evidence("/etc/fstab", f"{e.device} {e.point} {e.type}", e.line) for e in missing)
        return failed(f"Not mounted: {', '.join(e.point for e in missing[:10])}", *seen)
    return passed("Every file system of /etc/fstab is mounted")


def _points(mounts: Mounts) -> set[str]:
    return {point.rstrip("/") for point in mounts.mounted}
