"""Are the copies safe from who attacks the host: encrypted, away, unchangeable, without loose keys?"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from scanner.check import check, failed, not_applicable, not_checked, passed, unknown
from scanner.facts.backup_jobs import BackupJobs
from scanner.facts.backup_sets import BackupSets
from scanner.facts.restore import BackupSecrets
from scanner.model import Asset, BackupDeclaration, Evidence, Result

_NOTHING_DECLARED = "The inventory declares no backup of this asset"
# Tools that know no repository without encryption.
_ALWAYS_ENCRYPTED = ("restic", "kopia")
# Tools whose repository says for certain whether it is encrypted; elsewhere only a file name does.
_CERTAIN = ("borg",)


@check(
    "BAK-006",
    severity="high",
    controls=[
        "nist-800-53:CP-9(8)",
        "nist-800-53:SC-28(1)",
        "cis-v8:11.3",
        "csf-2.0:PR.DS-11",
        "iso-27001:A.8.24",
        "nis2:21.2h",
    ],
    tags=["backup", "crypto"],
)
def encrypted(asset: Asset, backup_sets: BackupSets | None) -> Result:
    """Backups are encrypted.

    Why: a stolen backup disk or a leaked share gives away everything that the office stores.
    Fix: use a tool that encrypts (restic, borg with `--encryption repokey-blake2`), or pipe dumps
    through `age` or `gpg`; keep the key in a second place.
    """
    if not asset.backups:
        return not_checked(_NOTHING_DECLARED)
    open_names, doubtful, silent = [], [], []
    shown: list[Evidence] = []
    for item in asset.backups:
        found = backup_sets.of(item) if backup_sets else None
        seen = True if item.tool in _ALWAYS_ENCRYPTED else found.encrypted if found else None
        shown.append(Evidence("inventory and repository", f"{item.name}: said {item.encrypted}, seen {seen}"))
        if seen is False and item.encrypted and item.tool not in _CERTAIN:
            doubtful.append(item.name)
        elif seen is False or item.encrypted is False:
            open_names.append(item.name)
        elif seen is None and item.encrypted is None:
            silent.append(item.name)
    if open_names:
        return failed(f"Not encrypted: {', '.join(open_names[:10])}", *shown[:20])
    if doubtful:
        return unknown(
            f"Declared as encrypted, but the newest file is by name a plain one: {', '.join(doubtful[:10])}",
            *shown[:20],
        )
    if silent:
        return not_checked(f"The inventory does not say whether it is encrypted: {', '.join(silent[:10])}")
    return passed("The backups are encrypted", *shown[:20])


@check(
    "BAK-007",
    severity="high",
    controls=[
        "nist-800-53:CP-6",
        "nist-800-53:CP-9(5)",
        "cis-v8:11.4",
        "csf-2.0:PR.DS-11",
        "iso-27001:A.8.13",
        "nis2:21.2c",
    ],
    platforms=(),
    tags=["backup", "recovery", "ransomware"],
)
def leaves_the_host(asset: Asset) -> Result:
    """A backup copy leaves the host.

    Why: fire, theft and ransomware take the host and every copy that is on it.
    Fix: send a copy to another machine or site, and declare `location: offsite` (or `both`) or the
    remote `repository:` of the backup in the inventory.
    """
    if not asset.backups:
        return not_checked(_NOTHING_DECLARED)
    away = [item for item in asset.backups if item.location in ("offsite", "both") or _remote(item)]
    if away:
        shown = [
            Evidence("inventory", f"{item.name}: {item.location or item.repository}") for item in away[:10]
        ]
        return passed("A copy leaves the host", *shown)
    if all(item.location is None and item.repository is None and item.path is None for item in asset.backups):
        return not_checked("The inventory does not say where the backups are kept")
    names = ", ".join(item.name for item in asset.backups[:10])
    return failed(f"No declared backup leaves the host: {names}")


def _remote(item: BackupDeclaration) -> bool:
    """Whether the repository is on another machine: `host:path`, `tool:…`, or a URL other than file:."""
    repository = item.repository or ""
    return bool(re.match(r"[\w.@+-]{2,}:", repository)) and not repository.startswith("file:")


@check(
    "BAK-008",
    severity="high",
    controls=["nist-800-53:CP-9", "cis-v8:11.4", "csf-2.0:PR.DS-11", "iso-27001:A.8.13"],
    tags=["backup", "ransomware"],
)
def unchangeable_copy(asset: Asset, backup_sets: BackupSets | None) -> Result:
    """One copy cannot be changed or deleted from the host.

    Why: ransomware first deletes the backups that it can reach with the host's own credentials.
    Fix: use an append-only repository (`borg serve --append-only`, `rest-server --append-only`), object
    lock or media taken offline, and declare `immutable: true`.
    """
    if not asset.backups:
        return not_checked(_NOTHING_DECLARED)
    sets = backup_sets.sets if backup_sets else ()
    safe = [item.name for item in asset.backups if item.immutable]
    safe += [found.name for found in sets if found.append_only]
    if safe:
        return passed(
            "A copy is immutable or append-only", Evidence("inventory and repository", ", ".join(safe))
        )
    if all(item.immutable is None for item in asset.backups):
        return not_checked("The inventory does not say whether a copy is immutable")
    return failed("Every declared backup can be changed or deleted from the host")


@check(
    "BAK-009",
    severity="medium",
    controls=[
        "nist-800-53:CP-9(1)",
        "cis-v8:11.5",
        "csf-2.0:PR.DS-11",
        "csf-2.0:RC.RP-03",
        "iso-27001:A.8.13",
    ],
    platforms=(),
    tags=["backup", "recovery"],
)
def verified(asset: Asset, now: datetime, max_days: int = 35) -> Result:
    """The integrity of every backup was verified lately.

    Why: media and repositories decay without a sign; a verification finds it while there is still a choice.
    Fix: run `restic check --read-data-subset=5%`, `borg check` or `pgbackrest verify` monthly, and
    record the day as `last_verified` of the backup in the inventory.
    """
    if not asset.backups:
        return not_checked(_NOTHING_DECLARED)
    days = {item.name: item.last_verified for item in asset.backups}
    return _recent(days, now.date(), max_days, "verification")


def _recent(days: dict[str, date | None], today: date, max_days: int, noun: str) -> Result:
    shown = [Evidence("inventory", f"{name}: {day or 'never'}") for name, day in days.items()]
    bad = [
        name
        for name, day in days.items()
        if day is None or day > today + timedelta(days=1) or today - day > timedelta(days=max_days)
    ]
    if bad:
        names = ", ".join(bad[:10])
        return failed(f"No {noun} is recorded within the last {max_days} days: {names}", *shown[:20])
    return passed(f"The last {noun} of every backup is within {max_days} days", *shown[:20])


@check(
    "BAK-014",
    severity="high",
    controls=[
        "nist-800-53:IA-5(6)",
        "nist-800-53:AC-3",
        "cis-v8:3.3",
        "iso-27001:A.5.17",
        "csf-2.0:PR.AA-05",
    ],
    tags=["backup", "credentials"],
)
def credentials_closed(backup_secrets: BackupSecrets) -> Result:
    """Other users of the host cannot read the credentials of the backup.

    Why: who has the repository's password can read, and often delete, every copy.
    Fix: `chown root: FILE; chmod 600 FILE`.
    """
    bad = [file for file in backup_secrets.files if file.mode & 0o006]
    shown = [
        Evidence(file.path, f"mode {file.mode:04o}, {file.owner}") for file in bad or backup_secrets.files
    ]
    if bad:
        return failed(f"Open to every user: {', '.join(file.path for file in bad[:10])}", *shown[:20])
    return passed("The backup credentials are closed to other users", *shown[:20])


@check(
    "BAK-015",
    severity="high",
    controls=["nist-800-53:IA-5(7)", "cis-v8:3.3", "iso-27001:A.5.17", "csf-2.0:PR.AA-01"],
    tags=["backup", "credentials"],
)
def no_password_in_schedule(backup_jobs: BackupJobs) -> Result:
    """No password stands in the command or crontab of a backup job.

    Why: unit files and system crontabs can be read by every user, and command lines are seen in `ps`.
    Fix: move the password to a file with mode 600 and name the file, such as `--password-file`,
    `~/.pgpass`, `~/.my.cnf` or systemd's `LoadCredential=`; then change the password.
    """
    if not backup_jobs.jobs:
        return not_applicable("No backup job was found on the host")
    bad = [job for job in backup_jobs.jobs if job.secret]
    if bad:
        shown = [Evidence(job.source, job.command, job.line) for job in bad[:20]]
        return failed(f"A password stands in: {', '.join(job.name for job in bad[:10])}", *shown)
    if backup_jobs.unread:
        return unknown(
            f"No password was seen, and not everything could be read: {', '.join(backup_jobs.unread)}"
        )
    return passed("No password was seen in the backup jobs")
