"""The copies that are on disk: fresh, complete, kept, and apart from what they protect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from scanner.check import check, failed, not_applicable, not_checked, passed, unknown
from scanner.facts.backup_schedule import in_words
from scanner.facts.backup_sets import BackupSet, BackupSets, Copy
from scanner.model import Asset, Evidence, Result, Status

_NO_PATH = "The inventory declares no backup with a path on this asset"


def _closed(found: BackupSet) -> bool:
    return found.state == "unreadable" or found.partial


def _conclude(
    bad: Sequence[str], judged: Sequence[BackupSet], sets: BackupSets, good: str, nothing: str
) -> Result:
    """Failures first, then what could not be read, so that a closed folder never becomes a pass."""
    evidence = [_newest(found) for found in judged if found.copies]
    if bad:
        return failed("; ".join(bad[:10]), *evidence[:20])
    closed = [found for found in sets.sets if _closed(found)]
    if closed:
        names = ", ".join(found.name for found in closed[:10])
        return Result(Status.ERROR, f"Could not be read: needs privilege for the folder of {names}")
    if not judged:
        return not_applicable(nothing)
    return passed(good, *evidence[:20])


def _newest(found: BackupSet) -> Evidence:
    copy = found.copies[0]
    return Evidence(copy.path, f"{found.name}: {copy.time:%Y-%m-%d %H:%M} UTC, {copy.size} bytes")


@check(
    "BAK-004",
    severity="high",
    controls=["nist-800-53:CP-9", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13", "nis2:21.2c"],
    tags=["backup", "recovery", "rpo"],
)
def copies_fresh(
    asset: Asset, backup_sets: BackupSets | None, now: datetime, default_hours: float = 48
) -> Result:
    """The newest copy of every declared backup is younger than the recovery point objective.

    Why: what was entered after the newest copy is lost; an old copy means the backup has stopped.
    Fix: find out why the job stopped (`systemctl list-timers`, `journalctl -u NAME`), and run it now.
    """
    if backup_sets is None:
        return not_checked(_NO_PATH)
    bad, judged, times = [], [], []
    for declaration in asset.backups:
        found = backup_sets.of(declaration)
        if found is None or (_closed(found) and not found.copies):
            continue
        judged.append(found)
        limit = declaration.max_age or asset.rpo or timedelta(hours=default_hours)
        if not found.copies:
            bad.append(f"backup {found.name}: no copy in {found.path}")
        elif found.copies[0].time > now + timedelta(days=1):
            bad.append(f"backup {found.name}: the newest copy is dated in the future")
        elif now - found.copies[0].time > limit:
            bad.append(f"backup {found.name}: the newest copy is older than {in_words(limit)}")
        else:
            times.append(found.copies[0].time)
    if times and asset.rpo and now - max(times) > asset.rpo:
        bad.append(f"no copy is younger than the RPO of {in_words(asset.rpo)}")
    return _conclude(
        bad, judged, backup_sets, "Every declared backup with a path on the asset has a fresh copy", _NO_PATH
    )


@check(
    "BAK-005",
    severity="high",
    controls=["nist-800-53:CP-9(1)", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13"],
    tags=["backup"],
)
def copies_whole(
    backup_sets: BackupSets | None, now: datetime, min_share: float = 0.5, settle_minutes: float = 15
) -> Result:
    """The newest copy is not empty and not much smaller than the copies before it.

    Why: a dump that stopped half way, or ran on an empty folder, still leaves a fresh file behind.
    Fix: run the backup by hand, read its messages, and compare its size with the earlier copies.
    """
    if backup_sets is None:
        return not_checked(_NO_PATH)
    bad = []
    judged = [found for found in backup_sets.sets if found.sizes_known and found.copies]
    for found in judged:
        copies = _settled(found.copies, now - timedelta(minutes=settle_minutes))
        earlier = [copy.size for copy in copies[1:8] if copy.size]
        if copies[0].size == 0:
            bad.append(f"backup {found.name}: the newest copy is empty")
        elif earlier and copies[0].size < min_share * median(earlier):
            bad.append(f"backup {found.name}: the newest copy is much smaller than the ones before it")
    good = "The newest copies are as large as the ones before them"
    return _conclude(bad, judged, backup_sets, good, "No declared backup keeps a copy as one file")


def _settled(copies: tuple[Copy, ...], before: datetime) -> tuple[Copy, ...]:
    """Without a newest copy that may still be being written, when there is another."""
    return copies[1:] if len(copies) > 1 and copies[0].time > before else copies


@check(
    "BAK-010",
    severity="medium",
    controls=["nist-800-53:CP-9", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13"],
    tags=["backup"],
)
def earlier_copies_kept(backup_sets: BackupSets | None, copies: int = 3) -> Result:
    """Several earlier copies are kept.

    Why: damage is often noticed days later; when each run overwrites the last copy, only damage is left.
    Fix: keep daily and weekly copies, such as `restic forget --keep-daily 7 --keep-weekly 5 --prune`.
    """
    if backup_sets is None:
        return not_checked(_NO_PATH)
    judged = [found for found in backup_sets.sets if found.counts_known and found.copies]
    bad = [
        f"backup {found.name} keeps fewer than {copies} copies" for found in judged if found.count < copies
    ]
    return _conclude(bad, judged, backup_sets, "Earlier copies are kept", "No copies that can be counted")


@check(
    "BAK-011",
    severity="high",
    controls=["nist-800-53:CP-9", "nist-800-53:AC-3", "cis-v8:11.3", "iso-27001:A.8.13", "csf-2.0:PR.DS-11"],
    tags=["backup"],
)
def folder_closed(backup_sets: BackupSets | None) -> Result:
    """Other users of the host cannot enter the backup folders.

    Why: a backup holds everything that the permissions of the live files protect.
    Fix: `chmod o= FOLDER`.
    """
    if backup_sets is None:
        return not_checked(_NO_PATH)
    judged = [found for found in backup_sets.sets if found.mode is not None]
    bad = [found for found in judged if (found.mode or 0) & 0o007]
    shown = [Evidence(found.path, f"mode {found.mode or 0:04o}, {found.owner}") for found in judged[:20]]
    if bad:
        return failed(f"Open to every user: {', '.join(found.path for found in bad[:10])}", *shown)
    hidden = [found.name for found in backup_sets.sets if found.mode is None and found.state == "unreadable"]
    if hidden:
        return Result(
            Status.ERROR, f"Could not be read: needs privilege for the folder of {', '.join(hidden)}"
        )
    if not judged:
        return not_applicable("No declared backup folder exists on the host")
    return passed("The backup folders are closed to other users", *shown)


@check(
    "BAK-012",
    severity="medium",
    controls=["nist-800-53:CP-9", "cis-v8:11.3", "csf-2.0:PR.DS-11", "iso-27001:A.8.13"],
    tags=["backup"],
)
def other_file_system(backup_sets: BackupSets | None) -> Result:
    """Backup copies are not on the file system that they protect.

    Why: a broken or full disk takes the data and its copies at the same moment.
    Fix: put the copies on a disk or share of their own and mount it at the backup's path.
    """
    if backup_sets is None:
        return not_checked(_NO_PATH)
    judged = [found for found in backup_sets.sets if found.state != "missing" and found.mode is not None]
    bad = [found for found in judged if found.shared_sources]
    shown = [
        Evidence(found.path, f"same file system: {', '.join(found.shared_sources[:5])}") for found in bad
    ]
    if bad:
        names = ", ".join(found.name for found in bad[:10])
        return failed(f"On the same file system as what they protect: {names}", *shown[:20])
    hidden = [found.name for found in judged if found.hidden_sources]
    if hidden:
        return unknown(
            f"Where the sources of these backups are stored cannot be seen: {', '.join(hidden[:10])}"
        )
    return _conclude([], judged, backup_sets, "The copies are on other file systems", "No copies were found")


@check(
    "BAK-013",
    severity="medium",
    controls=[
        "nist-800-53:CP-10",
        "nist-800-53:CP-2(2)",
        "cis-v8:11.1",
        "iso-27001:A.8.6",
        "csf-2.0:PR.IR-04",
    ],
    tags=["backup", "recovery"],
)
def room_for_restore(backup_sets: BackupSets | None, factor: float = 1.0) -> Result:
    """The host has room to restore the newest copy beside the data.

    Why: in a recovery the damaged data is kept for study; without room the restore stops half way.
    Fix: free or add disk space on the file systems of the backup's sources.
    """
    if backup_sets is None:
        return not_checked(_NO_PATH)
    judged = [
        found for found in backup_sets.sets if found.sizes_known and found.copies and found.free is not None
    ]
    bad = [
        f"backup {found.name} does not fit on the file system of its sources"
        for found in judged
        if (found.free or 0) < factor * found.copies[0].size
    ]
    nothing = "No declared backup whose copies and sources can be measured"
    return _conclude(bad, judged, backup_sets, "There is room for a restore", nothing)
