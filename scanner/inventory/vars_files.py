"""`group_vars/` and `host_vars/` beside an inventory file or inside an inventory folder.

Found by the rules of Ansible's `host_group_vars` plugin: NAME as it stands (a file or a folder),
else NAME.yml, NAME.yaml or NAME.json; a folder is read with its subfolders, in name order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scanner.inventory import located
from scanner.inventory.located import Mapping
from scanner.inventory.problem import Position, Problems

EXTENSIONS = ("", ".yml", ".yaml", ".json")
VAULT_HEADER = "$ANSIBLE_VAULT;"


class VarsFiles:
    """The variable files of an inventory, each read once and only when it is asked for."""

    def __init__(self, folders: Sequence[Path], problems: Problems) -> None:
        self._folders = folders
        self._problems = problems
        self._read: dict[Path, list[Mapping]] = {}

    def group_layers(self, groups: Iterable[str]) -> Iterator[Mapping]:
        """Variables of the groups in the order given, folder by folder."""
        return self._layers("group_vars", list(groups))

    def host_layers(self, host: str) -> Iterator[Mapping]:
        """Variables of one host, folder by folder."""
        return self._layers("host_vars", [host])

    def _layers(self, kind: str, names: list[str]) -> Iterator[Mapping]:
        for folder in self._folders:
            for name in names:
                # Ansible skips names that are absolute paths; no other path belongs here either.
                if "/" not in name and name not in (".", ".."):
                    yield from self._of(folder / kind / name)

    def _of(self, base: Path) -> list[Mapping]:
        if base not in self._read:
            candidates = (base.with_name(base.name + extension) for extension in EXTENSIONS)
            found = next((path for path in candidates if path.exists()), None)
            paths = [] if found is None else list(_files_in(found)) if found.is_dir() else [found]
            layers = (self._mapping(path) for path in paths)
            self._read[base] = [layer for layer in layers if layer]
        return self._read[base]

    def _mapping(self, path: Path) -> Mapping | None:
        text = located.read_text(path, self._problems)
        if text is None:
            return None
        if text.startswith(VAULT_HEADER):
            self._problems.warn(
                Position(str(path)), "encrypted with Ansible Vault, its variables are not read"
            )
            return None
        value = located.parse(str(path), text, self._problems)
        if value is None or value.data is None:
            return None
        if not isinstance(value.data, dict):
            self._problems.error(value.at, "a variables file must be a mapping of names to values")
            return None
        return value.data


def _files_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.is_dir() and not path.suffix:
            yield from _files_in(path)
        elif path.is_file() and path.suffix in EXTENSIONS:
            yield path
