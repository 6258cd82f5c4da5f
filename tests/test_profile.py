"""Profiles: what they select, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner import profile
from scanner.catalog import CatalogError
from scanner.profile import Profile, ProfileError, select
from tests.samples import CATALOG


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ("*", ["TST-001", "TST-002", "TST-003"]),
        ("TST-00[12]", ["TST-001", "TST-002"]),
        ("tag:talk", ["TST-001"]),
        ("framework:cis-v8", ["TST-001", "TST-003"]),
        ("control:nist-800-53:AC-*", ["TST-001", "TST-002"]),
        ("severity:high", ["TST-001"]),
        ("severity:high+", ["TST-001", "TST-003"]),
    ],
)
def test_selectors(selector: str, ids: list[str]) -> None:
    assert [item.check.info.id for item in select(CATALOG, Profile("p", include=(selector,)))] == ids
    assert [item.check.info.id for item in select(CATALOG, Profile("p"), only=[selector])] == ids


def test_nothing_selected_is_a_mistake() -> None:
    with pytest.raises(ProfileError, match="none of the checks"):
        select(CATALOG, Profile("p", include=("TST-001",)), only=["TST-002"])


def test_exclude_wins() -> None:
    chosen = select(CATALOG, Profile("p", exclude=("severity:high+",)))
    assert [item.check.info.id for item in chosen] == ["TST-002"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (Profile("p", include=("NOPE-*",)), "selects no check"),
        (Profile("p", include=("severity:urgent",)), "critical"),
        (Profile("p", tunables={"TST-001": {"want": "x"}}), "it has: wanted"),
        (Profile("p", tunables={"TST-001": {"wanted": 3}}), "type str"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused(broken: Profile, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        select(CATALOG, broken)


def test_settings_of_a_check_that_does_not_exist_name_the_nearest() -> None:
    with pytest.raises(CatalogError, match="TST-001"):
        select(CATALOG, Profile("p", severities={"TST-0001": "low"}))  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("include: [", r"p\.yaml:1:\d+: "),
        ("- a", "mapping"),
        ("includes: [a]", "did you mean 'include'"),
        ("include: all", "must be a list"),
        ("severities: {TST-001: urgent}", "urgent"),
        ("tunables: {TST-001: 3}", "parameter: value"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_what(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=message):
        profile.load(str(path))


def test_an_unknown_name_suggests_a_built_in_profile() -> None:
    with pytest.raises(ProfileError, match="did you mean 'default'"):
        profile.load("defalt")
