"""The audit trail: who changed accounts, became root, set the clock, or loaded a kernel module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scanner.check import check, failed, passed
from scanner.facts.audit import AuditRules
from scanner.facts.daemons import Daemons
from scanner.model import Evidence, Result


@check(
    "AUD-001",
    severity="medium",
    controls=["nist-800-53:AU-12", "cis-v8:8.5", "iso-27001:A.8.15"],
    tags=["logging", "audit"],
)
def runs(daemons: Daemons) -> Result:
    """The audit daemon runs and starts at boot.

    Why: the ordinary log says what programs chose to report; the audit trail says what was done.
    Fix: `apt install auditd` (or `dnf install audit`), then `systemctl enable --now auditd`.
    """
    if not daemons.running("auditd"):
        return failed("The audit daemon does not run")
    if not daemons.enabled("auditd"):
        return failed("The audit daemon runs, but does not start at boot")
    return passed("The audit daemon runs and starts at boot")


@check(
    "AUD-002",
    severity="medium",
    controls=["nist-800-53:AU-12", "nist-800-53:AC-2(4)", "cis-v8:8.5"],
    tags=["logging", "audit"],
)
def accounts(audit_rules: AuditRules) -> Result:
    """Changes to accounts and groups are recorded.

    Why: a new or changed account is how an intruder comes back.
    Fix: add `-w /etc/passwd -p wa -k identity` and the same for /etc/group, /etc/shadow and /etc/gshadow to
    /etc/audit/rules.d/50-identity.rules; `augenrules --load`.
    """
    return _watched(audit_rules, ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"))


@check("AUD-003", severity="medium", controls=["nist-800-53:AU-12", "cis-v8:8.5"], tags=["logging", "audit"])
def privilege(audit_rules: AuditRules) -> Result:
    """Changes to the rules of sudo are recorded.

    Why: one line in sudoers makes any user root, and can be taken out again afterwards.
    Fix: add `-w /etc/sudoers -p wa -k scope` and `-w /etc/sudoers.d -p wa -k scope` to
    /etc/audit/rules.d/50-scope.rules; `augenrules --load`.
    """
    return _watched(audit_rules, ("/etc/sudoers", "/etc/sudoers.d"))


@check("AUD-004", severity="medium", controls=["nist-800-53:AU-12", "cis-v8:8.5"], tags=["logging", "audit"])
def clock(audit_rules: AuditRules) -> Result:
    """Changes of the clock are recorded.

    Why: setting the clock back makes log entries and file times lie.
    Fix: add `-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime -k time-change` to
    /etc/audit/rules.d/50-time-change.rules; `augenrules --load`.
    """
    missing = [call for call in ("settimeofday", "clock_settime") if not audit_rules.records(call)]
    return _judge(audit_rules, missing)


@check("AUD-005", severity="medium", controls=["nist-800-53:AU-12", "cis-v8:8.5"], tags=["logging", "audit"])
def logins(audit_rules: AuditRules) -> Result:
    """Changes to the records of log-ins are recorded.

    Why: an intruder deletes the record of the log-in; the audit trail shows that it was deleted.
    Fix: add `-w /var/log/wtmp -p wa -k session`, `-w /var/log/btmp -p wa -k session` and
    `-w /var/log/lastlog -p wa -k logins` to /etc/audit/rules.d/50-login.rules; `augenrules --load`.
    """
    return _watched(audit_rules, ("/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"))


@check("AUD-006", severity="medium", controls=["nist-800-53:AU-12", "cis-v8:8.5"], tags=["logging", "audit"])
def modules(audit_rules: AuditRules) -> Result:
    """Loading and unloading kernel modules is recorded.

    Why: a kernel module can hide files, processes and connections from every tool on the host.
    Fix: add `-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -k kernel_modules` to
    /etc/audit/rules.d/50-kernel_modules.rules; `augenrules --load`.
    """
    missing = [call for call in ("init_module", "finit_module") if not audit_rules.records(call)]
    return _judge(audit_rules, missing)


@check("AUD-007", severity="low", controls=["nist-800-53:AU-9", "cis-v8:3.3"], tags=["logging", "audit"])
def locked(audit_rules: AuditRules) -> Result:
    """Audit rules cannot be changed without a reboot.

    Why: otherwise whoever becomes root turns recording off first.
    Fix: put `-e 2` into /etc/audit/rules.d/99-finalize.rules and reboot.
    """
    if audit_rules.immutable:
        return passed("The audit rules are locked until the next boot")
    return failed("The audit rules can be changed while the system runs", _seen(audit_rules))


@check(
    "AUD-008",
    severity="medium",
    controls=["nist-800-53:AU-5", "nist-800-53:AU-5(1)", "cis-v8:8.3"],
    tags=["logging", "audit"],
)
def full_disk(
    auditd_conf: Mapping[str, str],
    unsafe: tuple[str, ...] = ("ignore",),
) -> Result:
    """Somebody is told, or the system acts, when the audit disk fills up.

    Why: a full disk ends the audit trail silently, and an intruder can fill it on purpose.
    Fix: in /etc/audit/auditd.conf set `space_left_action = email`, `admin_space_left_action = single` and
    `disk_full_action = syslog` or stronger; `service auditd restart`.
    """
    keys = ("space_left_action", "admin_space_left_action", "disk_full_action", "disk_error_action")
    seen = [
        Evidence("/etc/audit/auditd.conf", f"{key} = {auditd_conf[key]}")
        for key in keys
        if key in auditd_conf
    ]
    # A key that is not set has the default `ignore` (auditd.conf(5)).
    bad = [key for key in keys if auditd_conf.get(key, "ignore") in unsafe]
    if bad:
        return failed(f"auditd ignores a full or failing disk: {', '.join(bad)}", *seen)
    return passed("auditd acts when its disk is full or fails", *seen)


def _watched(rules: AuditRules, paths: Sequence[str]) -> Result:
    return _judge(rules, [path for path in paths if not rules.watches(path)])


def _judge(rules: AuditRules, missing: Sequence[str]) -> Result:
    if missing:
        return failed(f"Not recorded: {', '.join(missing)}", _seen(rules))
    return passed("Recorded", _seen(rules))


def _seen(rules: AuditRules) -> Evidence:
    return Evidence(rules.source, "\n".join(rules.rules[:100]) or "no rules")
