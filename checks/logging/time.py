"""A clock that is right, and known to be right: log-ins, logs, backups and certificates depend on it."""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.daemons import Daemons
from scanner.facts.timesync import TimeSync
from scanner.model import Evidence, Result

_DAEMONS = ("chrony", "ntpd", "systemd-timesyncd", "ptp4l")


@check(
    "TIM-001",
    severity="high",
    controls=["nist-800-53:AU-8", "nist-800-53:SC-45(1)", "cis-v8:8.4", "iso-27001:A.8.17"],
    tags=["time", "recovery"],
)
def synchronised(timesync: TimeSync, daemons: Daemons) -> Result:
    """The clock is synchronised.

    Why: with a wrong clock logs cannot be put in order, log-ins with Kerberos or one-time codes fail,
    and nobody can tell which backup is the newest.
    Fix: `apt install chrony` (or `dnf install chrony`), `systemctl enable --now chrony`, then
    `chronyc sources`.
    """
    running = daemons.running(*_DAEMONS)
    if timesync.synchronised:
        return passed("The clock is synchronised", _seen(timesync))
    if timesync.synchronised is False:
        return failed("The time service runs, but the clock is not synchronised", _seen(timesync))
    if not running:
        return failed("No time service runs")
    return unknown(f"{running[0]} runs, but does not say whether the clock is synchronised")


@check("TIM-002", severity="medium", controls=["nist-800-53:SC-45(2)", "cis-v8:8.4"], tags=["time"])
def enough_servers(timesync: TimeSync, least: int = 3) -> Result:
    """The clock can choose among several time servers.

    Why: with one server its failure stops synchronisation; with two nobody can tell which one is wrong.
    Fix: give three or more servers in /etc/chrony/chrony.conf, or `NTP=` in /etc/systemd/timesyncd.conf.
    """
    if timesync.servers < least:
        return failed(f"Fewer than {least} time servers are set", _seen(timesync))
    return passed(f"At least {least} time servers are set", _seen(timesync))


@check("TIM-003", severity="medium", controls=["nist-800-53:AU-8", "cis-v8:8.4"], tags=["time"])
def one_daemon(daemons: Daemons) -> Result:
    """Only one service sets the clock.

    Why: two services correct each other's corrections, and the clock wanders.
    Fix: keep one, `systemctl disable --now` the other.
    """
    running = daemons.running(*(name for name in _DAEMONS if name != "ptp4l"))
    if len(running) > 1:
        return failed(f"Several services set the clock: {', '.join(running)}")
    if not running:
        return not_applicable("No time service runs")
    return passed(f"Only {running[0]} sets the clock")


@check(
    "TIM-004",
    severity="high",
    controls=["nist-800-53:AU-8", "cis-v8:8.4", "iso-27001:A.8.17"],
    tags=["time", "recovery"],
)
def small_offset(timesync: TimeSync, seconds: float = 1.0) -> Result:
    """The clock agrees with its time servers.

    Why: a service can run and still not manage to correct the clock; then every time stamp is wrong.
    Fix: `chronyc makestep`, then `chronyc tracking`; a virtual machine that drifts needs the
    hypervisor's own correction turned off.
    """
    if timesync.offset is None:
        return unknown("No time server has been measured")
    if abs(timesync.offset) > seconds:
        return failed(f"The clock differs from its time server by more than {seconds:g} s", _seen(timesync))
    return passed(f"The clock is within {seconds:g} s of its time server", _seen(timesync))


@check("TIM-005", severity="medium", controls=["nist-800-53:SC-45(1)", "cis-v8:8.4"], tags=["time"])
def other_host(timesync: TimeSync) -> Result:
    """The time comes from another machine.

    Why: a host that follows only its own clock or its hypervisor's is wrong whenever that one is.
    Fix: add time servers of your office or your country's institute to /etc/chrony/chrony.conf.
    """
    if not timesync.sources:
        return unknown("The time service names no source")
    if all(source.local for source in timesync.sources):
        return failed("Every time source is this host itself", _seen(timesync))
    return passed("The time comes from another machine", _seen(timesync))


def _seen(timesync: TimeSync) -> Evidence:
    offset = "not measured" if timesync.offset is None else f"{timesync.offset:+.6f} s"
    return Evidence(
        "time service", f"offset {offset}; {timesync.servers} servers set\n{timesync.text}".strip()
    )
