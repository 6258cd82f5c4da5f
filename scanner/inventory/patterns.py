"""Ansible host patterns, as `--limit` takes them: `db*:!db3:&prod`, `web[0:2]`, `~web\\d+`.

Rules: "Patterns: targeting hosts and groups" in Ansible's documentation. Unlike Ansible, a part
that matches nothing is an error, above all in an exclusion: it is a host that was to be spared.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from scanner.inventory.ranges import is_host_pattern

_PART = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_SUBSCRIPT = re.compile(r"(.+)\[(?:(-?[0-9]+)|([0-9]+):([0-9]*))\]")


class SelectionError(ValueError):
    """A selection that cannot be meant; one line that names the part at fault."""


def match(pattern: str, hosts: Sequence[str], groups: Mapping[str, Sequence[str]]) -> set[str]:
    """The names out of `hosts` that `pattern` selects.

    groups: by name, all hosts in the group and in the groups below it, in Ansible's order.
    Raises SelectionError for a part that is malformed or matches nothing.
    """
    parts = _split(pattern)
    plain = [part for part in parts if part[0] not in "!&"] or ["all"]
    selected = {host for part in plain for host in _match_one(part, hosts, groups)}
    for part in parts:
        if part[0] == "&":
            selected &= set(_match_one(part[1:], hosts, groups))
    for part in parts:
        if part[0] == "!":
            selected -= set(_match_one(part[1:], hosts, groups))
    return selected


def _split(pattern: str) -> list[str]:
    if "," in pattern:
        parts = pattern.split(",")
    elif is_host_pattern(pattern):
        parts = [pattern]
    else:
        parts = _PART.findall(pattern)
        if _PART.sub("", pattern).strip(" :"):  # a bracket without its partner
            parts = []
    parts = [part.strip() for part in parts if part.strip()]
    if not parts or any(part in ("!", "&") for part in parts):
        raise SelectionError(f"{pattern!r} is no host pattern")
    return parts


def _match_one(part: str, hosts: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    if part in hosts:
        return [part]
    subscript = None if part[0] == "~" else _SUBSCRIPT.fullmatch(part)
    expression = subscript[1] if subscript else part
    found = _enumerate(expression, hosts, groups)
    if subscript and found:
        found = _slice(found, subscript, part)
    if not found:
        raise SelectionError(f"the pattern {part!r} matches no host and no group")
    return found


def _enumerate(expression: str, hosts: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """The hosts of the groups that match and, for a glob or a regular expression, matching hosts."""
    matches = _matcher(expression)
    matching_groups = [group for group in groups if matches(group)]
    found: Iterable[str] = (host for group in matching_groups for host in groups[group])
    if not matching_groups or expression[0] == "~" or any(special in expression for special in ".?*["):
        found = [*found, *(host for host in hosts if matches(host))]
    return list(dict.fromkeys(found))


def _matcher(expression: str) -> Callable[[str], object]:
    regex = expression[1:] if expression[0] == "~" else fnmatch.translate(expression)
    try:
        return re.compile(regex).match
    except re.error as error:
        raise SelectionError(f"the pattern {expression!r} is no regular expression: {error}") from None


def _slice(found: list[str], subscript: re.Match[str], part: str) -> list[str]:
    _, index, start, end = subscript.groups()
    if index is None:
        last = int(end) if end else len(found) - 1
        return found[int(start) : last + 1]
    try:
        return [found[int(index)]]
    except IndexError:
        raise SelectionError(
            f"the pattern {part!r} asks for more than the {len(found)} hosts there are"
        ) from None
