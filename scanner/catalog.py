"""Finds checks and facts: built in, by entry point, and in folders of a site's own."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import checks
import scanner.facts
from scanner.check import Check
from scanner.facts.spec import AnyFact, Fact, Probe

T = TypeVar("T")

ENTRY_POINTS = "drscan.checks"
# What a check may ask for besides facts.
CONTEXT = frozenset({"asset", "now", "reach"})


class CatalogError(Exception):
    """A check or a fact can't be used; the message says which, where and why."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All checks by id and all facts by name, in a stable order."""

    checks: Mapping[str, Check] = field(default_factory=dict)
    facts: Mapping[str, AnyFact] = field(default_factory=dict)

    def check(self, id: str) -> Check:
        """The check of that id. Raises CatalogError that names the nearest one."""
        try:
            return self.checks[id]
        except KeyError:
            near = get_close_matches(id, self.checks, 1)
            hint = f"; did you mean {near[0]}?" if near else "; see: drscan checks list"
            raise CatalogError(f"there is no check {id!r}{hint}") from None


def load(checks_dirs: Sequence[Path] = (), *, plugins: bool = True) -> Catalog:
    """Import every module that holds checks or facts and gather them.

    Raises CatalogError for an id or name that is taken twice, or a parameter that names no fact.
    """
    modules = [*_walk(scanner.facts), *_walk(checks)]
    if plugins:
        modules += _plugins()
    for folder in checks_dirs:
        modules += _folder(folder)
    found_checks: dict[str, Check] = {}
    found_facts: dict[str, AnyFact] = {}
    for module in modules:
        _gather(module, found_checks, found_facts)
    for check in found_checks.values():
        _validate(check, found_facts)
    _unique_probes(found_facts.values())
    return Catalog(dict(sorted(found_checks.items())), found_facts)


def _walk(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not info.ispkg:
            yield importlib.import_module(info.name)


def _plugins() -> Iterable[ModuleType]:
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            module = entry.load()
        except Exception as error:
            raise CatalogError(f"plugin {entry.name} ({entry.value}): {error}") from error
        if not isinstance(module, ModuleType):
            raise CatalogError(f"plugin {entry.name} ({entry.value}): expected a module that holds checks")
        yield module
        if hasattr(module, "__path__"):
            yield from _walk(module)


def _folder(folder: Path) -> Iterator[ModuleType]:
    if not folder.is_dir():
        raise CatalogError(f"{folder}: no such folder; --checks-dir takes a folder of .py files")
    for path in sorted(folder.glob("*.py")):
        name = f"drscan_site_checks.{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec and spec.loader  # noqa: S101 - a .py file always has both
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            line = getattr(error, "lineno", None) or _line_in(error, path)
            raise CatalogError(f"{path}:{line or 1}: {error}") from error
        yield module


def _line_in(error: BaseException, path: Path) -> int | None:
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _gather(module: ModuleType, found_checks: dict[str, Check], found_facts: dict[str, AnyFact]) -> None:
    for value in vars(module).values():
        if isinstance(value, Check):
            _add(found_checks, value.info.id, value, "check", module)
        elif isinstance(value, Fact):
            _add(found_facts, value.name, value, "fact", module)


def _add(found: dict[str, T], key: str, value: T, noun: str, module: ModuleType) -> None:
    if found.setdefault(key, value) is not value:
        raise CatalogError(f"{module.__name__}: the {noun} {key!r} is defined twice")


def _unique_probes(facts: Iterable[AnyFact]) -> None:
    known: dict[str, tuple[Probe, str]] = {}
    for fact in facts:
        for probe in fact.probes:
            first, owner = known.setdefault(probe.id, (probe, fact.name))
            if first is not probe:
                raise CatalogError(
                    f"the facts {owner!r} and {fact.name!r} have different probes {probe.id!r}"
                )


def _validate(check: Check, facts: Mapping[str, AnyFact]) -> None:
    for name in check.needs:
        if name not in facts and name not in CONTEXT:
            near = get_close_matches(name, [*facts, *CONTEXT], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise CatalogError(f"{check.info.id}: there is no fact {name!r}{hint}")
