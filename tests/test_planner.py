"""Which facts and probes a selection needs, and what it runs as root."""

from __future__ import annotations

from scanner.planner import plan, sudoers_commands
from scanner.profile import Profile, select
from tests.samples import CATALOG, CHECKS, GREETING, SHADOW


def test_each_probe_is_planned_once() -> None:
    planned = plan(CATALOG, select(CATALOG, Profile("all")))
    assert list(planned.facts) == ["greeting", "both"]
    assert planned.probes == (GREETING, SHADOW)


def test_only_what_the_selected_checks_name_is_planned() -> None:
    assert plan(CATALOG, select(CATALOG, Profile("one", include=("TST-001",)))).probes == (GREETING,)


def test_root_commands_are_listed_as_they_are_run() -> None:
    assert sudoers_commands(CHECKS, CATALOG) == ("cat /etc/shadow", "ls -l /root")
