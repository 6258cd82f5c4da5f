"""Backup programs and jobs. Recorded on Debian 12 with systemd 252 as process 1, with jobs made for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.backup_jobs import BackupJob, backup_jobs
from scanner.facts.backup_schedule import calendar_gap, cron_gap, in_words, span
from scanner.facts.backup_tools import BackupTool, backup_tools, mask, tool_of
from scanner.facts.spec import Absent, NotCollected, Output

RECORDED = Path(__file__).parent / "recorded"
JOBS = Output((RECORDED / "backup_jobs/bookworm.txt").read_bytes())
CRONTABS = Output((RECORDED / "backup_jobs/bookworm.cron.txt").read_bytes())


def job(name: str, output: Output = JOBS, crontabs: Output = CRONTABS) -> BackupJob:
    return next(job for job in backup_jobs.parse(output, crontabs).jobs if job.name == name)


def test_tools_in_the_path_with_their_package_versions() -> None:
    tools = backup_tools.parse(Output((RECORDED / "backup_tools/bookworm.txt").read_bytes()))
    assert tools.tools[0] == BackupTool("restic", "/usr/bin/restic", "0.14.0-1+b5")
    assert tools.names == {"restic", "borg", "rsnapshot"}


def test_no_tools_is_an_answer() -> None:
    with pytest.raises(Absent, match="no known backup program"):
        backup_tools.parse(Output(b"\x1epackages\n"))


def test_a_timer_is_known_by_what_its_script_calls() -> None:
    assert job("backup-nightly.timer") == BackupJob(
        "backup-nightly.timer",
        "timer",
        "restic",
        source="backup-nightly.timer",
        schedule="OnCalendar=*-*-* 00:00:00",
        command="/usr/local/sbin/nightly",
        gap=timedelta(days=1),
        last_run=datetime(2026, 11, 24, 20, 4, 22, tzinfo=UTC),
        result="success",
    )


def test_a_failed_run_and_a_password_in_the_command() -> None:
    broken = job("dump-broken.timer")
    assert (broken.tool, broken.result, broken.secret) == ("pg_dump", "exit-code", True)
    assert "hunter2" not in broken.command
    assert broken.gap == timedelta(hours=30)


def test_a_timer_that_is_not_enabled() -> None:
    assert job("borg-off.timer").enabled is False


def test_the_distributions_own_package_dump_is_no_backup() -> None:
    assert not any("dpkg" in job.name for job in backup_jobs.parse(JOBS, CRONTABS).jobs)


def test_cron_lines_of_system_and_user_crontabs() -> None:
    system = job("/etc/cron.d/office:3")
    assert (system.tool, system.gap, system.line) == ("restic", timedelta(hours=4), 3)
    assert system.secret, "RESTIC_PASSWORD is set above it"
    assert job("/etc/cron.d/office:4").command.startswith("mysqldump -u root -p*** office")
    assert job("/var/spool/cron/crontabs/root:2").schedule == "30 1 1 * *"
    assert job("/etc/cron.daily/save-office").tool == "mysqldump"


@pytest.mark.parametrize(("daemon", "enabled"), [(b"running\nseen", True), (b"seen", False), (b"", None)])
def test_cron_lines_count_only_while_a_cron_daemon_runs(daemon: bytes, enabled: bool | None) -> None:
    output = Output(JOBS.stdout.replace(b"running\nseen", daemon))
    assert job("/etc/cron.d/office:3", output).enabled is enabled


def test_anacron_counts_in_days() -> None:
    output = Output(b"\x1ecron\n/etc/anacrontab:9:7 10 weekly restic backup /\n\x1edaemon\n")
    assert job("/etc/anacrontab:9", output).gap == timedelta(days=7)


def test_an_agent_of_a_backup_server() -> None:
    unit = b"Id=bareos-fd.service\nLoadState=loaded\nActiveState=active"
    found = job("bareos-fd.service", Output(b"\x1eservices\n" + unit + b"\n\x1edaemon\n"))
    assert (found.kind, found.enabled, found.gap) == ("agent", True, None)


def test_a_line_that_both_probes_show_is_one_job() -> None:
    names = [job.name for job in backup_jobs.parse(JOBS, CRONTABS).jobs]
    assert len(names) == len(set(names))


def test_scripts_in_a_closed_folder_are_known_by_their_text() -> None:
    output = Output(
        b"\x1efolders\n/etc/cron.daily/save\n\x1edaemon\n\x1escripts\n/etc/cron.daily/save:  borg create x\n"
    )
    assert job("/etc/cron.daily/save", output).tool == "borg"


def test_what_could_not_be_read_is_named() -> None:
    output = Output(b"\x1eservices\n\x1edaemon\n", denied=True)
    unread = backup_jobs.parse(output, Output(denied=True)).unread
    assert unread == ("systemd timers", "crontabs", "scripts in /etc/cron.daily and beside it")


def test_a_cut_answer_is_not_collected() -> None:
    with pytest.raises(NotCollected):
        backup_jobs.parse(replace(JOBS, truncated=True), CRONTABS)


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("/usr/bin/restic backup /srv", "restic"),
        ("sh -c 'pg_dumpall | gzip >/x'", "pg_dump"),
        ("/opt/nightly-sauvegarde.sh", "script"),
        ("/usr/sbin/kdump-config", None),
        ("apt-get update", None),
    ],
)
def test_tool_of(text: str, tool: str | None) -> None:
    assert tool_of(text) == tool


@pytest.mark.parametrize(
    ("command", "masked"),
    [
        ("BORG_PASSPHRASE=hunter2 borg create", "BORG_PASSPHRASE=*** borg create"),
        ("restic -r rest:https://me:hunter2@vault/r backup", "restic -r rest:https://me:***@vault/r backup"),
        ("mysqldump -u root -phunter2 db", "mysqldump -u root -p*** db"),
        ("influxd backup --password hunter2", "influxd backup --password ***"),
    ],
)
def test_literal_passwords_are_masked(command: str, masked: str) -> None:
    assert mask(command) == (masked, True)


@pytest.mark.parametrize(
    "command",
    [
        "RESTIC_PASSWORD_FILE=pass.txt restic backup",
        "RESTIC_PASSWORD=$(cat /root/p) restic backup",
        'BORG_PASSPHRASE="$SECRET" borg create',
        "mysqldump -u root -p db",
        "mysqldump -P3306 db",
        "restic --password-file /root/p backup",
    ],
)
def test_a_reference_is_no_literal_password(command: str) -> None:
    assert mask(command) == (command, False)


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("@weekly", 168),
        ("15 */4 * * *", 4),
        ("*/10 * * * *", 1 / 6),
        ("0 3 * * 1-5", 72),
        ("0 3 * * mon,thu", 96),
        ("0 3 * * fri-mon", 96),
        ("0 1 1 * *", 744),
        ("0 1 1,15 * *", 17 * 24),
        ("0 1 1 1 *", 31 * 12 * 24),
        ("0 8-18/2 * * *", 14),
    ],
)
def test_the_gap_of_a_crontab_schedule_is_its_longest_pause(schedule: str, hours: float) -> None:
    assert cron_gap(schedule) == timedelta(hours=hours)


@pytest.mark.parametrize("schedule", ["@reboot", "nonsense", "99 x * * *", "a b c d e", ", , , , ,"])
def test_no_gap_can_be_read(schedule: str) -> None:
    assert cron_gap(schedule) is None


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("*-*-* 00:00:00", 24),
        ("*-*-* *:00:00", 1),
        ("*-*-* 00/6:30:00", 6),
        ("Mon..Fri *-*-* 03:00:00", 72),
        ("*-01-01 00:00:00", 31 * 12 * 24),
        ("Sun *-*-* 03:10:00 Europe/Berlin", 168),
    ],
)
def test_the_gap_of_a_calendar_expression(expression: str, hours: float) -> None:
    assert calendar_gap(expression) == timedelta(hours=hours)


def test_durations_in_words() -> None:
    assert span("1d 6h 30min") == timedelta(hours=30.5)
    assert [in_words(timedelta(hours=hours)) for hours in (0.5, 26, 72)] == [
        "30 minutes",
        "26 hours",
        "3 days",
    ]


@given(st.lists(st.text("0123456789*/,-.:abcmonfri ", max_size=8), min_size=5, max_size=5))
def test_no_schedule_breaks_the_readers(fields: list[str]) -> None:
    for gap in (cron_gap(" ".join(fields)), calendar_gap(f"{fields[0]} *-*-{fields[1]} {fields[2]}:0:0")):
        assert gap is None or gap > timedelta(0)
