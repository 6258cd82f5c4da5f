"""An Ansible YAML inventory: groups of hosts, children and vars.

Rules: Ansible's `yaml` inventory plugin. What that plugin skips with a warning is a warning here
too, unless it is plainly a slip of the pen: losing hosts silently is worse than stopping.
"""

from __future__ import annotations

import re
from pathlib import Path

from scanner.inventory import located, ranges
from scanner.inventory.graph import Graph
from scanner.inventory.located import Entry, Mapping, Value
from scanner.inventory.problem import Position, Problems, allowed, is_slip
from scanner.inventory.vars_files import VAULT_HEADER

SECTIONS = ("hosts", "children", "vars")
CONVERT = "convert it: ansible-inventory -i FILE --list --yaml > assets.yaml"

_INI = re.compile(r"^\[[^\[\]\n]+\]\s*(?:[#;].*)?$|^[\w.\[\]:-]+\s+\w+=", re.M)


def read(path: Path, graph: Graph) -> None:
    """Add what a file holds to `graph`."""
    problems = graph.problems
    start = Position(str(path))
    text = located.read_text(path, problems)
    if text is None:
        return
    if path.suffix in (".ini", ".cfg", ".toml"):
        problems.error(start, f"{path.suffix[1:].upper()} inventories are not read", CONVERT)
        return
    if text.startswith(VAULT_HEADER):
        problems.error(start, "encrypted with Ansible Vault, vault files are not read as an inventory")
        return
    found = Problems()
    root = located.parse(str(path), text, found)
    if (root is None or not isinstance(root.data, dict)) and _INI.search(text):
        problems.error(start, "looks like an INI inventory, INI inventories are not read", CONVERT)
        return
    problems.extend(found)
    if root is not None:
        _read_root(root, graph)


def _read_root(root: Value, graph: Graph) -> None:
    problems = graph.problems
    if not isinstance(root.data, dict) or not root.data:
        problems.error(root.at, "an inventory must be a mapping of group names", "start it with `all:`")
        return
    if "plugin" in root.data:
        at = root.data["plugin"].at
        problems.error(at, "this configures an Ansible inventory plugin, it is no inventory", CONVERT)
        return
    if "_meta" in root.data:
        at = root.data["_meta"].at
        problems.error(at, "this is the JSON of `ansible-inventory --list`", CONVERT)
        return
    for name, entry in root.data.items():
        if name in SECTIONS and not _is_group(entry.value):
            problems.error(entry.at, f"{name!r} at the top level is no group", "put it under `all:`")
        else:
            _read_group(name, entry, graph)


def _is_group(value: Value) -> bool:
    return isinstance(value.data, dict) and any(section in value.data for section in SECTIONS)


def _read_group(name: object, entry: Entry, graph: Graph) -> str | None:
    if not isinstance(entry.value.data, dict | None):
        graph.problems.warn(entry.at, f"{name!r} is skipped: a group must be a mapping")
        return None
    group = graph.add_group(name, entry.at)
    if group is None or entry.value.data is None:
        return group
    for key, section in entry.value.data.items():
        if key in SECTIONS:
            _read_section(group, key, section.value, graph)
        elif is_slip(str(key), SECTIONS):
            graph.problems.error(
                section.at, f"unknown key {key!r} in the group {group!r}", allowed(SECTIONS, key)
            )
        else:
            graph.problems.warn(section.at, f"{key!r} in the group {group!r} is skipped", allowed(SECTIONS))
    return group


def _read_section(group: str, section: str, value: Value, graph: Graph) -> None:
    if value.data is None:
        return
    content: Mapping
    if isinstance(value.data, str):
        content = {value.data: Entry(value.at, Value(value.at, None))}
    elif isinstance(value.data, dict):
        content = value.data
    else:
        example = "write each name on a line of its own, followed by a colon"
        graph.problems.error(value.at, f"{section!r} of the group {group!r} must be a mapping", example)
        return
    if section == "vars":
        graph.add_group_variables(group, content)
        return
    for name, entry in content.items():
        if section == "children":
            child = _read_group(name, entry, graph)
            if child is not None:
                graph.add_child(group, child, entry.at)
        else:
            _read_host(group, name, entry, graph)


def _read_host(group: str, pattern: object, entry: Entry, graph: Graph) -> None:
    variables = entry.value.data
    if not isinstance(variables, dict | None):
        graph.problems.error(entry.value.at, f"the variables of {pattern!r} must be a mapping")
        return
    if not isinstance(pattern, str):
        graph.problems.error(entry.at, f"the host name {pattern!r} is not text", "put it in quotes")
        return
    try:
        names, port = ranges.expand(pattern)
    except ValueError as error:
        graph.problems.error(entry.at, f"the host {pattern!r}: {error}", ranges.ALLOWED)
        return
    for name in names:
        new = name not in graph.hosts
        if not graph.add_host(name, group, entry.at):
            continue
        if new and port is not None:
            graph.add_host_variables(name, {"ansible_port": Entry(entry.at, Value(entry.at, port))})
        if variables:
            graph.add_host_variables(name, variables)
