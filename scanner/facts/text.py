"""Reading numbers and times out of text that nobody vouches for."""

from __future__ import annotations

from datetime import UTC, datetime


def whole(text: str, base: int = 10) -> int | None:
    """The integer, or None when the text is not one (or is absurdly long)."""
    if len(text) > 30:
        return None
    try:
        return int(text, base)
    except ValueError:
        return None


def moment(epoch: str) -> datetime | None:
    """The UTC time of seconds since 1970 given as text, or None when it is not such a time."""
    seconds = whole(epoch)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
