"""Lockout, password quality and su."""

from __future__ import annotations

from typing import Any

import pytest

from checks.access import pam as checks
from scanner.check import Check
from scanner.facts.accounts import Setting
from scanner.facts.pam import Pam, PamRule
from scanner.model import Evidence, Status

PLACE = Evidence("/etc/pam.d/x", "line", 1)


def pam(kind: str, module: str, *args: str, control: str = "required", **settings: str) -> Pam:
    """One rule in every service, and settings of its module."""
    rule = PamRule(kind, control, module, args, PLACE)
    values = {name: Setting(value, PLACE) for name, value in settings.items()}
    services = dict.fromkeys(("sshd", "login", "passwd", "su", "other"), (rule,))
    return Pam(services, {module.removeprefix("pam_"): values})


def auth(module: str, *args: str, **more: str) -> Pam:
    return pam("auth", module, *args, **more)


def password(module: str, *args: str, **more: str) -> Pam:
    return pam("password", module, *args, **more)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.password_length, password("pam_pwquality", minlen="14"), password("pam_pwquality")),
        (checks.password_length, password("pam_cracklib", "minlen=15"), password("pam_unix")),
        (checks.password_dictionary, password("pam_pwquality"), password("pam_unix")),
        (checks.password_dictionary, password("pam_pwquality"), password("pam_pwquality", dictcheck="0")),
        (checks.lockout, auth("pam_faillock", "preauth"), auth("pam_unix")),
        (checks.lockout, auth("pam_faillock", unlock_time="0"), auth("pam_faillock", unlock_time="60")),
        (checks.lockout, auth("pam_faillock", deny="5"), auth("pam_faillock", deny="0")),
        (checks.lockout, auth("pam_tally2", "deny=5"), auth("pam_faillock", deny="10")),
        (checks.password_history, password("pam_pwhistory"), password("pam_pwhistory", "remember=2")),
        (checks.password_history, password("pam_unix", "remember=5"), password("pam_unix")),
        (checks.no_nullok, auth("pam_unix"), auth("pam_unix", "nullok")),
        (checks.su_limited, auth("pam_wheel", "use_uid"), auth("pam_wheel", control="sufficient")),
        (checks.su_limited, auth("pam_wheel"), auth("pam_wheel", "deny")),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)  # fmt: skip
def test_good_and_bad(check: Check, good: Any, bad: Any) -> None:
    assert check(good).status is Status.PASS
    assert check(bad).status is Status.FAIL
