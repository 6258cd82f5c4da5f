"""Host names as an Ansible inventory writes them: with ranges and with a port.

Rules: "Adding ranges of hosts" in Ansible's "How to build your inventory".
"""

from __future__ import annotations

import ipaddress
import itertools
import re
import string

MAX_HOSTS = 65_536
ALLOWED = "write a range as [01:20], [1:20:2] or [a:f]"

_RANGE = re.compile(r"\[(?P<range>[^\[\]]*)\]")
_BRACKETED_PORT = re.compile(r"\[(?P<host>.+)\]:(?P<port>\d+)", re.ASCII)
_PORT = re.compile(r"(?P<host>(?:[^:\[\]]|\[[^\]]*\])*):(?P<port>\d+)", re.ASCII)
_LABEL = r"\w(?:[\w-]*[^\W_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def expand(pattern: str) -> tuple[list[str], int | None]:
    """The host names that `pattern` stands for, and the port it ends with, if any.

    Raises ValueError that says what is wrong with a range, or that it makes more than MAX_HOSTS.
    """
    pattern, port = _split_port(pattern)
    pieces = _RANGE.split(pattern)
    if any("[" in piece or "]" in piece for piece in pieces[::2]):
        raise ValueError("a range bracket is not closed")
    choices = [_members(piece) if odd else [piece] for odd, piece in zip(itertools.cycle((0, 1)), pieces)]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > MAX_HOSTS:
        raise ValueError(f"the range makes {total} hosts, more than {MAX_HOSTS}")
    return ["".join(parts) for parts in itertools.product(*choices)], port


def is_host_pattern(text: str) -> bool:
    """True for one host name or address, with ranges and a port or without."""
    match = _BRACKETED_PORT.fullmatch(text) or _PORT.fullmatch(text)
    return _is_address(_RANGE.sub("1", match["host"] if match else text))


def _split_port(pattern: str) -> tuple[str, int | None]:
    match = _BRACKETED_PORT.fullmatch(pattern) or _PORT.fullmatch(pattern)
    if not match or not _is_address(_RANGE.sub("1", match["host"])):
        return pattern, None
    port = int(match["port"])
    if not 1 <= port <= 65_535:
        raise ValueError(f"the port {port} is not between 1 and 65535")
    return match["host"], port


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST_NAME.fullmatch(text) is not None
    return True


def _members(bounds: str) -> list[str]:
    parts = bounds.split(":")
    first, last, step = parts if len(parts) == 3 else [*parts, "1"] if len(parts) == 2 else ["", "", ""]
    if not last or not _is_number(step) or int(step) < 1:
        raise ValueError(f"[{bounds}] is not a range")
    return _members_between(bounds, first or "0", last, int(step))


def _members_between(bounds: str, first: str, last: str, step: int) -> list[str]:
    letters = string.ascii_letters
    if len(first) == len(last) == 1 and first in letters and last in letters:
        members = list(letters[letters.index(first) : letters.index(last) + 1 : step])
    elif _is_number(first) and _is_number(last):
        width = len(first) if first[0] == "0" and len(first) > 1 else 0
        if width and width != len(last):
            raise ValueError(f"[{bounds}]: both ends need the same number of digits")
        numbers = range(int(first), int(last) + 1, step)
        if len(numbers) > MAX_HOSTS:
            raise ValueError(f"the range makes {len(numbers)} hosts, more than {MAX_HOSTS}")
        members = [str(number).zfill(width) for number in numbers]
    else:
        raise ValueError(f"[{bounds}] is not a range")
    if not members:
        raise ValueError(f"[{bounds}] is empty: its end comes before its start")
    return members


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9
