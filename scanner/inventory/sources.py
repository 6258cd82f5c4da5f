"""The paths of an inventory: files, programs, and folders of both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scanner.inventory import script_source, yaml_source
from scanner.inventory.graph import Graph
from scanner.inventory.problem import Position, Problems
from scanner.inventory.vars_files import VarsFiles

# What Ansible passes over in a folder: its REJECT_EXTS and INVENTORY_IGNORE_EXTS.
_IGNORED_NAMES = ("host_vars", "group_vars", "vars_plugins")
_IGNORED_ENDS = (
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".ini", ".cfg", ".retry",
)  # fmt: skip


def read(paths: Sequence[Path], problems: Problems) -> tuple[Graph, VarsFiles]:
    """All groups and hosts of the paths taken together, and the variable files that go with them."""
    graph = Graph(problems)
    for path in paths:
        _read_one(path, graph)
    graph.finish()
    return graph, VarsFiles([path if path.is_dir() else path.parent for path in paths], problems)


def _read_one(path: Path, graph: Graph) -> None:
    at = Position(str(path))
    if path.is_dir():
        entries = [entry for entry in sorted(path.iterdir()) if not _is_ignored(entry)]
        if not entries:
            graph.problems.error(at, "the folder holds no inventory file")
        for entry in entries:
            _read_one(entry, graph)
    elif not path.exists():
        graph.problems.error(at, "there is no such file", "give an inventory file, folder or program")
    elif script_source.is_script(path):
        script_source.read(path, graph)
    else:
        yaml_source.read(path, graph)


def _is_ignored(path: Path) -> bool:
    return path.name.startswith(".") or path.name in _IGNORED_NAMES or path.name.endswith(_IGNORED_ENDS)
