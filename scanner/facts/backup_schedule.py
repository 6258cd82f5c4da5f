"""How far apart the runs of a schedule can be: cron fields and systemd calendar expressions.

The answer is the longest gap, because that is what a recovery point objective is held against.
Sources: crontab(5) of Vixie cron; systemd.time(7), normalized form as `systemctl show` prints it.
"""

from __future__ import annotations

import re
from datetime import timedelta

_NAMES = {
    name: number
    for names in ("sun mon tue wed thu fri sat", "jan feb mar apr may jun jul aug sep oct nov dec")
    for number, name in enumerate(names.split(), start=0 if names.startswith("sun") else 1)
}
_NICKNAMES = {
    "@hourly": timedelta(hours=1),
    "@daily": timedelta(days=1),
    "@midnight": timedelta(days=1),
    "@weekly": timedelta(days=7),
    "@monthly": timedelta(days=31),
    "@yearly": timedelta(days=366),
    "@annually": timedelta(days=366),
}
_SPAN_UNITS = {
    "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0,
    "d": 86400.0, "w": 604800.0, "month": 2629800.0, "y": 31557600.0,
}  # fmt: skip


def cron_gap(schedule: str) -> timedelta | None:
    """Longest time between two runs of a crontab schedule (five fields or a nickname).

    None when it is not understood or has no period (`@reboot`).
    """
    if schedule in _NICKNAMES:
        return _NICKNAMES[schedule]
    fields = schedule.split()
    return _longest_gap(*fields) if len(fields) == 5 else None


def calendar_gap(expression: str) -> timedelta | None:
    """Longest time between two elapses of a normalized systemd calendar expression.

    `Mon *-*-* 02:00:00`; None when it is not understood.
    """
    words = expression.split()
    dates = [index for index, word in enumerate(words) if word.count("-") == 2]
    if len(dates) != 1 or dates[0] + 1 >= len(words):
        return None
    at = dates[0]
    _, month, day = words[at].split("-")
    clock = words[at + 1].split(":")
    if at > 1 or len(clock) != 3:
        return None
    fields = (clock[1], clock[0], day, month, words[0] if at else "*")
    return _longest_gap(*(field.replace("..", "-") for field in fields))


def in_words(duration: timedelta) -> str:
    """`45 minutes`, `26 hours`, `3 days`: rounded down to the unit."""
    minutes = round(duration.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"


def span(text: str) -> timedelta | None:
    """A systemd time span such as `1d 6h` as printed by `systemctl show`; None if not understood."""
    parts = re.findall(r"([0-9.]{1,12})([a-z]{1,5})", text)
    try:
        seconds = sum(float(number) * _SPAN_UNITS[unit] for number, unit in parts)
        return timedelta(seconds=seconds) if parts else None
    except (ValueError, KeyError, OverflowError):
        return None


def _longest_gap(minute: str, hour: str, day: str, month: str, weekday: str) -> timedelta | None:
    try:
        minutes, hours = _values(minute, 0, 59), _values(hour, 0, 23)
        days, months = _values(day, 1, 31), _values(month, 1, 12)
        weekdays = {value % 7 for value in _values(weekday, 0, 7)}
    except ValueError:
        return None
    if len(months) < 12:
        return timedelta(days=31 * _gap(months, 12))
    if len(days) < 31 and len(weekdays) == 7:
        return timedelta(days=_gap(days, 31))
    if len(weekdays) < 7 and _gap(weekdays, 7) > 1:
        return timedelta(days=_gap(weekdays, 7))
    if len(hours) < 24:
        return timedelta(hours=_gap(hours, 24))
    return timedelta(minutes=_gap(minutes, 60))


def _gap(values: set[int], cycle: int) -> int:
    ordered = sorted(values)
    following = [*ordered[1:], ordered[0] + cycle]
    return max(after - before for before, after in zip(ordered, following, strict=True))


def _values(field: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for part in field.lower().split(","):
        base, _, step = part.partition("/")
        first, dash, last = base.partition("-")
        start = low if base == "*" else _number(first)
        end = high if base == "*" or (step and not dash) else _number(last) if dash else start
        width = int(step) if step.isdecimal() and len(step) < 4 else 1
        cycle = high - low + 1
        # A range may wrap around, as in `fri-mon`.
        reach = range(start, end + 1 + (cycle if end < start else 0), max(1, width))
        values.update(low + (value - low) % cycle for value in reach)
    if not values:
        raise ValueError(field)
    return values


def _number(text: str) -> int:
    named = _NAMES.get(text[:3])
    if named is not None and text.isalpha():
        return named
    if not text.isdecimal() or len(text) > 2:
        raise ValueError(text)
    return int(text)
