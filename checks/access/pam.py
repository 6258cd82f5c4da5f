"""What PAM asks of people: lockout, password quality, and who may use su."""

from __future__ import annotations

from scanner.check import check, failed, passed
from scanner.facts.pam import Pam, PamRule
from scanner.facts.text import whole
from scanner.model import Result

_QUALITY = ("pam_pwquality", "pam_cracklib")


def _quality(pam: Pam) -> PamRule | None:
    return next((rule for rule in pam.stack("passwd", "password") if rule.module in _QUALITY), None)


@check(
    "PAM-001",
    severity="medium",
    controls=["nist-800-53:IA-5(1)", "cis-v8:5.2", "iso-27001:A.5.17", "csf-2.0:PR.AA-01"],
    tags=["accounts", "passwords"],
)
def password_length(pam: Pam, least: int = 14) -> Result:
    """Passwords must be long.

    Why: length is what makes guessing expensive; short passwords fall within hours.
    Fix: `apt install libpam-pwquality` (on RHEL it is there) and set `minlen = 14` in
    /etc/security/pwquality.conf.
    """
    rule = _quality(pam)
    if rule is None:
        return failed("Nothing asks for a minimum length that counts (no pam_pwquality)")
    # pam_pwquality(8) and pam_cracklib(8): 8 and 9 where nothing is set.
    length = whole(pam.option(rule, "minlen") or "8") or 0
    if length < least:
        return failed(f"Passwords may be as short as {length} characters", rule.evidence)
    return passed(f"Passwords have at least {length} characters", rule.evidence)


@check(
    "PAM-002",
    severity="medium",
    controls=["nist-800-53:IA-5(1)", "cis-v8:5.2", "iso-27001:A.5.17"],
    tags=["accounts", "passwords"],
)
def password_dictionary(pam: Pam) -> Result:
    """Passwords from the dictionary are refused.

    Why: guessing starts with word lists; a common word falls at once however long it is.
    Fix: `apt install libpam-pwquality`, and remove `dictcheck = 0` and `enforcing = 0` from
    /etc/security/pwquality.conf.
    """
    rule = _quality(pam)
    if rule is None:
        return failed("Passwords are not compared with a dictionary (no pam_pwquality)")
    for option in ("dictcheck", "enforcing"):
        if pam.option(rule, option) == "0":
            return failed(f"Dictionary words are accepted ({option} is 0)", rule.evidence)
    return passed("Dictionary words are refused", rule.evidence)


@check(
    "PAM-003",
    severity="medium",
    controls=["nist-800-53:AC-7", "cis-v8:4.1", "iso-27001:A.8.5"],
    tags=["accounts"],
)
def lockout(pam: Pam, most: int = 5, seconds: int = 600) -> Result:
    """Accounts lock after a few wrong passwords.

    Why: without a lock, a password can be guessed at for as long as it takes.
    Fix: add pam_faillock to the auth stack (`pam-auth-update`, `authselect enable-feature with-faillock`)
    and set `deny = 5` and `unlock_time = 900` in /etc/security/faillock.conf.
    """
    seen = []
    for service in ("sshd", "login"):
        rules = pam.stack(service, "auth")
        rule = next((rule for rule in rules if rule.module in ("pam_faillock", "pam_tally2")), None)
        if rule is None:
            return failed(f"Wrong passwords lock nothing at {service} (no pam_faillock)")
        # faillock.conf(5): three attempts and ten minutes where nothing is set; 0 never unlocks.
        deny = whole(pam.option(rule, "deny") or "3") or 0
        unlock = whole(pam.option(rule, "unlock_time") or "600") or 0
        if not 0 < deny <= most:
            return failed(f"Accounts lock only after {deny or 'endless'} wrong passwords", rule.evidence)
        if 0 < unlock < seconds:
            return failed(f"Locked accounts open again after {unlock} seconds", rule.evidence)
        seen.append(rule.evidence)
    return passed(f"Accounts lock after at most {most} wrong passwords", *seen)


@check(
    "PAM-004",
    severity="low",
    controls=["nist-800-53:IA-5(1)", "cis-v8:5.2", "iso-27001:A.5.17"],
    tags=["accounts", "passwords"],
)
def password_history(pam: Pam, least: int = 5) -> Result:
    """Old passwords cannot be used again.

    Why: people go back to a password that may have leaked long ago.
    Fix: add `password required pam_pwhistory.so remember=5 use_authtok` before pam_unix in
    /etc/pam.d/common-password.
    """
    for rule in pam.stack("passwd", "password"):
        if rule.module in ("pam_pwhistory", "pam_unix"):
            # pam_pwhistory(8) remembers ten where nothing is set.
            given = pam.option(rule, "remember") or ("10" if rule.module == "pam_pwhistory" else "0")
            if (whole(given) or 0) >= least:
                return passed(f"At least {least} old passwords are refused", rule.evidence)
    return failed("Old passwords can be used again")


@check(
    "PAM-005",
    severity="medium",
    controls=["nist-800-53:IA-5(1)", "nist-800-53:IA-2", "cis-v8:5.2"],
    tags=["accounts", "passwords"],
)
def no_nullok(pam: Pam) -> Result:
    """Logins refuse accounts without a password.

    Why: with `nullok`, an account whose password is empty opens for anyone.
    Fix: remove `nullok` from the pam_unix lines in /etc/pam.d (common-auth on Debian, `authselect
    enable-feature without-nullok` on RHEL).
    """
    found = {
        rule.evidence: None
        for service in ("sshd", "login", "su", "sudo")
        for rule in pam.stack(service, "auth")
        if rule.module == "pam_unix" and ("nullok" in rule.args or "nullok_secure" in rule.args)
    }
    if found:
        return failed("Logins accept an empty password (nullok)", *found)
    return passed("Logins refuse an empty password")


@check(
    "PAM-006",
    severity="medium",
    controls=["nist-800-53:AC-6(5)", "nist-800-53:AC-3", "cis-v8:5.4", "iso-27001:A.8.2"],
    tags=["accounts"],
)
def su_limited(pam: Pam) -> Result:
    """Only members of one group may become root with su.

    Why: otherwise any account that learns the root password is root, without a name in the sudo log.
    Fix: put `auth required pam_wheel.so use_uid` into /etc/pam.d/su and keep its group empty or small.
    """
    for rule in pam.stack("su", "auth"):
        if (
            rule.module == "pam_wheel"
            and rule.control in ("required", "requisite")
            and rule.arg("deny") is None
        ):
            return passed("su is limited to one group", rule.evidence)
    return failed("Every account may use su (no pam_wheel in /etc/pam.d/su)")
