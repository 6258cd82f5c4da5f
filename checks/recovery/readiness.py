"""Was a recovery ever tried, and is there what it needs?"""

from __future__ import annotations

from datetime import datetime, timedelta

from scanner.check import check, failed, not_checked, passed
from scanner.facts.restore import RestoreTools
from scanner.model import Asset, Evidence, Result


@check(
    "REC-001",
    severity="high",
    controls=[
        "nist-800-53:CP-4",
        "nist-800-53:CP-9(2)",
        "cis-v8:11.5",
        "csf-2.0:PR.DS-11",
        "iso-27001:A.8.13",
        "nis2:21.2c",
    ],
    platforms=(),
    tags=["recovery", "backup"],
)
def restore_tested(asset: Asset, now: datetime, max_days: int = 365) -> Result:
    """A restore of every backup was tried within the last year.

    Why: a backup that was never restored is a hope; missing keys and files show only in a restore.
    Fix: restore into an empty place, compare, write down how long it took, and record the day as
    `last_restore_test` of the backup in the inventory.
    """
    if not asset.backups:
        return not_checked("The inventory declares no backup of this asset")
    today = now.date()
    bad = []
    for item in asset.backups:
        day = item.last_restore_test
        if day is None or day > today + timedelta(days=1) or today - day > timedelta(days=max_days):
            bad.append(item.name)
    shown = [
        Evidence("inventory", f"{item.name}: {item.last_restore_test or 'never'}") for item in asset.backups
    ]
    if bad:
        names = ", ".join(bad[:10])
        return failed(f"No restore test is recorded within the last {max_days} days: {names}", *shown[:20])
    return passed(f"A restore of every backup was tried within {max_days} days", *shown[:20])


@check(
    "REC-007",
    severity="low",
    controls=["nist-800-53:CP-10", "nist-800-53:CP-2", "cis-v8:11.1", "iso-27001:A.5.30"],
    tags=["recovery"],
)
def disk_layout_saved(restore_tools: RestoreTools) -> Result:
    """The layout of the disks is saved for a restore onto bare metal.

    Why: on a new disk, partitions, volumes and file systems must exist before any file can come back.
    Fix: `sfdisk --dump /dev/DISK > /var/backups/DISK.sfdisk` and back it up, or use `rear savelayout`.
    """
    if restore_tools.layouts:
        shown = [Evidence(path, "saved disk layout") for path in restore_tools.layouts[:10]]
        return passed("A disk layout is saved", *shown)
    return failed("No saved disk layout was found (ReaR, LVM metadata or a partition dump in /var/backups)")
