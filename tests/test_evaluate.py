"""Facts and checks to results; above all, that what could not be seen is never a pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from scanner.evaluate import evaluate
from scanner.facts.spec import Output
from scanner.model import Asset, Reach, Result, Severity, Status
from scanner.planner import plan
from scanner.profile import Profile, select
from tests.samples import CATALOG

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OK = Reach("ok")


def results(
    outputs: Mapping[str, Output],
    *,
    profile: Profile | None = None,
    reach: Reach = OK,
    platform: str | None = "linux",
) -> dict[str, Result]:
    planned = plan(CATALOG, select(CATALOG, profile or Profile("all")))
    verdicts = evaluate(planned, Asset("a"), reach, outputs, platform, NOW)
    return {verdict.check.id: verdict.result for verdict in verdicts}


def said(text: bytes) -> dict[str, Output]:
    return {"greeting": Output(text), "shadow": Output(b"")}


def test_pass_and_fail() -> None:
    assert results(said(b"hello"))["TST-001"].status is Status.PASS
    assert results(said(b"bah"))["TST-001"].status is Status.FAIL


def test_a_profile_sets_tunables_and_severity() -> None:
    profile = Profile("p", tunables={"TST-001": {"wanted": "bah"}}, severities={"TST-001": Severity.LOW})
    assert results(said(b"bah"), profile=profile)["TST-001"].status is Status.PASS
    chosen = select(CATALOG, profile)
    assert chosen[0].severity is Severity.LOW


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (Output(b"unreadable"), "may not be read"),
        (Output(b"broken"), "was not understood"),
        (Output(b"hello", timed_out=True), "time limit"),
        (Output(b"hello", truncated=True), "byte limit"),
        (Output(b"hello", denied=True), "needs privilege"),
    ],
)
def test_a_fact_that_could_not_be_collected_is_an_error(output: Output, reason: str) -> None:
    found = results({"greeting": output})
    assert found["TST-001"].status is found["TST-002"].status is Status.ERROR
    assert reason in found["TST-001"].message


def test_a_probe_that_never_answered_is_an_error() -> None:
    assert results({})["TST-001"].status is Status.ERROR


def test_what_is_not_there_is_not_applicable_unless_the_check_takes_none() -> None:
    found = results(said(b"gone"))
    assert found["TST-001"] == Result(Status.NOTAPPLICABLE, "nobody greets here")
    assert found["TST-002"] == Result(Status.PASS, "silent")


def test_a_check_that_raises_is_an_error_with_its_name_and_the_others_go_on() -> None:
    found = results(said(b"hello"))
    assert found["TST-003"].status is Status.ERROR
    assert "TST-003" in found["TST-003"].message and "ZeroDivisionError" in found["TST-003"].message
    assert found["TST-001"].status is Status.PASS


def test_other_platforms_are_not_applicable_and_unreached_assets_errors() -> None:
    assert results({}, platform="freebsd")["TST-001"].status is Status.NOTAPPLICABLE
    assert results(said(b"hello"), platform=None)["TST-001"].status is Status.ERROR
    found = results({}, reach=Reach("unreachable"), platform=None)
    assert found["TST-001"] == Result(Status.ERROR, "The asset could not be looked at: unreachable")


def test_a_probe_that_was_killed_did_not_answer() -> None:
    found = results({"greeting": Output(b"hello", exit=137)})
    assert found["TST-001"] == Result(
        Status.ERROR, "Could not be read: greeting: was killed by signal 9 before it was done"
    )
