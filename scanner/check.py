"""The `@check` decorator: a pure function of facts becomes a check that people can read.

    @check("SSH-003", severity="high", controls=["nist-800-53:AC-6", "cis-v8:5.4"])
    def root_login(sshd: SshdConfig, allowed: str = "no") -> Result:
        \"\"\"Root cannot log in over SSH.

        Why: a stolen root credential gives the whole host and leaves no name in the log.
        Fix: set `PermitRootLogin no` in /etc/ssh/sshd_config and reload sshd.
        \"\"\"

Parameters without a default name the facts it needs (or `asset`, `now`, `reach`); parameters
with a default are tunables that a profile may set. A fact annotated `X | None` is given as None
when the asset has no such thing; otherwise the check is `notapplicable` there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanner.model import CheckInfo, Evidence, Result, Severity, Status

_ID = re.compile(r"^[A-Z][A-Z0-9]{1,7}-\d{3}$")
_CONTROL = re.compile(r"^[a-z0-9][a-z0-9.-]*:\S+$")

CheckFunction = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Check:
    """A check ready to run. `needs` are parameter names, `optional` those that accept None."""

    info: CheckInfo
    function: CheckFunction
    needs: tuple[str, ...]
    optional: frozenset[str]

    def __call__(self, *args: object, **kwargs: object) -> Result:
        return self.function(*args, **kwargs)


def check(
    id: str,
    *,
    severity: str,
    controls: Sequence[str],
    platforms: Sequence[str] = ("linux",),
    tags: Sequence[str] = (),
) -> Callable[[CheckFunction], Check]:
    """Declare a check.

    controls: `framework:control`, such as `nist-800-53:CP-9` or `cis-v8:11.2`; at least one.
    platforms: lower-case `uname -s` names it applies to; empty means every asset, reached or not.
    Raises ValueError at import when the id, a control or the docstring is not well formed.
    """

    def wrap(function: CheckFunction) -> Check:
        if not _ID.match(id):
            raise ValueError(f"check id {id!r}: expected a form like SSH-003")
        if not controls or not all(_CONTROL.match(control) for control in controls):
            raise ValueError(f"{id}: controls must be given as framework:control")
        title, why, fix = _docstring(id, function)
        parameters = inspect.signature(function).parameters.values()
        needs = tuple(p.name for p in parameters if p.default is p.empty)
        optional = frozenset(p.name for p in parameters if "None" in str(p.annotation)) & set(needs)
        tunables = {p.name: p.default for p in parameters if p.default is not p.empty}
        info = CheckInfo(
            id, title, why, fix, Severity(severity), tuple(controls),
            tuple(platforms), tuple(tags), tunables,
        )  # fmt: skip
        return Check(info, function, needs, optional)

    return wrap


def _docstring(id: str, function: CheckFunction) -> tuple[str, str, str]:
    text = inspect.getdoc(function) or ""
    match = re.match(r"(?P<title>.+?)\n\s*\nWhy:\s*(?P<why>.+?)\n\s*Fix:\s*(?P<fix>.+)", text, re.S)
    if not match:
        raise ValueError(f"{id}: the docstring needs a title, a `Why:` and a `Fix:` part")
    title, why, fix = (re.sub(r"\s*\n\s*", " ", part).strip() for part in match.groups())
    return title.rstrip("."), why, fix


def passed(message: str, *evidence: Evidence) -> Result:
    """The asset meets the check."""
    return Result(Status.PASS, message, evidence)


def failed(message: str, *evidence: Evidence) -> Result:
    """The asset does not meet the check."""
    return Result(Status.FAIL, message, evidence)


def not_applicable(message: str, *evidence: Evidence) -> Result:
    """The check has no subject on this asset."""
    return Result(Status.NOTAPPLICABLE, message, evidence)


def unknown(message: str, *evidence: Evidence) -> Result:
    """The facts were read and do not decide the question."""
    return Result(Status.UNKNOWN, message, evidence)


def not_checked(message: str, *evidence: Evidence) -> Result:
    """Nobody has given what the check needs, such as a declaration in the inventory."""
    return Result(Status.NOTCHECKED, message, evidence)


def informational(message: str, *evidence: Evidence) -> Result:
    """Worth knowing, neither good nor bad."""
    return Result(Status.INFORMATIONAL, message, evidence)
