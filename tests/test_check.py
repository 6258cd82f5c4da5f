"""The decorator: what it reads from a function, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.check import CheckFunction, check, passed
from scanner.model import Result, Severity
from tests.samples import optional, says_hello


def test_a_check_is_read_from_its_function() -> None:
    info = says_hello.info
    assert (info.title, info.why, info.fix) == ("The asset says hello", "politeness.", "say `hello`.")
    assert info.severity is Severity.HIGH
    assert says_hello.needs == ("greeting",)
    assert dict(info.tunables) == {"wanted": "hello"}
    assert optional.optional == {"greeting"}


def _undocumented() -> Result:
    return passed("")


def _without_fix() -> Result:
    """A title.

    Why: because.
    """
    return passed("")


@pytest.mark.parametrize("function", [_undocumented, _without_fix])
def test_a_check_without_why_and_fix_is_refused(function: CheckFunction) -> None:
    with pytest.raises(ValueError, match="docstring"):
        check("TST-009", severity="low", controls=["a:b"])(function)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: check("tst-9", severity="low", controls=["a:b"]), "id"),
        (lambda: check("TST-009", severity="low", controls=[]), "controls"),
        (lambda: check("TST-009", severity="low", controls=["AC-6"]), "controls"),
        (lambda: check("TST-009", severity="urgent", controls=["a:b"]), "urgent"),
    ],
)
def test_a_malformed_declaration_is_refused(
    declare: Callable[[], Callable[[CheckFunction], object]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        declare()(says_hello.function)
