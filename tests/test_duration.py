from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.duration import format_duration, parse


@given(st.integers(0, 10**9).map(lambda seconds: timedelta(seconds=seconds)))
def test_what_is_formatted_is_parsed_back(duration: timedelta) -> None:
    assert parse(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "hours"),
    [("4h", 4), ("1d", 24), ("30m", 0.5), ("1d12h", 36), ("2w", 336), ("0h", 0), ("90s", 0.025)],
)
def test_parse(text: str, hours: float) -> None:
    assert parse(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["", "4", "h", "4 h", "12h1d", "1h1h", "-1h", "1.5h", "4h\n", "٣h", "9999999w"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse(text)


def test_format_shows_the_sign_and_drops_part_seconds() -> None:
    assert format_duration(timedelta(days=-1, milliseconds=-5)) == "-1d"
    assert format_duration(timedelta(milliseconds=5)) == "0s"
