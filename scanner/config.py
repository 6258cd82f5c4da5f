"""Settings of a workspace, read from `drscan.yaml`. Command-line options win over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from scanner.inventory.located import Value, parse, plain, read_text
from scanner.inventory.problem import InventoryError, Position, Problems, allowed
from scanner.model import Severity
from scanner.transport.base import Limits

FILE = Path("drscan.yaml")
NEVER = "never"
# Names of scanner.outside.profiles.PROFILES; a test keeps them equal, so that the command need not import it.
PORT_PROFILES = ("quick", "full", "udp-top", "polite")


@dataclass(frozen=True, slots=True)
class Config:
    """What a workspace sets. Paths are relative to the folder of the file."""

    inventory: tuple[Path, ...] = (Path("inventory/assets.yaml"),)
    database: Path = Path("drscan.db")
    profile: str = "default"
    checks_dirs: tuple[Path, ...] = ()
    known_hosts: tuple[Path, ...] = ()
    ssh_config: Path = Path("~/.ssh/config")
    ports: str = PORT_PROFILES[0]
    jobs: int | None = None
    fail_on: str = Severity.HIGH.value
    allow_unreachable: int = 0
    limits: Limits = field(default_factory=Limits)


def load(path: Path | None) -> Config:
    """The settings in `path`, or in ./drscan.yaml if that exists, else the defaults.

    Raises InventoryError with every mistake and its place.
    """
    if path is None:
        if not FILE.exists():
            return Config()
        path = FILE
    problems = Problems()
    text = read_text(path, problems)
    root = None if text is None else parse(str(path), text, problems)
    config = Config() if root is None else _read(root, path.parent, problems)
    problems.raise_errors()
    return config


def _read(root: Value, folder: Path, problems: Problems) -> Config:
    if root.data is None:
        return Config()
    if not isinstance(root.data, dict):
        problems.error(root.at, "the settings are not a mapping", allowed(_READERS))
        return Config()
    found: dict[str, Any] = {}
    for key, (at, value) in root.data.items():
        if key not in _READERS:
            problems.error(at, f"unknown setting {key!r}", allowed(_READERS, key))
            continue
        found[key] = _READERS[key](value, folder, problems)
    return replace(Config(), **{key: value for key, value in found.items() if value is not None})


def _paths(value: Value, folder: Path, problems: Problems) -> tuple[Path, ...] | None:
    items = value.data if isinstance(value.data, list) else [value]
    found = [_path(item, folder, problems) for item in items]
    return None if None in found else tuple(path for path in found if path)


def _path(value: Value, folder: Path, problems: Problems) -> Path | None:
    if not isinstance(value.data, str) or not value.data:
        problems.error(value.at, "not a path", "write a file or folder name")
        return None
    path = Path(value.data).expanduser()
    return path if path.is_absolute() else folder / path


def _text(value: Value, folder: Path, problems: Problems) -> str | None:
    if isinstance(value.data, str) and value.data:
        # A profile may be a file of the workspace; a name of a built-in one is left alone.
        path = folder / value.data
        return str(path) if path.suffix in (".yaml", ".yml") else value.data
    problems.error(value.at, f"not a name: {plain(value)!r}", "write text")
    return None


def _fail_on(value: Value, folder: Path, problems: Problems) -> str | None:
    if value.data in (*Severity, NEVER):
        return str(value.data)
    problems.error(value.at, f"{plain(value)!r} is no severity", allowed((*Severity, NEVER), value.data))
    return None


def _ports(value: Value, folder: Path, problems: Problems) -> str | None:
    if value.data in PORT_PROFILES:
        return str(value.data)
    problems.error(value.at, f"{plain(value)!r} is no port profile", allowed(PORT_PROFILES, value.data))
    return None


def _number(kind: type[int] | type[float], least: int) -> Callable[[Value, Path, Problems], Any]:
    def read(value: Value, folder: Path, problems: Problems) -> Any:
        number = value.data
        if isinstance(number, kind | int) and not isinstance(number, bool) and number >= least:
            return number
        problems.error(value.at, f"not a number: {plain(value)!r}", f"{least} or more")
        return None

    return read


def _limits(value: Value, folder: Path, problems: Problems) -> Limits | None:
    names = {item.name: int if item.type == "int" else float for item in fields(Limits)}
    if not isinstance(value.data, dict):
        problems.error(value.at, "limits is not a mapping", allowed(names))
        return None
    found = {}
    for key, (at, item) in value.data.items():
        if key not in names:
            problems.error(at, f"unknown limit {key!r}", allowed(names, key))
        else:
            found[key] = _number(names[key], 1)(item, folder, problems)
    return replace(Limits(), **{key: number for key, number in found.items() if number is not None})


_READERS: dict[str, Callable[[Value, Path, Problems], Any]] = {
    "inventory": _paths,
    "database": _path,
    "profile": _text,
    "checks_dirs": _paths,
    "known_hosts": _paths,
    "ssh_config": _path,
    "ports": _ports,
    "jobs": _number(int, 1),
    "fail_on": _fail_on,
    "allow_unreachable": _number(int, 0),
    "limits": _limits,
}

__all__ = ["FILE", "NEVER", "PORT_PROFILES", "Config", "InventoryError", "Position", "load"]
