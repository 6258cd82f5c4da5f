"""A profile is data: which checks run, with which tunables and severities."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import checks
from scanner.catalog import Catalog
from scanner.check import Check
from scanner.model import Severity

_KEYS = ("name", "title", "description", "include", "exclude", "tunables", "severities")


class ProfileError(Exception):
    """A profile that can't be used; one line that says where and what is allowed."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Selectors and settings as read from YAML. An empty include means every check."""

    name: str
    title: str = ""
    description: str = ""
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    tunables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selected:
    """A check as the profile runs it."""

    check: Check
    severity: Severity
    tunables: Mapping[str, Any] = field(default_factory=dict)


def built_in() -> dict[str, Path]:
    """Paths of the profiles that come with drscan, by name."""
    folder = Path(checks.__path__[0]) / "profiles"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load(name_or_path: str) -> Profile:
    """A built-in profile by name, or one from a file. Raises ProfileError."""
    known = built_in()
    path = known.get(name_or_path) or Path(name_or_path)
    if not path.is_file():
        near = get_close_matches(name_or_path, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"built in are {', '.join(known)}"
        raise ProfileError(f"there is no profile {name_or_path!r}; {hint}")
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8")) or {}
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: not UTF-8 text") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ProfileError(f"{place}: {getattr(error, 'problem', error)}") from error
    return _parse(path, data)


def select(catalog: Catalog, profile: Profile, only: Sequence[str] = ()) -> tuple[Selected, ...]:
    """The checks that the profile (and, if given, the selectors `only`) asks for, by id.

    A selector is `*`, an id or id glob, `tag:NAME`, `framework:NAME`, `control:FRAMEWORK:ID`,
    `severity:LEVEL` or `severity:LEVEL+`. Raises ProfileError for one that matches nothing,
    and for a tunable or severity of a check that does not exist.
    """
    _validate_settings(catalog, profile)
    everything = catalog.checks.values()
    chosen = _matching(profile.include or ("*",), everything) - _matching(profile.exclude, everything)
    if only:
        chosen &= _matching(only, everything)
    if not chosen:
        raise ProfileError(f"the profile {profile.name!r} has none of the checks that were asked for")
    return tuple(
        Selected(
            check,
            profile.severities.get(id, check.info.severity),
            profile.tunables.get(id, {}),
        )
        for id, check in catalog.checks.items()
        if id in chosen
    )


def _matching(selectors: Iterable[str], candidates: Iterable[Check]) -> set[str]:
    found: set[str] = set()
    for selector in selectors:
        matched = {check.info.id for check in candidates if _matches(selector, check)}
        if not matched:
            raise ProfileError(
                f"{selector!r} selects no check; use an id, SSH-*, tag:, framework:, control: or severity:"
            )
        found |= matched
    return found


def _matches(selector: str, check: Check) -> bool:
    info = check.info
    kind, _, value = selector.partition(":")
    match kind:
        case "tag":
            return value in info.tags
        case "framework":
            return any(control.partition(":")[0] == value for control in info.controls)
        case "control":
            return any(fnmatch.fnmatchcase(control, value) for control in info.controls)
        case "severity":
            level = _severity(value.rstrip("+"), selector)
            return info.severity.rank >= level.rank if value.endswith("+") else info.severity is level
        case _:
            return fnmatch.fnmatchcase(info.id, selector)


def _severity(value: object, where: str) -> Severity:
    try:
        return Severity(str(value))
    except ValueError:
        allowed = ", ".join(Severity)
        raise ProfileError(f"{where}: {value!r} is no severity; allowed are {allowed}") from None


def _parse(path: Path, data: object) -> Profile:
    if not isinstance(data, dict):
        raise ProfileError(f"{path}: a profile is a mapping with the keys {', '.join(_KEYS)}")
    for key in data:
        if key not in _KEYS:
            near = get_close_matches(str(key), _KEYS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed are {', '.join(_KEYS)}"
            raise ProfileError(f"{path}: unknown key {key!r}; {hint}")
    for key, kind in (("include", list), ("exclude", list), ("tunables", dict), ("severities", dict)):
        if not isinstance(data.get(key) or kind(), kind):
            raise ProfileError(f"{path}: {key} must be a {'list' if kind is list else 'mapping'}")
    tunables = data.get("tunables") or {}
    if not all(isinstance(values, dict) for values in tunables.values()):
        raise ProfileError(f"{path}: tunables maps a check id to a mapping of parameter: value")
    return Profile(
        name=str(data.get("name") or path.stem),
        title=str(data.get("title") or ""),
        description=str(data.get("description") or ""),
        include=tuple(map(str, data.get("include") or ("*",))),
        exclude=tuple(map(str, data.get("exclude") or ())),
        tunables={str(id): values for id, values in tunables.items()},
        severities={
            str(id): _severity(value, f"{path}: severities: {id}")
            for id, value in (data.get("severities") or {}).items()
        },
    )


def _validate_settings(catalog: Catalog, profile: Profile) -> None:
    for id in (*profile.tunables, *profile.severities):
        catalog.check(id)
    for id, values in profile.tunables.items():
        known = catalog.check(id).info.tunables
        for name, value in values.items():
            if name not in known:
                allowed = ", ".join(known) or "none"
                raise ProfileError(f"profile {profile.name}: {id} has no tunable {name!r}; it has: {allowed}")
            _check_type(profile, id, name, value, known[name])


def _check_type(profile: Profile, id: str, name: str, value: object, default: object) -> None:
    if default is None or isinstance(value, type(default)):
        return
    if isinstance(default, (tuple, frozenset, set, list)) and isinstance(value, list):
        return
    if isinstance(default, float) and isinstance(value, int):
        return
    wanted = type(default).__name__
    raise ProfileError(f"profile {profile.name}: {id} {name} must be of type {wanted}, not {value!r}")
