"""An asset and an inventory as JSON-ready data, for people's own tools."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from scanner import duration
from scanner.inventory.load import Inventory
from scanner.inventory.problem import allowed
from scanner.model import Asset, Port, SecretRef


def asset_document(asset: Asset) -> dict[str, Any]:
    """The asset's fields by name: durations as `4h`, ports as `443/tcp`, secrets as references."""
    return {name: _plain(value) for name, value in _fields(asset).items()}


def graph_lines(inventory: Inventory, group: str = "all") -> list[str]:
    """The groups and hosts below `group` as `ansible-inventory --graph` draws them.

    Raises LookupError that names the groups there are when there is none of that name.
    """
    if group not in inventory.groups:
        raise LookupError(f"there is no group {group!r}; {allowed(inventory.groups, group)}")
    lines: list[str] = []
    # A stack rather than recursion: how deep groups nest is up to the file.
    waiting: list[tuple[str, int, bool]] = [(group, 0, True)]
    while waiting:
        name, depth, is_group = waiting.pop()
        lines.append(("  |" * depth + "--" if depth else "") + (f"@{name}:" if is_group else name))
        if is_group:
            node = inventory.groups[name]
            hosts = () if name == "all" else node.hosts
            below = [(child, depth + 1, True) for child in node.children]
            below += [(host, depth + 1, False) for host in hosts]
            waiting += reversed(below)
    return lines


def graph_document(inventory: Inventory) -> dict[str, Any]:
    """Every group with the names of the hosts and groups directly in it."""
    return {
        name: {"hosts": list(group.hosts), "children": list(group.children)}
        for name, group in inventory.groups.items()
    }


def _fields(item: object) -> dict[str, Any]:
    return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}  # type: ignore[arg-type]


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return duration.format_duration(value)
    if isinstance(value, Port | SecretRef):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {name: _plain(item) for name, item in _fields(value).items()}
    return value
