"""Checks x facts becomes results. Pure: the same outputs always give the same results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from scanner.facts.spec import Absent, AnyFact, NotCollected, Output
from scanner.model import Asset, CheckInfo, Reach, Result, Severity, Status
from scanner.planner import Plan
from scanner.profile import Selected


class Verdict(NamedTuple):
    """One check's result on one asset, with the severity that the profile gives it."""

    check: CheckInfo
    severity: Severity
    result: Result


@dataclass(slots=True)
class FactTable:
    """The facts of one asset, each parsed once when it is first asked for."""

    facts: Mapping[str, AnyFact]
    outputs: Mapping[str, Output]
    observations: Mapping[str, object] = field(default_factory=dict)
    _values: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value, or the Absent or NotCollected that explains why there is none."""
        if name not in self._values:
            self._values[name] = self._parse(self.facts[name])
        return self._values[name]

    def _parse(self, fact: AnyFact) -> Any:
        if fact.observed:
            return self.observations.get(fact.name) or NotCollected(f"{fact.name}: nothing was observed")
        outputs = []
        for probe in fact.probes:
            output = self.outputs.get(probe.id)
            if output is None:
                return NotCollected(f"{probe.id}: no answer was received")
            outputs.append(output)
        try:
            return fact.parse(*outputs)
        except (Absent, NotCollected) as why:
            return why
        except Exception as error:
            return NotCollected(
                f"{fact.name}: the answer was not understood ({type(error).__name__}: {error})"
            )


def evaluate(
    plan: Plan,
    asset: Asset,
    reach: Reach,
    outputs: Mapping[str, Output],
    platform: str | None,
    now: datetime,
    observations: Mapping[str, object] | None = None,
) -> list[Verdict]:
    """Run every planned check on what was collected from one asset; never raises for a check's fault.

    observations: values of observed facts by name, or the Absent or NotCollected that explains their lack.
    """
    table = FactTable(plan.facts, outputs, observations or {})
    context = {"asset": asset, "now": now, "reach": reach}
    return [
        Verdict(item.check.info, item.severity, _evaluate(item, table, context, reach, platform))
        for item in plan.checks
    ]


def _evaluate(
    item: Selected, table: FactTable, context: Mapping[str, object], reach: Reach, platform: str | None
) -> Result:
    info = item.check.info
    if info.platforms:
        if platform is None:
            reason = "it does not say what system it is" if reach.ok else reach.outcome
            return Result(Status.ERROR, f"The asset could not be looked at: {reason}")
        if platform not in info.platforms:
            return Result(
                Status.NOTAPPLICABLE, f"The check is for {', '.join(info.platforms)}; this is {platform}"
            )
    arguments: dict[str, object] = dict(item.tunables)
    for name in item.check.needs:
        if name in context:
            arguments[name] = context[name]
            continue
        value = table.get(name)
        if isinstance(value, NotCollected):
            return Result(Status.ERROR, f"Could not be read: {value}")
        if isinstance(value, Absent):
            if name not in item.check.optional:
                return Result(Status.NOTAPPLICABLE, str(value) or f"No {name} on this asset")
            value = None
        arguments[name] = value
    try:
        result = item.check.function(**arguments)
    except (Exception, SystemExit) as error:
        return Result(Status.ERROR, f"The check {info.id} itself failed: {type(error).__name__}: {error}")
    if not isinstance(result, Result):
        return Result(Status.ERROR, f"The check {info.id} itself failed: it returned no result")
    return result
