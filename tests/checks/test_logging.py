"""Time, logs, the audit trail and integrity, each check once good and once bad."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.logging import audit, integrity, logs, time
from scanner.check import Check
from scanner.facts.audit import AuditRules
from scanner.facts.daemons import Daemons
from scanner.facts.hardening import Integrity, MandatoryAccess
from scanner.facts.logging import Journald, Line, LogFile, Rotation, Syslog
from scanner.facts.services import Unit
from scanner.facts.timesync import TimeSource, TimeSync
from scanner.model import Asset, Status

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ASSET = Asset("a")
NOBODY = Daemons()
SERVER = TimeSource("192.0.2.1", selected=True, offset=0.001)
TIME = TimeSync(True, 0.001, (SERVER,), 3)
SILENT = TimeSync(None, None, (), 0)
RULE = Line("/etc/logrotate.d/rsyslog", 8, "rotate 13")
FORWARD = Line("/etc/rsyslog.d/90.conf", 1, "*.* @@loghost")
KEPT = Rotation(("/etc/cron.daily/logrotate",), 91, RULE)


def enabled(*units: str) -> Daemons:
    return Daemons({unit: Unit(unit, "active", "running", "enabled") for unit in units})


RSYSLOG = enabled("rsyslog.service")


def test_synchronised() -> None:
    assert time.synchronised(TIME, NOBODY).status is Status.PASS
    assert time.synchronised(replace(TIME, synchronised=False), NOBODY).status is Status.FAIL
    assert time.synchronised(SILENT, NOBODY).status is Status.FAIL
    assert time.synchronised(SILENT, enabled("ntpd.service")).status is Status.UNKNOWN


def test_enough_time_servers() -> None:
    assert time.enough_servers(TIME).status is Status.PASS
    assert time.enough_servers(replace(TIME, servers=2)).status is Status.FAIL


def test_one_time_daemon() -> None:
    assert time.one_daemon(enabled("chrony.service")).status is Status.PASS
    assert time.one_daemon(enabled("chrony.service", "ntpd.service")).status is Status.FAIL
    assert time.one_daemon(NOBODY).status is Status.NOTAPPLICABLE


def test_offset() -> None:
    assert time.small_offset(TIME).status is Status.PASS
    assert time.small_offset(replace(TIME, offset=-1.5)).status is Status.FAIL
    assert time.small_offset(SILENT).status is Status.UNKNOWN


def test_time_from_another_host() -> None:
    assert time.other_host(TIME).status is Status.PASS
    assert time.other_host(replace(TIME, sources=(replace(SERVER, local=True),))).status is Status.FAIL
    assert time.other_host(SILENT).status is Status.UNKNOWN


def test_logs_survive_a_reboot() -> None:
    assert logs.survives_reboot(Journald(persistent=True), NOBODY).status is Status.PASS
    assert logs.survives_reboot(None, RSYSLOG).status is Status.PASS
    assert logs.survives_reboot(Journald(persistent=False), NOBODY).status is Status.FAIL
    assert logs.survives_reboot(None, NOBODY).status is Status.FAIL


def test_logs_leave_the_host() -> None:
    forwarding = Syslog(remote=(FORWARD,))
    assert logs.leaves_host(forwarding, RSYSLOG).status is Status.PASS
    assert logs.leaves_host(forwarding, NOBODY).status is Status.FAIL
    assert logs.leaves_host(None, enabled("filebeat.service")).status is Status.PASS
    assert logs.leaves_host(Syslog(), RSYSLOG).status is Status.FAIL
    assert logs.leaves_host(Syslog(unreadable=("/etc/rsyslog.d/x.conf",)), RSYSLOG).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("check", "mode"), [(logs.not_readable, 0o644), (logs.not_writable, 0o622)], ids=["read", "write"]
)
def test_log_modes(check: Check, mode: int) -> None:
    assert check(()).status is Status.PASS
    bad = check((LogFile("/var/log/auth.log", mode, "root"),))
    assert bad.status is Status.FAIL and bad.message.endswith(": /var/log/auth.log")


def test_rotation() -> None:
    assert logs.rotated(KEPT, NOBODY).status is Status.PASS
    assert logs.rotated(replace(KEPT, cron=()), enabled("logrotate.timer")).status is Status.PASS
    assert logs.rotated(replace(KEPT, cron=()), NOBODY).status is Status.FAIL
    assert logs.rotated(replace(KEPT, days=None), NOBODY).status is Status.FAIL


def test_retention() -> None:
    short = replace(KEPT, days=28)
    assert logs.kept_long_enough(None, KEPT, None).status is Status.PASS
    assert logs.kept_long_enough(None, short, Syslog()).status is Status.FAIL
    assert logs.kept_long_enough(None, short, Syslog(remote=(FORWARD,))).status is Status.INFORMATIONAL
    assert logs.kept_long_enough(Journald(True), None, None).status is Status.UNKNOWN
    journal = Journald(True, {"MaxRetentionSec": RULE}, retention_days=7)
    assert logs.kept_long_enough(journal, None, None).status is Status.FAIL
    # The longest time says nothing about the room there is.
    longest = Journald(True, {"MaxRetentionSec": RULE}, retention_days=365)
    assert logs.kept_long_enough(longest, None, None).status is Status.UNKNOWN


def test_syslog_runs() -> None:
    assert logs.syslog_runs(Syslog(), RSYSLOG).status is Status.PASS
    assert logs.syslog_runs(Syslog(), NOBODY).status is Status.FAIL
    only_now = Daemons({"rsyslog.service": Unit("rsyslog.service", "active", "running", "disabled")})
    assert logs.syslog_runs(Syslog(), only_now).status is Status.FAIL


def test_takes_no_logs() -> None:
    listening = Syslog(listeners=(Line("/etc/rsyslog.conf", 3, 'input(type="imudp" port="514")'),))
    assert logs.takes_no_logs(Syslog(), ASSET).status is Status.PASS
    assert logs.takes_no_logs(listening, ASSET).status is Status.FAIL
    assert logs.takes_no_logs(listening, Asset("l", services=("syslog",))).status is Status.NOTAPPLICABLE


def test_auditd_runs() -> None:
    assert audit.runs(enabled("auditd.service")).status is Status.PASS
    assert audit.runs(NOBODY).status is Status.FAIL


@pytest.mark.parametrize(
    ("check", "rules"),
    [
        (audit.accounts, ("-w /etc -p wa",)),
        (audit.privilege, ("-w /etc/sudoers -p wa", "-w /etc/sudoers.d/ -p wa")),
        (audit.clock, ("-a always,exit -F arch=b64 -S settimeofday,clock_settime",)),
        (audit.logins, ("-w /var/log -p wa",)),
        (audit.modules, ("-a always,exit -S init_module -S finit_module",)),
    ],
)
def test_audit_rules(check: Check, rules: tuple[str, ...]) -> None:
    assert check(AuditRules(rules, False, "auditctl -l")).status is Status.PASS
    assert check(AuditRules((), False, "auditctl -l")).status is Status.FAIL


def test_audit_rules_locked() -> None:
    assert audit.locked(AuditRules((), True, "auditctl -l")).status is Status.PASS
    assert audit.locked(AuditRules((), False, "auditctl -l")).status is Status.FAIL


def test_full_audit_disk() -> None:
    acting = dict.fromkeys(
        ("space_left_action", "admin_space_left_action", "disk_full_action", "disk_error_action"), "syslog"
    )
    assert audit.full_disk(acting).status is Status.PASS
    assert audit.full_disk({**acting, "disk_full_action": "ignore"}).status is Status.FAIL
    assert audit.full_disk({}).status is Status.FAIL


def test_confinement() -> None:
    assert integrity.enforcing(MandatoryAccess("AppArmor", True)).status is Status.PASS
    assert integrity.enforcing(MandatoryAccess("SELinux", True, configured="enforcing")).status is Status.PASS
    assert (
        integrity.enforcing(MandatoryAccess("SELinux", True, configured="permissive")).status is Status.FAIL
    )
    assert integrity.enforcing(MandatoryAccess("AppArmor", False)).status is Status.FAIL
    assert integrity.enforcing(MandatoryAccess("none", False)).status is Status.FAIL


def test_complaining_profiles() -> None:
    assert integrity.no_complaints(MandatoryAccess("AppArmor", True)).status is Status.PASS
    assert integrity.no_complaints(MandatoryAccess("AppArmor", True, ("man",))).status is Status.FAIL
    assert integrity.no_complaints(MandatoryAccess("SELinux", True)).status is Status.NOTAPPLICABLE


def test_integrity_reference() -> None:
    assert integrity.reference_exists(Integrity(("aide",), NOW, NOW)).status is Status.PASS
    assert integrity.reference_exists(Integrity(("aide",), None, NOW)).status is Status.FAIL
    assert integrity.reference_exists(Integrity((), None, None)).status is Status.FAIL
    assert integrity.reference_exists(Integrity(("tripwire",), None, None)).status is Status.UNKNOWN


def test_integrity_compared_lately() -> None:
    fresh = Integrity(("aide",), NOW, NOW - timedelta(days=6))
    assert integrity.compared_lately(fresh, NOBODY, NOW).status is Status.PASS
    assert integrity.compared_lately(fresh, NOBODY, NOW + timedelta(days=2)).status is Status.FAIL
    unseen = replace(fresh, last_run=None)
    assert integrity.compared_lately(unseen, NOBODY, NOW).status is Status.FAIL
    assert integrity.compared_lately(unseen, enabled("dailyaidecheck.timer"), NOW).status is Status.UNKNOWN
    assert integrity.compared_lately(Integrity((), None, None), NOBODY, NOW).status is Status.NOTAPPLICABLE
