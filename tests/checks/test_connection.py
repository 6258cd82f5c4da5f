"""What the checks say about the way to an asset, for every way it can end."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from checks.connection import host_key_known, no_legacy_algorithms, reached
from scanner.model import Asset, Connection, Reach, Status

ASSET = Asset("db1", Connection(host="192.0.2.1", port=2222, user="audit"))
LOCAL = Asset("here", Connection(transport="local"))
OUTCOMES = get_args(get_type_hints(Reach)["outcome"])


def test_reached() -> None:
    assert reached(ASSET, Reach("ok")).status is Status.PASS
    unreachable = reached(ASSET, Reach("unreachable", "connection refused"))
    assert unreachable.status is Status.ERROR
    assert unreachable.message == "The asset does not answer; try: nc -vz 192.0.2.1 2222"
    assert unreachable.evidence[0].text == "connection refused"


@pytest.mark.parametrize("outcome", OUTCOMES[1:])
def test_whatever_kept_us_away_is_an_error_with_a_next_step(outcome: str) -> None:
    result = reached(ASSET, Reach(outcome))  # type: ignore[arg-type]
    assert result.status is Status.ERROR
    assert any(step in result.message for step in ("; try: ", "; type: drscan ", "; see CON-"))


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("ok", Status.PASS),
        ("auth-failed", Status.PASS),
        ("host-key-changed", Status.FAIL),
        ("host-key-revoked", Status.FAIL),
        ("host-key-unknown", Status.ERROR),
        ("unreachable", Status.ERROR),
        ("no-common-algorithm", Status.ERROR),
        ("deadline", Status.ERROR),
    ],
)
def test_host_key_known(outcome: str, status: Status) -> None:
    assert host_key_known(ASSET, Reach(outcome)).status is status  # type: ignore[arg-type]


def test_a_changed_host_key_is_loud_and_shows_the_fingerprint() -> None:
    result = host_key_known(ASSET, Reach("host-key-changed", "was SHA256:old", "SHA256:new"))
    assert "may be an impostor" in result.message
    assert result.evidence[0].text == "SHA256:new was SHA256:old"


def test_an_unknown_host_key_names_the_command_that_adds_it() -> None:
    assert "drscan inventory trust db1" in host_key_known(ASSET, Reach("host-key-unknown")).message


def test_no_legacy_algorithms() -> None:
    assert no_legacy_algorithms(ASSET, Reach("ok")).status is Status.PASS
    assert no_legacy_algorithms(ASSET, Reach("ok", legacy=True)).status is Status.FAIL
    assert "ssh_legacy: true" in no_legacy_algorithms(ASSET, Reach("no-common-algorithm")).message
    assert no_legacy_algorithms(ASSET, Reach("unreachable")).status is Status.ERROR
    assert no_legacy_algorithms(ASSET, Reach("cut-off")).status is Status.ERROR
    assert no_legacy_algorithms(ASSET, Reach("cut-off", host_key="SHA256:a")).status is Status.PASS


def test_this_machine_needs_no_ssh() -> None:
    assert host_key_known(LOCAL, Reach("ok")).status is Status.NOTAPPLICABLE
    assert no_legacy_algorithms(LOCAL, Reach("ok")).status is Status.NOTAPPLICABLE
