"""Which known services run, with systemd (recorded on Debian 12) and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.daemons import daemons
from scanner.facts.spec import NotCollected, Output

RECORDED = Path(__file__).parent / "recorded/daemons"
SYSTEMD = Output((RECORDED / "services.txt").read_bytes())
PROCESSES = Output((RECORDED / "processes.txt").read_bytes())


def test_systemd_has_the_word() -> None:
    seen = daemons.parse(SYSTEMD, PROCESSES)
    assert seen.running("chrony", "ntpd", "rsyslog", "nftables") == ("chrony", "rsyslog", "nftables")
    assert seen.enabled("auditd", "aide", "logrotate") == ("auditd", "logrotate")


def test_a_process_does_not_count_for_a_unit_that_is_stopped() -> None:
    stopped = SYSTEMD.stdout.replace(
        b"Id=rsyslog.service\nActiveState=active", b"Id=rsyslog.service\nActiveState=inactive"
    )
    assert stopped != SYSTEMD.stdout
    assert daemons.parse(Output(stopped), PROCESSES).running("rsyslog") == ()


def test_without_a_service_manager() -> None:
    seen = daemons.parse(
        Output(), Output(b"\x1eboot\nS20chrony\nK01cups\nREADME\n\x1eprocesses\nchronyd\ninit\n")
    )
    assert seen.running("chrony", "cups") == ("chrony",)
    assert seen.enabled("chrony", "cups") == ("chrony",)


def test_nothing_to_see() -> None:
    with pytest.raises(NotCollected):
        daemons.parse(Output(), Output(b"\x1eboot\n\x1eprocesses\n"))
