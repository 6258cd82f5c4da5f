"""Asset x checks becomes one batch: the facts that are named, the probes behind them, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scanner.catalog import CONTEXT, Catalog
from scanner.check import Check
from scanner.facts.spec import AnyFact, Probe
from scanner.model import Asset
from scanner.profile import Selected

_CONTINUED = re.compile(r"\\\n\s*")
_ROOT_COMMAND = re.compile(r"(?:^|[\s;({|&])R ((?:[^;|&<>\n(){}`$]|\{\})+?)(?=\s*(?:[;|&<>\n)}]|2>|$))")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a scan will run and ask, the same for every asset. observed: names of facts seen from outside.

    login: whether the assets have to be logged in to.
    """

    checks: tuple[Selected, ...]
    facts: Mapping[str, AnyFact]
    probes: tuple[Probe, ...]
    observed: tuple[str, ...] = ()
    login: bool = True


def plan(catalog: Catalog, selected: Sequence[Selected]) -> Plan:
    """The facts and probes that the selected checks need, in the order they are first named."""
    names = dict.fromkeys(name for item in selected for name in item.check.needs if name not in CONTEXT)
    facts = {name: catalog.facts[name] for name in names}
    probes = tuple(dict.fromkeys(probe for fact in facts.values() for probe in fact.probes))
    observed = tuple(name for name, fact in facts.items() if fact.observed)
    login = bool(probes) or any("reach" in item.check.needs for item in selected)
    return Plan(tuple(selected), facts, probes, observed, login)


def sudoers_commands(checks: Iterable[Check], catalog: Catalog) -> tuple[str, ...]:
    """Every command that the checks' probes run as root, as literal command lines, sorted.

    Probes made for one asset only never run anything as root, so the list holds for all assets.
    """
    facts = {name for check in checks for name in check.needs if name not in CONTEXT}
    nobody = Asset("")
    probes = {probe for name in facts for probe in catalog.facts[name].probes}
    found = {
        " ".join(command.split())
        for probe in probes
        for command in _ROOT_COMMAND.findall(_CONTINUED.sub("", probe.text(nobody)))
    }
    return tuple(sorted(found))
