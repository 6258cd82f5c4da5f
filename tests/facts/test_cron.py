"""cron. Recorded on a weak Debian 12; user crontabs and anacron from their manual pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.cron import CronJob, cron
from scanner.facts.spec import Absent, Output

WEAK = Output((Path(__file__).parent / "recorded/cron/weak.txt").read_bytes())


def job(place: str, text: str) -> CronJob | None:
    found = cron.parse(Output(f"\x1ejobs\n{place}:1:{text}\n".encode())).jobs
    return found[0] if found else None


def test_jobs_and_the_programs_they_name() -> None:
    found = cron.parse(WEAK)
    app = next(job for job in found.jobs if "/opt/app/run.sh" in job.paths)
    assert (app.user, app.schedule, app.evidence.source) == ("root", "0 4 1 1 *", "/etc/cron.d/app")
    assert found.scripts.found["/opt/app/run.sh"].mode == 0o777
    assert found.files["/etc/crontab"].mode == 0o666
    assert not found.policy and not found.at


@pytest.mark.parametrize(
    ("place", "text", "user", "command"),
    [
        ("/var/spool/cron/crontabs/bob", "@reboot /bin/x -a", "bob", "/bin/x -a"),
        ("/var/spool/cron/bob", "*/5 * * * * /bin/x", "bob", "/bin/x"),
        (
            "/etc/crontabs/root",
            "0 2 * * * run-parts /etc/periodic/daily",
            "root",
            "run-parts /etc/periodic/daily",
        ),
        ("/etc/anacrontab", "1 5 cron.daily run-parts /etc/cron.daily", "root", "run-parts /etc/cron.daily"),
        ("/etc/cron.d/x", "@daily www /bin/x", "www", "/bin/x"),
    ],
)
def test_each_kind_of_crontab(place: str, text: str, user: str, command: str) -> None:
    found = job(place, text)
    assert found and (found.user, found.command) == (user, command)


@pytest.mark.parametrize("text", ["MAILTO=root", "PATH = /bin", "0 4 * *", "not a job at all, really no"])
def test_other_lines_are_no_jobs(text: str) -> None:
    assert job("/etc/crontab", text) is None


def test_secrets_are_blanked_out() -> None:
    found = job("/var/spool/cron/bob", "0 4 * * * dump --password=geheim --api-key: geheim TOKEN=geheim")
    assert found and "geheim" not in found.command + found.evidence.text


def test_no_cron() -> None:
    with pytest.raises(Absent):
        cron.parse(Output())
