"""Groups, hosts and their variables, put together the way Ansible does.

Rules: "Variable precedence" and "How variables are merged" in Ansible's documentation, and the
behaviour of `ansible-inventory --list`, against which the tests compare.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.inventory.located import Mapping
from scanner.inventory.problem import Position, Problems
from scanner.inventory.vars_files import VarsFiles

ALL = "all"
UNGROUPED = "ungrouped"
PRIORITY = "ansible_group_priority"


@dataclass(slots=True)
class HostNode:
    """A host as read; `layers` are its variables in the order given, later ones win."""

    name: str
    at: Position
    layers: list[Mapping] = field(default_factory=list)


@dataclass(slots=True)
class GroupNode:
    """A group as read. `hosts`, `children` and `parents` are ordered sets of names, direct ones only."""

    name: str
    layers: list[Mapping] = field(default_factory=list)
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    priority: int = 1
    depth: int = 0


class Graph:
    """The inventory while it is read. Call `finish` once, after the last source."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.hosts: dict[str, HostNode] = {}
        self.groups = {name: GroupNode(name) for name in (ALL, UNGROUPED)}
        self.add_child(ALL, UNGROUPED, Position(""))
        self._memberships: dict[str, list[GroupNode]] = {}

    def add_group(self, name: object, at: Position) -> str | None:
        """Make the group known; its name, or None when it cannot be one."""
        if not self._is_name("group", name, at):
            return None
        self.groups.setdefault(str(name), GroupNode(str(name)))
        return str(name)

    def add_host(self, name: str, group: str, at: Position) -> bool:
        """Put a host in a group, making it known if it is new; False when the name cannot be one."""
        if not self._is_name("host", name, at):
            return False
        self.hosts.setdefault(name, HostNode(name, at))
        self.groups[group].hosts[name] = None
        return True

    def add_child(self, parent: str, child: str, at: Position) -> None:
        """Put a group in a group; a loop is an error."""
        if child == parent or child in self._above(parent):
            self.problems.error(
                at, f"the group {child!r} cannot be inside {parent!r}: each would hold the other"
            )
            return
        self.groups[parent].children[child] = None
        self.groups[child].parents[parent] = None

    def add_group_variables(self, name: str, variables: Mapping) -> None:
        """Give a group variables; those it had before stay unless given again."""
        group = self.groups[name]
        if PRIORITY in variables:
            entry = variables[PRIORITY]
            variables = {key: other for key, other in variables.items() if key != PRIORITY}
            try:
                group.priority = int(entry.value.data)  # type: ignore[arg-type]
            except (TypeError, ValueError):
                self.problems.error(entry.value.at, f"{PRIORITY} is not a whole number")
        group.layers.append(variables)

    def add_host_variables(self, name: str, variables: Mapping) -> None:
        """Give a host variables. As in Ansible, a group of the same name takes them instead."""
        if name in self.groups:
            at = self.hosts[name].at
            self.problems.warn(at, f"{name!r} is both a group and a host; its variables count for the group")
            self.add_group_variables(name, variables)
        else:
            self.hosts[name].layers.append(variables)

    def finish(self) -> None:
        """Settle what depends on everything read: `ungrouped`, the top level and depths."""
        for group in self.groups.values():
            if group.name != ALL and not group.parents:
                self.add_child(ALL, group.name, Position(""))
        direct: dict[str, set[str]] = {host: set() for host in self.hosts}
        for group in self.groups.values():
            for host in group.hosts:
                direct[host].add(group.name)
        ungrouped = self.groups[UNGROUPED].hosts
        for host, own in direct.items():
            if UNGROUPED in own and own - {ALL, UNGROUPED}:
                del ungrouped[host]
            elif own <= {ALL}:
                ungrouped[host] = None
        order = graphlib.TopologicalSorter({g.name: g.parents for g in self.groups.values()})
        for name in order.static_order():
            group = self.groups[name]
            group.depth = max((self.groups[parent].depth + 1 for parent in group.parents), default=0)
        self._settle_memberships()

    def groups_of(self, host: str) -> list[GroupNode]:
        """The groups a host is in, directly or not, without `all`, in the order variables merge."""
        return self._memberships[host]

    def layers(self, host: str, files: VarsFiles) -> Iterator[Mapping]:
        """Every set of variables that counts for a host, from the weakest to the strongest."""
        groups = self.groups_of(host)
        yield from self.groups[ALL].layers
        for group in groups:
            yield from group.layers
        yield from files.group_layers([ALL])
        yield from files.group_layers([group.name for group in groups])
        yield from self.hosts[host].layers
        yield from files.host_layers(host)

    def variables(self, host: str, files: VarsFiles) -> Mapping:
        """The variables in force for a host."""
        merged: Mapping = {}
        for layer in self.layers(host, files):
            merged.update(layer)
        return merged

    def _settle_memberships(self) -> None:
        names: dict[str, set[str]] = {host: set() for host in self.hosts}
        for group in self.groups.values():
            above = self._above(group.name)
            for host in group.hosts:
                names[host] |= {group.name, *above}
        for host, own in names.items():
            members = [self.groups[name] for name in own - {ALL}]
            members.sort(key=lambda group: (group.depth, group.priority, group.name))
            self._memberships[host] = members

    def _above(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            parents = self.groups[waiting.pop()].parents
            waiting += [parent for parent in parents if parent not in found]
            found.update(parents)
        return found

    def _is_name(self, kind: str, name: object, at: Position) -> bool:
        if not isinstance(name, str):
            self.problems.error(at, f"the {kind} name {name!r} is not text", "put it in quotes")
        elif not name or name != name.strip() or not name.isprintable():
            self.problems.error(
                at,
                f"the {kind} name {name!r} cannot be used",
                "names are printable characters, with no space at either end",
            )
        else:
            return True
        return False
