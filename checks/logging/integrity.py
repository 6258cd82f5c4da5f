"""What confines programs, and what notices that files were changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.daemons import Daemons
from scanner.facts.hardening import Integrity, MandatoryAccess
from scanner.model import Evidence, Result


@check(
    "MAC-001",
    severity="medium",
    controls=["nist-800-53:AC-3(3)", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["confinement"],
)
def enforcing(mandatory_access: MandatoryAccess) -> Result:
    """SELinux or AppArmor confines programs.

    Why: it keeps a service that was broken into from reading and changing everything its user may.
    Fix: Debian, Ubuntu: `apt install apparmor apparmor-profiles && systemctl enable --now apparmor`;
    Red Hat: `SELINUX=enforcing` in /etc/selinux/config, then reboot.
    """
    name = mandatory_access.system
    if name == "none":
        return failed("Neither SELinux nor AppArmor is active")
    if not mandatory_access.enforcing:
        return failed(f"{name} is on, but stops nothing")
    if name == "SELinux" and mandatory_access.configured != "enforcing":
        return failed("SELinux enforces now, but will not after the next boot")
    return passed(f"{name} enforces")


@check("MAC-002", severity="low", controls=["nist-800-53:AC-3(3)", "cis-v8:3.3"], tags=["confinement"])
def no_complaints(mandatory_access: MandatoryAccess) -> Result:
    """No AppArmor profile is in complain mode.

    Why: such a profile only logs what it would have stopped; often it was put so for a test and forgotten.
    Fix: `aa-enforce PROFILE`, after `aa-logprof` shows no more denials.
    """
    if mandatory_access.system != "AppArmor":
        return not_applicable("AppArmor is not in use")
    names = mandatory_access.complaining
    if names:
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        seen = Evidence("/sys/kernel/security/apparmor/profiles", "\n".join(names))
        return failed(f"Profiles that only log: {', '.join(names[:10])}{more}", seen)
    return passed("Every AppArmor profile enforces")


@check(
    "FIM-001",
    severity="medium",
    controls=["nist-800-53:SI-7", "cis-v8:3.14", "csf-2.0:DE.CM-09"],
    tags=["integrity"],
)
def reference_exists(integrity: Integrity) -> Result:
    """A tool that notices changed files is installed and has its reference.

    Why: a changed system program is the trace an intruder cannot avoid; only a comparison shows it.
    Fix: `apt install aide && aideinit && cp /var/lib/aide/aide.db.new /var/lib/aide/aide.db`, on RHEL `dnf
    install aide && aide --init && mv /var/lib/aide/aide.db.new.gz /var/lib/aide/aide.db.gz`; keep a copy
    of the database on another host.
    """
    if not integrity.tools:
        return failed("No file integrity tool is installed")
    if "aide" not in integrity.tools:
        return unknown(f"{integrity.tools[0]} is installed; its reference is not looked at")
    if integrity.database is None:
        return failed("AIDE is installed, but has no reference database")
    return passed(
        "AIDE has a reference database",
        Evidence("/var/lib", f"written {integrity.database:%Y-%m-%d %H:%M} UTC"),
    )


@check("FIM-002", severity="medium", controls=["nist-800-53:SI-7(1)", "cis-v8:3.14"], tags=["integrity"])
def compared_lately(integrity: Integrity, daemons: Daemons, now: datetime, days: int = 7) -> Result:
    """Files were compared with the reference within a week.

    Why: a reference that nothing is compared with notices nothing.
    Fix: `systemctl enable --now dailyaidecheck.timer` (Debian), or `aide --check` daily from cron (RHEL)
    with its report in /var/log/aide/aide.log.
    """
    if "aide" not in integrity.tools:
        return not_applicable("AIDE is not installed")
    if integrity.last_run is None:
        if daemons.enabled("aide") or integrity.scheduled:
            return unknown("A comparison is scheduled, but left no report in /var/log")
        return failed("No comparison is scheduled and none has left a report")
    seen = Evidence("/var/log", f"last report {integrity.last_run:%Y-%m-%d %H:%M} UTC")
    if now - integrity.last_run > timedelta(days=days):
        return failed(f"The last comparison is more than {days} days old", seen)
    return passed(f"Files were compared within {days} days", seen)
