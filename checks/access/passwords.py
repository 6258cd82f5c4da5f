"""Passwords of local accounts: whether they are there, how they are kept, how long they last."""

from __future__ import annotations

from datetime import date, datetime

from checks.access.wording import some
from scanner.check import check, failed, passed
from scanner.facts.accounts import LoginDefs, ShadowEntry, Users
from scanner.facts.pam import Pam
from scanner.model import Evidence, Result

# crypt(5): schemes that are hard to guess. $5 and $6 are SHA-2, $7 scrypt, $y and $gy yescrypt.
_STRONG = ("$y", "$gy", "$7", "$6", "$5", "$2b", "$2y")


def _setting(defs: LoginDefs, name: str, least: int, most: int, yes: str, no: str) -> Result:
    setting = defs.values.get(name)
    if setting is None:
        return failed(f"{no} ({name} is not set)")
    if setting.number is not None and least <= setting.number <= most:
        return passed(yes, setting.evidence)
    return failed(f"{no} ({name} {setting.value})", setting.evidence)


@check(
    "ACC-020",
    severity="critical",
    controls=[
        "nist-800-53:IA-5(1)",
        "nist-800-53:IA-2",
        "cis-v8:5.2",
        "iso-27001:A.5.17",
        "csf-2.0:PR.AA-01",
    ],
    tags=["accounts", "passwords"],
)
def no_empty_passwords(users: Users, shadow: tuple[ShadowEntry, ...]) -> Result:
    """No account opens without a password.

    Why: anyone who can reach a login prompt gets in, and `su` to it asks nothing.
    Fix: `passwd -l NAME`, or set a password with `passwd NAME`.
    """
    empty = {entry.name: entry.evidence for entry in shadow if entry.open}
    empty |= {user.name: user.evidence for user in users.entries if user.password == ""}
    if empty:
        return failed(f"Accounts without a password: {some(empty)}", *empty.values())
    return passed("No account opens without a password")


@check(
    "ACC-021",
    severity="high",
    controls=["nist-800-53:IA-5(6)", "nist-800-53:IA-5(1)", "cis-v8:3.11", "iso-27001:A.5.17"],
    tags=["accounts", "passwords"],
)
def shadowed(users: Users) -> Result:
    """Password hashes are kept in /etc/shadow only.

    Why: /etc/passwd can be read by every account and program on the host.
    Fix: `pwconv`.
    """
    exposed = [user for user in users.entries if user.password.lstrip("!") not in ("x", "", "*")]
    if exposed:
        names = some(user.name for user in exposed)
        return failed(f"Password hashes in /etc/passwd: {names}", *(user.evidence for user in exposed))
    return passed("No password hash in /etc/passwd")


@check(
    "ACC-022",
    severity="high",
    controls=["nist-800-53:IA-5(1)", "nist-800-53:SC-13", "cis-v8:3.11", "iso-27001:A.8.24"],
    tags=["accounts", "passwords"],
)
def strong_hashes(shadow: tuple[ShadowEntry, ...], strong: tuple[str, ...] = _STRONG) -> Result:
    """Passwords are kept as strong hashes.

    Why: old schemes (DES, MD5) are guessed billions of times a second once a copy of the file is out.
    Fix: set `ENCRYPT_METHOD YESCRYPT` (or SHA512) in /etc/login.defs and have those people set a new
    password: `chage -d 0 NAME`.
    """
    weak = [entry for entry in shadow if entry.scheme not in ("", "*", "x", *strong)]
    if weak:
        names = some(entry.name for entry in weak)
        return failed(f"Passwords kept as weak hashes: {names}", *(entry.evidence for entry in weak[:100]))
    return passed("Passwords are kept as strong hashes")


@check(
    "ACC-023",
    severity="medium",
    controls=["nist-800-53:IA-5(1)", "nist-800-53:SC-13", "cis-v8:3.11", "iso-27001:A.8.24"],
    tags=["accounts", "passwords"],
)
def strong_method(login_defs: LoginDefs, pam: Pam | None) -> Result:
    """New passwords are kept as strong hashes.

    Why: old schemes (DES, MD5) are guessed billions of times a second once a copy of the file is out.
    Fix: set `ENCRYPT_METHOD YESCRYPT` (or SHA512) in /etc/login.defs and the same word, in small letters,
    on the pam_unix line of /etc/pam.d/common-password (`authselect` on RHEL).
    """
    good = {"yescrypt", "gost_yescrypt", "sha512", "sha256", "blowfish", "bcrypt"}
    known = good | {"md5", "des", "bigcrypt"}
    rules = pam.stack("passwd", "password") if pam else ()
    unix = [rule for rule in rules if rule.module == "pam_unix"]
    named = [word for rule in unix for word in rule.args if word in known]
    setting = login_defs.values.get("ENCRYPT_METHOD")
    seen = (*(rule.evidence for rule in unix), *((setting.evidence,) if setting else ()))
    # pam_unix's own argument wins over login.defs (pam_unix(8)).
    method = (named[-1] if named else setting.value if setting else "des").lower()
    if method not in good:
        return failed(f"New passwords are kept as weak hashes ({method})", *seen)
    return passed(f"New passwords are kept as strong hashes ({method})", *seen)


@check(
    "ACC-024",
    severity="low",
    controls=["nist-800-53:IA-5", "cis-v8:5.2", "iso-27001:A.5.17"],
    tags=["accounts", "passwords"],
)
def maximum_age(login_defs: LoginDefs, most: int = 365) -> Result:
    """New accounts' passwords run out after a year.

    Why: a password that leaked unnoticed otherwise works for ever.
    Fix: set `PASS_MAX_DAYS 365` in /etc/login.defs.
    """
    return _setting(
        login_defs, "PASS_MAX_DAYS", 1, most, f"Passwords last {most} days at most", "Passwords last too long"
    )


@check("ACC-025", severity="low", controls=["nist-800-53:IA-5", "cis-v8:5.2"], tags=["accounts", "passwords"])
def minimum_age(login_defs: LoginDefs, least: int = 1) -> Result:
    """New passwords must be kept for a day.

    Why: otherwise people change it several times in a row to get round the history, back to the old one.
    Fix: set `PASS_MIN_DAYS 1` in /etc/login.defs.
    """
    return _setting(
        login_defs,
        "PASS_MIN_DAYS",
        least,
        365,
        "A new password is kept for a day",
        "Passwords may change at once",
    )


@check("ACC-026", severity="low", controls=["nist-800-53:IA-5", "cis-v8:5.2"], tags=["accounts", "passwords"])
def warning(login_defs: LoginDefs, least: int = 7) -> Result:
    """People are warned a week before their password runs out.

    Why: a password that runs out unannounced locks out the person who is needed that day.
    Fix: set `PASS_WARN_AGE 7` in /etc/login.defs.
    """
    return _setting(
        login_defs,
        "PASS_WARN_AGE",
        least,
        365,
        f"The warning comes {least} days before",
        "The warning comes late",
    )


@check(
    "ACC-027",
    severity="low",
    controls=["nist-800-53:IA-5", "cis-v8:5.2", "iso-27001:A.5.17"],
    tags=["accounts", "passwords"],
)
def passwords_run_out(shadow: tuple[ShadowEntry, ...], most: int = 365) -> Result:
    """Every account's password runs out within a year.

    Why: /etc/login.defs counts only for accounts made after it was changed; the old ones keep theirs.
    Fix: `chage --maxdays 365 NAME`.
    """
    lasting = [
        entry
        for entry in shadow
        if entry.has_password and not (entry.max_days and 0 < entry.max_days <= most)
    ]
    if lasting:
        names = some(entry.name for entry in lasting)
        return failed(f"Passwords that do not run out: {names}", *(entry.evidence for entry in lasting[:100]))
    return passed(f"Every password runs out within {most} days")


@check("ACC-028", severity="low", controls=["nist-800-53:IA-5", "cis-v8:5.2"], tags=["accounts", "passwords"])
def change_in_future(shadow: tuple[ShadowEntry, ...], now: datetime) -> Result:
    """No password was changed in the future.

    Why: a date in the future keeps a password from running out; someone set it, or the clock is wrong.
    Fix: check the clock (`timedatectl`), then `chage -d "$(date +%F)" NAME`.
    """
    # One day is allowed for time zones.
    limit = (now.date() - date(1970, 1, 1)).days + 1
    ahead = [entry for entry in shadow if entry.last_change is not None and entry.last_change > limit]
    if ahead:
        names = some(entry.name for entry in ahead)
        return failed(f"Passwords changed in the future: {names}", *(entry.evidence for entry in ahead[:100]))
    return passed("No password was changed in the future", Evidence("/etc/shadow", "third field"))
