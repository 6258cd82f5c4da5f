"""Logs that are written, survive, leave the host, and can be read by those who should only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.check import check, failed, informational, not_applicable, passed, unknown
from scanner.facts.daemons import Daemons
from scanner.facts.logging import Journald, Line, LogFile, Rotation, Syslog
from scanner.model import Asset, Evidence, Result

_SYSLOG = ("rsyslog", "syslog-ng", "syslogd")
_SHIPPERS = (
    "systemd-journal-upload", "filebeat", "elastic-agent", "fluent-bit", "fluentd", "vector", "promtail",
    "alloy", "nxlog", "splunkforwarder", "wazuh-agent",
)  # fmt: skip


@check("LOG-001", severity="high", controls=["nist-800-53:AU-11", "cis-v8:8.2"], tags=["logging"])
def survives_reboot(journald: Journald | None, daemons: Daemons) -> Result:
    """Logs survive a reboot.

    Why: an intruder or a crash ends with a reboot, and what led to it is gone.
    Fix: `mkdir /var/log/journal`, set `Storage=persistent` in /etc/systemd/journald.conf, and
    `systemctl restart systemd-journald`; or install rsyslog.
    """
    running = daemons.running(*_SYSLOG)
    if running:
        return passed(f"{running[0]} writes log files")
    if journald is None:
        return failed("Neither a syslog daemon nor the systemd journal keeps logs")
    seen = _lines(line for key, line in journald.settings.items() if key == "Storage")
    if journald.persistent:
        return passed("The journal is kept in /var/log/journal", *seen)
    return failed("The journal is kept in memory only and nothing else writes logs", *seen)


@check(
    "LOG-002",
    severity="high",
    controls=["nist-800-53:AU-4(1)", "nist-800-53:AU-9(2)", "cis-v8:8.9", "iso-27001:A.8.15", "nis2:21.2b"],
    tags=["logging", "recovery"],
)
def leaves_host(syslog: Syslog | None, daemons: Daemons) -> Result:
    """Logs are sent to another host as they are written.

    Why: whoever takes over a host deletes its logs first; after ransomware they are the only way to
    know what happened and which backup is clean.
    Fix: `echo '*.* action(type="omfwd" target="LOGSERVER" port="514" protocol="tcp")'
    >/etc/rsyslog.d/90-forward.conf && systemctl restart rsyslog`.
    """
    shippers = daemons.running(*_SHIPPERS)
    if shippers:
        return passed(f"Logs are sent by {', '.join(shippers)}")
    if syslog and syslog.remote:
        if daemons.running("rsyslog", "syslog-ng"):
            return passed("All logs or log-ins are sent to another host", *_lines(syslog.remote))
        return failed("Sending logs is set up, but the syslog daemon does not run", *_lines(syslog.remote))
    if syslog and syslog.unreadable:
        return unknown(f"Could not read {', '.join(syslog.unreadable[:10])}")
    return failed("Logs stay on this host")


@check("LOG-003", severity="medium", controls=["nist-800-53:AU-9", "cis-v8:3.3"], tags=["logging"])
def not_readable(log_files: tuple[LogFile, ...]) -> Result:
    """System logs cannot be read by every user.

    Why: they hold names, addresses, and now and then a password typed in the wrong field.
    Fix: `chmod o-rwx FILE`; set `$FileCreateMode 0640` in /etc/rsyslog.conf and `create 0640 root adm` in
    /etc/logrotate.d/rsyslog.
    """
    bad = [file for file in log_files if file.mode & 0o004]
    return _modes(bad, "Every user can read", "No system log can be read by every user")


@check("LOG-004", severity="high", controls=["nist-800-53:AU-9", "cis-v8:3.3"], tags=["logging"])
def not_writable(log_files: tuple[LogFile, ...]) -> Result:
    """Log files cannot be changed by every user.

    Why: a log that anybody can write proves nothing: entries can be deleted or made up.
    Fix: `chmod o-w FILE`, and find the program that creates it that way.
    """
    bad = [file for file in log_files if file.mode & 0o002]
    return _modes(bad, "Every user can write", "No log file can be written by every user")


@check("LOG-005", severity="medium", controls=["nist-800-53:AU-4", "cis-v8:8.3"], tags=["logging"])
def rotated(log_rotation: Rotation, daemons: Daemons) -> Result:
    """System logs are rotated: cut at intervals, and the oldest deleted.

    Why: without rotation the log fills the disk, and then services, logging and backups stop.
    Fix: `apt install logrotate` (or `dnf install logrotate`) and `systemctl enable --now logrotate.timer`.
    """
    if log_rotation.days is None:
        return failed("logrotate has no rule for the system logs")
    scheduled = (*daemons.enabled("logrotate"), *log_rotation.cron)
    if not scheduled:
        return failed("Nothing runs logrotate: neither a timer nor a cron file")
    return passed("System logs are rotated", Evidence("timers and cron", "\n".join(scheduled)))


@check("LOG-006", severity="medium", controls=["nist-800-53:AU-11", "cis-v8:8.10"], tags=["logging"])
def kept_long_enough(
    journald: Journald | None, log_rotation: Rotation | None, syslog: Syslog | None, days: int = 90
) -> Result:
    """Logs are kept for 90 days.

    Why: intruders are found weeks or months after they came; by then short-lived logs are gone.
    Fix: set `rotate 13` with `weekly` in /etc/logrotate.d/rsyslog (Debian) or /etc/logrotate.conf (RHEL),
    or send the logs to a log server; the journal cannot promise a time, because it also deletes for room.
    Set `days` in the profile to what your rules ask for.
    """
    kept: float | None = None
    seen: Sequence[Evidence] = ()
    if log_rotation and log_rotation.days is not None:
        kept = log_rotation.days
        seen = _lines([log_rotation.line] if log_rotation.line else [])
    elif journald and journald.retention_days is not None:
        kept = journald.retention_days
        seen = _lines([journald.settings["MaxRetentionSec"]])
    # journald.conf(5): MaxRetentionSec is the longest, SystemMaxUse may end it sooner.
    rotated = bool(log_rotation and log_rotation.days is not None)
    if rotated and kept is not None and kept >= days:
        return passed(f"Logs are kept for at least {days} days", *seen)
    if syslog and syslog.remote:
        return informational(f"Logs stay here less than {days} days; the log server decides", *seen)
    if kept is None or kept >= days:
        return unknown("Logs are kept until space runs short; how long that is cannot be told", *seen)
    return failed(f"Logs are kept for less than {days} days", *seen)


@check("LOG-007", severity="high", controls=["nist-800-53:AU-12", "cis-v8:8.2"], tags=["logging"])
def syslog_runs(syslog: Syslog, daemons: Daemons) -> Result:
    """The syslog daemon that is set up runs, and starts at boot.

    Why: its rules for files and for the log server do nothing while it is stopped.
    Fix: `systemctl enable --now rsyslog` (or syslog-ng); purge the package if the journal is enough.
    """
    running, enabled = daemons.running(*_SYSLOG), daemons.enabled(*_SYSLOG)
    if not running:
        return failed("A syslog daemon is set up, but none runs")
    if not set(running) & set(enabled):
        return failed(f"{running[0]} runs, but does not start at boot")
    return passed(f"{running[0]} runs and starts at boot")


@check("LOG-008", severity="medium", controls=["nist-800-53:CM-7", "cis-v8:4.8"], tags=["logging"])
def takes_no_logs(
    syslog: Syslog, asset: Asset, services: tuple[str, ...] = ("syslog", "log", "logging", "siem")
) -> Result:
    """The host takes no logs from the network, unless that is its job.

    Why: anybody can fill its disk and write false entries into its logs.
    Fix: remove the `imudp`/`imtcp` lines from /etc/rsyslog.conf and restart rsyslog; on a log server,
    add `syslog` to its `services` in the inventory.
    """
    if set(asset.services) & set(services):
        return not_applicable("The inventory says that collecting logs is this asset's job")
    if syslog.listeners:
        return failed("The syslog daemon takes logs from the network", *_lines(syslog.listeners))
    if syslog.unreadable:
        return unknown(f"Could not read {', '.join(syslog.unreadable[:10])}")
    return passed("The syslog daemon takes no logs from the network")


def _modes(bad: Sequence[LogFile], fault: str, good: str) -> Result:
    if not bad:
        return passed(good)
    names = ", ".join(file.path for file in bad[:10])
    more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
    listing = "\n".join(f"{file.mode:04o} {file.owner} {file.path}" for file in bad[:100])
    return failed(f"{fault}: {names}{more}", Evidence("stat", listing))


def _lines(lines: Iterable[Line]) -> list[Evidence]:
    return [Evidence(line.path, line.text, line.number) for line in lines][:10]
