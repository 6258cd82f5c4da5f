"""From inventory files to assets: the one entrance to this package.

Loading reads files, runs inventory programs that were named, and does nothing else: nothing is
written, no secret is looked up, no name is resolved.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.inventory import connection, located, patterns, sources
from scanner.inventory.graph import Graph, HostNode
from scanner.inventory.located import Value
from scanner.inventory.patterns import SelectionError
from scanner.inventory.problem import InventoryError, Problem, Problems, allowed
from scanner.inventory.sshconfig import DEFAULT as DEFAULT_SSH_CONFIG
from scanner.inventory.sshconfig import SSHConfig
from scanner.inventory.vars_files import VarsFiles
from scanner.model import Asset

__all__ = ["Group", "Inventory", "InventoryError", "SelectionError", "hosts_below", "load", "select"]

DRSCAN = "drscan"
LEGACY = "ssh_legacy"


@dataclass(frozen=True, slots=True)
class Group:
    """A group: the hosts directly in it, and the groups directly below it."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """Assets in the order the files name them; groups by name, `all` and `ungrouped` among them."""

    assets: tuple[Asset, ...]
    groups: Mapping[str, Group]
    warnings: tuple[Problem, ...] = ()


def load(paths: Sequence[Path], *, ssh_config: Path | None = DEFAULT_SSH_CONFIG) -> Inventory:
    """Read inventory files, folders and programs as one inventory.

    ssh_config: an OpenSSH client configuration for what the inventory leaves open; None reads none.
    Raises InventoryError with every mistake in every file.
    """
    problems = Problems()
    graph, files = sources.read(paths, problems)
    ssh = SSHConfig(ssh_config, problems) if ssh_config else None
    builder = _AssetBuilder(graph, files, ssh)
    assets = [builder.asset(host) for host in graph.hosts.values()]
    builder.check_groups()
    problems.raise_errors()
    groups = {g.name: Group(g.name, tuple(g.hosts), tuple(g.children)) for g in graph.groups.values()}
    return Inventory(tuple(assets), groups, problems.warnings)


def select(
    inventory: Inventory,
    limit: str | None = None,
    tags: Sequence[str] = (),
    zones: Sequence[str] = (),
) -> tuple[Asset, ...]:
    """The assets that match the pattern `limit`, have one of `tags` and stand in one of `zones`.

    What is not given does not narrow the selection. The order is the inventory's.
    Raises SelectionError when a pattern, tag or zone is unknown, or when nothing is left.
    """
    assets = inventory.assets
    if limit is not None:
        below = {name: hosts_below(inventory, name) for name in inventory.groups}
        selected = patterns.match(limit, [asset.name for asset in assets], below)
        assets = tuple(asset for asset in assets if asset.name in selected)
    if tags:
        _require_known("tag", tags, {tag for asset in inventory.assets for tag in asset.tags})
        assets = tuple(asset for asset in assets if set(tags) & set(asset.tags))
    if zones:
        _require_known("zone", zones, {asset.zone for asset in inventory.assets if asset.zone})
        assets = tuple(asset for asset in assets if asset.zone in zones)
    if not assets:
        raise SelectionError("the selection leaves no asset")
    return assets


def hosts_below(inventory: Inventory, group: str) -> tuple[str, ...]:
    """All hosts of a group and of the groups below it, nearest first, as Ansible orders them."""
    hosts: dict[str, None] = {}
    seen = {group: None}
    waiting = [group]
    for name in waiting:
        hosts |= dict.fromkeys(inventory.groups[name].hosts)
        new = [child for child in inventory.groups[name].children if child not in seen]
        seen |= dict.fromkeys(new)
        waiting += new
    return tuple(hosts)


def _require_known(kind: str, wanted: Sequence[str], known: set[str]) -> None:
    for word in wanted:
        if word not in known:
            raise SelectionError(f"no asset has the {kind} {word!r}; {allowed(sorted(known), word)}")


class _AssetBuilder:
    """Turns a host's variables into an asset; each `drscan:` mapping is validated once."""

    def __init__(self, graph: Graph, files: VarsFiles, ssh: SSHConfig | None) -> None:
        self.graph = graph
        self.files = files
        self.ssh = ssh
        self.problems = graph.problems
        self.declared: dict[int, dict[str, Any]] = {}

    def asset(self, host: HostNode) -> Asset:
        variables: located.Mapping = {}
        fields: dict[str, Any] = {}
        for layer in self.graph.layers(host.name, self.files):
            variables.update(layer)
            fields.update(self.declaration(layer))
        reached, given = connection.read(host.name, host.at, variables, self.problems)
        own = {name: fields.pop(name) for name in ("become", LEGACY) if name in fields}
        groups = tuple(sorted(group.name for group in self.graph.groups_of(host.name)))
        asset = Asset(host.name, dataclasses.replace(reached, **own), groups, **fields)
        return self.ssh.apply(asset, given) if self.ssh else asset

    def declaration(self, layer: located.Mapping) -> dict[str, Any]:
        """What one set of variables declares under `drscan`, or as plain `ssh_legacy`."""
        if DRSCAN not in layer and LEGACY not in layer:
            return {}
        if id(layer) not in self.declared:
            from scanner.inventory import declaration  # pydantic is slow to import

            self.declared[id(layer)] = declaration.read(_declared_value(layer), self.problems)
        return self.declared[id(layer)]

    def check_groups(self) -> None:
        """Validate what groups without hosts declare, so that no mistake waits for its first host."""
        for group in self.graph.groups.values():
            for layer in [*group.layers, *self.files.group_layers([group.name])]:
                self.declaration(layer)


def _declared_value(layer: located.Mapping) -> Value:
    """The `drscan` mapping of a set of variables, with a plain `ssh_legacy` beside it taken in."""
    plain_keys = {LEGACY: layer[LEGACY]} if LEGACY in layer else {}
    if DRSCAN not in layer:
        return Value(layer[LEGACY].at, plain_keys)
    value = layer[DRSCAN].value
    if value.data is None:
        return Value(value.at, plain_keys)
    return Value(value.at, plain_keys | value.data) if isinstance(value.data, dict) else value
