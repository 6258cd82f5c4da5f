"""Is there a backup at all, does it run, and does it hold what matters?"""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, not_checked, passed, unknown
from scanner.facts.backup_jobs import BackupJob, BackupJobs
from scanner.facts.backup_sets import BackupSets
from scanner.facts.restore import DatabaseServers, RestoreTools, Snapshots
from scanner.model import Asset, BackupDeclaration, Evidence, Result

# Tools that read a database consistently, and words that name it in a declaration.
_DATABASE_TOOLS = {
    "postgresql": ("pg_dump", "pg_basebackup", "pgbackrest", "barman", "wal-g", "wal-e"),
    "mysql": ("mysqldump", "mydumper", "mariabackup", "xtrabackup", "wal-g"),
    "mongodb": ("mongodump", "wal-g"),
    "openldap": ("slapcat",),
    "influxdb": ("influxdb",),
}
_DATABASE_WORDS = {
    "postgresql": ("postgres", "pgsql", "pg_"),
    "mysql": ("mysql", "mariadb"),
    "mongodb": ("mongo",),
    "openldap": ("ldap", "slapd"),
    "389-ds": ("ldap", "dirsrv"),
}

_NO_DAEMON_SEEN = "Backup jobs of cron exist, and the scanning user cannot see whether a cron daemon runs"


def _shown(job: BackupJob) -> Evidence:
    """How a job is quoted as evidence."""
    text = " ".join(part for part in (job.schedule, job.command) if part) or job.name
    return Evidence(job.source, text, job.line)


@check(
    "BAK-001",
    severity="critical",
    controls=[
        "nist-800-53:CP-9",
        "cis-v8:11.2",
        "csf-2.0:PR.DS-11",
        "iso-27001:A.8.13",
        "nis2:21.2c",
    ],
    tags=["backup", "recovery"],
)
def backup_exists(asset: Asset, backup_jobs: BackupJobs) -> Result:
    """The asset has a backup.

    Why: without a backup, one failed disk, one mistake or one ransomware attack ends the service for good.
    Fix: set up a backup, such as `restic backup` from a systemd timer, and declare it under
    `drscan: backups:` of the asset in the inventory.
    """
    running = [job for job in backup_jobs.jobs if job.enabled]
    if asset.backups or running:
        declared = [Evidence("inventory", f"backups: {item.name} ({item.tool})") for item in asset.backups]
        return passed("A backup is declared or runs on the host", *declared[:10], *map(_shown, running[:10]))
    if backup_jobs.unread:
        places = ", ".join(backup_jobs.unread)
        return unknown(f"No backup is declared, none was seen, and not everything could be read: {places}")
    if any(job.enabled is None for job in backup_jobs.jobs):
        return unknown(_NO_DAEMON_SEEN, *map(_shown, backup_jobs.jobs[:10]))
    if backup_jobs.jobs:
        return failed("Backup jobs exist, and nothing starts them", *map(_shown, backup_jobs.jobs[:10]))
    return failed("No backup is declared in the inventory and no backup job was found on the host")


@check(
    "BAK-002",
    severity="high",
    controls=["nist-800-53:CP-9", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13", "nis2:21.2c"],
    tags=["backup"],
)
def jobs_enabled(backup_jobs: BackupJobs) -> Result:
    """Every backup job on the host is started by a timer, by cron or by its backup server.

    Why: a job that was switched off for maintenance and forgotten makes no backup, and no error either.
    Fix: `systemctl enable --now NAME.timer`, or start the cron daemon; delete jobs that are not used.
    """
    off = [job for job in backup_jobs.jobs if job.enabled is False]
    if off:
        names = ", ".join(job.name for job in off[:10])
        return failed(f"Nothing starts these backup jobs: {names}", *map(_shown, off[:20]))
    if not backup_jobs.jobs:
        return not_applicable("No backup job was found on the host")
    if any(job.enabled is None for job in backup_jobs.jobs):
        return unknown(_NO_DAEMON_SEEN)
    return passed("The backup jobs are enabled", *map(_shown, backup_jobs.jobs[:10]))


@check(
    "BAK-003",
    severity="high",
    controls=["nist-800-53:CP-9", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13"],
    tags=["backup"],
)
def last_run_succeeded(backup_jobs: BackupJobs) -> Result:
    """The last run of every backup job succeeded.

    Why: a backup that fails night after night is found out on the day that it is needed.
    Fix: read `journalctl -u NAME.service`, repair the cause, and run `systemctl start NAME.service`.
    """
    results = [job for job in backup_jobs.jobs if job.result is not None]
    bad = [job for job in results if job.result != "success"]
    if bad:
        names = ", ".join(f"{job.name} ({job.result})" for job in bad[:10])
        return failed(f"The last run failed: {names}", *map(_shown, bad[:20]))
    if not backup_jobs.jobs:
        return not_applicable("No backup job was found on the host")
    if not results:
        return unknown("The host keeps no result of a run: cron records none, or no timer ran since boot")
    shown = [Evidence(job.source, f"{job.result}, ended {job.last_run}") for job in results[:10]]
    silent = [job.name for job in backup_jobs.jobs if job.result is None and job.enabled is not False]
    if silent:
        return unknown(f"The host keeps no result of the last run of: {', '.join(silent[:10])}", *shown)
    return passed("The last run of each backup job succeeded", *shown)


@check(
    "BAK-016",
    severity="high",
    controls=["nist-800-53:CP-9", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13", "nis2:21.2c"],
    tags=["backup", "database"],
)
def databases_covered(asset: Asset, database_servers: DatabaseServers, backup_jobs: BackupJobs) -> Result:
    """Every database server on the host is saved by a tool that reads it consistently.

    Why: files of a running database that are copied one after another often cannot be opened again.
    Fix: run the database's own dump (`pg_dump`, `mariadb-dump`, `mongodump`, `slapcat`) from a timer,
    and declare it in the inventory with that tool.
    """
    active = [job for job in backup_jobs.jobs if job.enabled is not False]
    used = {job.tool for job in active} | {item.tool for item in asset.backups}
    open_kinds = [
        server
        for server in database_servers.servers
        if not used.intersection(_DATABASE_TOOLS.get(server.kind, (server.kind,)))
        and not any(_names(item, server.kind) for item in asset.backups)
    ]
    seen = [Evidence("database servers", f"{server.kind}: {server.seen}") for server in open_kinds]
    kinds = ", ".join(server.kind for server in open_kinds)
    if not open_kinds:
        return passed("Each database server has a dump job or a declared backup", *map(_shown, active[:10]))
    if backup_jobs.unread or any(job.tool == "script" or job.kind == "agent" for job in active):
        return unknown(
            f"Whether a backup job of the host saves these databases cannot be seen: {kinds}", *seen
        )
    return failed(f"No dump job and no declared backup for: {kinds}", *seen)


def _names(declaration: BackupDeclaration, kind: str) -> bool:
    text = " ".join((declaration.name, declaration.path or "", *declaration.sources)).lower()
    return any(word in text for word in _DATABASE_WORDS.get(kind, (kind,)))


@check(
    "BAK-017",
    severity="medium",
    controls=[
        "nist-800-53:CM-2(3)",
        "nist-800-53:CP-9",
        "cis-v8:11.2",
        "iso-27001:A.8.13",
        "csf-2.0:PR.PS-01",
    ],
    tags=["backup", "recovery"],
)
def configuration_saved(asset: Asset, restore_tools: RestoreTools) -> Result:
    """The configuration in /etc is backed up or under version control.

    Why: data alone does not bring a service back; rebuilding years of settings from memory takes days.
    Fix: add `/etc` to the sources of a declared backup, or `apt-get install etckeeper`.
    """
    covering = [item for item in asset.backups if {"/", "/etc", "/etc/"}.intersection(item.sources)]
    if covering or restore_tools.etc_history:
        where = covering[0].name if covering else str(restore_tools.etc_history)
        return passed("/etc is saved", Evidence("inventory" if covering else "file system", where))
    if any(not item.sources for item in asset.backups):
        return not_checked("The inventory does not say what the declared backups contain (sources)")
    return failed("/etc is in no declared backup and not under version control")


@check(
    "BAK-018",
    severity="high",
    controls=["nist-800-53:CP-9", "cis-v8:11.2", "csf-2.0:PR.DS-11", "iso-27001:A.8.13"],
    tags=["backup"],
)
def snapshots_not_alone(
    asset: Asset, snapshots: Snapshots, backup_sets: BackupSets | None, backup_jobs: BackupJobs
) -> Result:
    """Snapshots are not the only backup.

    Why: a snapshot lives on the disk that it protects: it is lost with that disk and with its host.
    Fix: copy them to another machine (`zfs send`, `btrfs send`, `restic backup`) and declare the copy.
    """
    shown = [Evidence(f"{item.kind} snapshots", item.name) for item in snapshots.snapshots[:10]]
    sets = backup_sets.sets if backup_sets else ()
    apart = [f.name for f in sets if f.copies and not f.shared_sources and not f.hidden_sources]
    away = [item.name for item in asset.backups if item.location in ("offsite", "both") or item.repository]
    if apart or away or any(job.kind == "agent" and job.enabled for job in backup_jobs.jobs):
        return passed("Besides the snapshots there is a copy on another file system or host", *shown)
    if any(f.state == "unreadable" or (f.copies and f.hidden_sources) for f in sets):
        return unknown("Whether the declared backups are apart from the snapshots cannot be read", *shown)
    if not asset.backups and any(job.enabled is not False for job in backup_jobs.jobs):
        return unknown("A backup job runs, and the inventory does not say where its copies go", *shown)
    return failed("The host has snapshots and no backup copy outside of the disks they are on", *shown)
