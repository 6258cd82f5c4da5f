"""Durations as people write them in an inventory or a plan: `30m`, `4h`, `1d12h`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta

ALLOWED = "a number and a unit (w, d, h, m or s), largest unit first, such as 30m, 4h, 1d12h or 2w"
PATTERN = r"^(?=\d)(?:\d{1,6}w)?(?:\d{1,6}d)?(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,6}s)?$"

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse(text: str) -> timedelta:
    """The duration that `text` names. Raises ValueError when it is not of the form in ALLOWED."""
    if not isinstance(text, str) or not re.fullmatch(PATTERN, text, re.ASCII):
        raise ValueError(f"{text!r} is not a duration")
    parts = re.findall(r"(\d+)([wdhms])", text, re.ASCII)
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse` reads back, without weeks; part seconds are dropped."""
    rest = int(abs(duration).total_seconds())
    sign = "-" if duration < timedelta(0) else ""
    parts = []
    for unit in "dhms":
        number, rest = divmod(rest, _UNITS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return sign + "".join(parts) if parts else "0s"
