"""Jobs that run by the clock: who may add them, and what root's jobs run."""

from __future__ import annotations

import re

from checks.access.wording import modes, some
from scanner.check import check, failed, not_applicable, passed
from scanner.facts.cron import Cron, CronJob
from scanner.facts.files import FileMode
from scanner.model import Result

_DOWNLOAD = re.compile(
    r"\b(curl|wget|fetch)\b[^|;&]*\|\s*(sudo\s+)?(\S*/)?((ba|da|z|k)?sh|python[23]?|perl)\b"
)
_TARGET = re.compile(r">\s*[^\s;&|]+")
_SCRIPT = (".sh", ".py", ".pl", ".rb", ".php")


@check(
    "CRN-001",
    severity="critical",
    controls=["nist-800-53:AC-3", "nist-800-53:CM-5", "cis-v8:3.3"],
    tags=["cron"],
)
def cron_files(cron: Cron) -> Result:
    """Only root can change the system's crontabs and their scripts.

    Why: a line in /etc/crontab or a script in /etc/cron.daily is run as root.
    Fix: `chown -R root:root /etc/crontab /etc/cron.*; chmod -R go-w /etc/crontab /etc/cron.*`.
    """
    bad = [
        entry for entry in cron.files.values() if entry.changeable and not entry.path.startswith("/etc/at.")
    ]
    if bad:
        return failed(f"Others can change: {some(entry.path for entry in bad)}", *modes(bad))
    return passed("Only root can change the system's crontabs")


def _weak_path(cron: Cron, job: CronJob) -> FileMode | None:
    targets = {match.lstrip("> ") for match in _TARGET.findall(job.command)}
    for path in job.paths:
        entry = cron.scripts.found.get(path)
        runs = entry is None or (entry.kind == "file" and (entry.mode & 0o111 or path.endswith(_SCRIPT)))
        if runs and path not in targets:
            link = cron.scripts.weak_link(path)
            if link is not None:
                return link
    return None


@check(
    "CRN-002",
    severity="critical",
    controls=["nist-800-53:AC-6", "nist-800-53:CM-5", "cis-v8:3.3"],
    tags=["cron"],
)
def root_jobs_protected(cron: Cron) -> Result:
    """Root's cron jobs run nothing that others can change.

    Why: whoever can change such a script, or a folder above it, is root at the next full minute.
    Fix: `chown root:root SCRIPT; chmod go-w SCRIPT`, the same for its folders, or move it to /usr/local/sbin.
    """
    weak = [(job, link) for job in cron.jobs if job.user == "root" and (link := _weak_path(cron, job))]
    if weak:
        return failed(
            f"Others can change what root's jobs run: {some(link.path for _, link in weak)}",
            *(job.evidence for job, _ in weak),
            *modes(link for _, link in weak),
        )
    return passed("Root's jobs run nothing that others can change")


@check(
    "CRN-003", severity="low", controls=["nist-800-53:AC-3", "nist-800-53:CM-7", "cis-v8:3.3"], tags=["cron"]
)
def cron_users(cron: Cron) -> Result:
    """Only listed users may make cron and at jobs.

    Why: jobs survive logouts and reboots; for an intruder with a plain account they are a place to stay.
    Fix: write the names of those who need it into /etc/cron.allow, one a line, then `chmod 640
    /etc/cron.allow` and on Debian `chgrp crontab /etc/cron.allow`; the same for /etc/at.allow (group
    daemon on Debian) if `at` is installed.
    """
    missing = [
        name
        for name, wanted in (("cron.allow", True), ("at.allow", cron.at))
        if wanted and name not in cron.policy
    ]
    if missing:
        return failed(
            f"Every user may make jobs (there is no {' and no '.join(f'/etc/{m}' for m in missing)})"
        )
    return passed("Only listed users may make jobs")


@check(
    "CRN-004", severity="high", controls=["nist-800-53:SI-7", "nist-800-53:CM-5", "cis-v8:2.7"], tags=["cron"]
)
def no_downloads_run(cron: Cron) -> Result:
    """No cron job runs what it has just downloaded.

    Why: whoever controls that address, or the way to it, runs commands here; miners and back doors do this.
    Fix: find out who added the line, remove it, and install the program from a package or a checked copy.
    """
    found = [job for job in cron.jobs if _DOWNLOAD.search(job.command[:2000])]
    if found:
        users = some(job.user for job in found)
        return failed(f"Jobs run downloads unseen, as: {users}", *(job.evidence for job in found))
    if not cron.jobs:
        return not_applicable("There are no cron jobs")
    return passed("No job runs what it has just downloaded")
