"""What the office has decided about the recovery of an asset, and whether the schedule can keep to it."""

from __future__ import annotations

from datetime import timedelta

from scanner.check import check, failed, not_checked, passed, unknown
from scanner.facts.backup_jobs import BackupJobs
from scanner.facts.backup_schedule import in_words
from scanner.model import Asset, Evidence, Result


@check(
    "REC-002",
    severity="medium",
    controls=["nist-800-53:CP-2", "cis-v8:11.1", "csf-2.0:GV.OC-04", "iso-27001:A.5.30", "nis2:21.2c"],
    platforms=(),
    tags=["recovery", "inventory"],
)
def objectives_declared(asset: Asset) -> Result:
    """The recovery time and recovery point objectives of the asset are declared.

    Why: without them nobody can say whether a backup or a recovery is good enough.
    Fix: ask the owner how long the service may be away and how much data may be lost, and write
    `rto: 4h` and `rpo: 1d` under `drscan:` of the asset in the inventory.
    """
    missing = [name for name, value in (("RTO", asset.rto), ("RPO", asset.rpo)) if value is None]
    if missing:
        return failed(f"Not declared: {', '.join(missing)}")
    return passed("RTO and RPO are declared", Evidence("inventory", f"rto: {asset.rto}, rpo: {asset.rpo}"))


@check(
    "REC-003",
    severity="medium",
    controls=[
        "nist-800-53:CP-2(8)",
        "nist-800-53:RA-9",
        "cis-v8:11.1",
        "csf-2.0:GV.OC-04",
        "iso-27001:A.5.30",
    ],
    platforms=(),
    tags=["recovery", "inventory"],
)
def objectives_fit_tier(
    asset: Asset,
    rto_hours: tuple[float, ...] = (8, 24, 72, 168),
    rpo_hours: tuple[float, ...] = (4, 24, 48, 168),
) -> Result:
    """The recovery objectives fit the tier of the asset.

    Why: a tier 1 service with the objectives of an archive will not be back when people need it.
    Fix: correct `tier`, `rto` or `rpo` of the asset in the inventory; the limits of tiers 1, 2, 3 and 4
    are the tunables rto_hours and rpo_hours of a profile.
    """
    if asset.rto is None and asset.rpo is None:
        return not_checked("No recovery objective is declared")
    # An asset without a tier is held against the mildest limits.
    tier = len(rto_hours) if asset.tier is None else max(1, asset.tier)
    label = "any tier" if asset.tier is None else f"tier {asset.tier}"
    bad = []
    for name, value, limits in (("RTO", asset.rto, rto_hours), ("RPO", asset.rpo, rpo_hours)):
        limit = timedelta(hours=limits[min(tier, len(limits)) - 1])
        if value is not None and value > limit:
            bad.append(f"the {name} of {in_words(value)} is longer than {label} allows ({in_words(limit)})")
    if bad:
        return failed("; ".join(bad))
    return passed(f"The recovery objectives fit {label}")


@check(
    "REC-004",
    severity="low",
    controls=["nist-800-53:CM-8(4)", "cis-v8:1.1", "csf-2.0:GV.RR-02", "iso-27001:A.5.9", "nis2:21.2i"],
    platforms=(),
    tags=["recovery", "inventory"],
)
def owner_declared(asset: Asset) -> Result:
    """The asset has an owner.

    Why: in a recovery somebody must decide what may be lost and when the service is good enough.
    Fix: write `owner: NAME OR OFFICE` under `drscan:` of the asset in the inventory.
    """
    if not asset.owner:
        return failed("No owner is declared")
    return passed("An owner is declared", Evidence("inventory", f"owner: {asset.owner}"))


@check(
    "REC-005",
    severity="low",
    controls=[
        "nist-800-53:RA-9",
        "nist-800-53:CP-2(8)",
        "cis-v8:11.1",
        "csf-2.0:ID.AM-05",
        "iso-27001:A.5.30",
    ],
    platforms=(),
    tags=["recovery", "inventory"],
)
def tier_declared(asset: Asset) -> Result:
    """The tier of the asset is declared.

    Why: after a disaster not everything comes back at once; the tier says what goes first.
    Fix: write `tier: 1` (first) to `tier: 4` (last) under `drscan:` of the asset in the inventory.
    """
    if asset.tier is None:
        return failed("No tier is declared")
    return passed("A tier is declared", Evidence("inventory", f"tier: {asset.tier}"))


@check(
    "REC-006",
    severity="high",
    controls=["nist-800-53:CP-9", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13", "nis2:21.2c"],
    tags=["recovery", "backup", "rpo"],
)
def schedule_meets_rpo(asset: Asset, backup_jobs: BackupJobs) -> Result:
    """The backup runs often enough for the recovery point objective.

    Why: a backup that runs once a day can never bring back what was entered in the last four hours.
    Fix: run the job more often (`OnCalendar=` of the timer, or the crontab line), or agree on a longer RPO.
    """
    if asset.rpo is None:
        return not_checked("No RPO is declared")
    active = [job for job in backup_jobs.jobs if job.enabled is not False]
    shown = [Evidence(job.source, f"{job.schedule}: {job.command}", job.line) for job in active[:20]]
    gaps = [job.gap for job in active if job.gap is not None]
    if any(job.enabled and job.gap is not None and job.gap <= asset.rpo for job in active):
        return passed("The most frequent backup job runs within the RPO", *shown)
    unsure = any(job.enabled is None or job.gap is None for job in active)
    if unsure or backup_jobs.unread:
        return unknown("How often the backup runs cannot be seen on the host", *shown)
    if not gaps:
        return not_checked("No backup job runs on the host")
    return failed(f"No backup job runs as often as the RPO of {in_words(asset.rpo)} asks", *shown)
