"""Who has an account, how its password is kept, and the defaults that new accounts get.

No hash leaves the asset: the probe cuts each one down to the id of its scheme.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.facts.files import numbered
from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact
from scanner.facts.text import whole
from scanner.model import Evidence

# Prints a password field as: "x" (kept in shadow), "" (none needed), "*" (no password can match),
# "$6" (scheme id), "DES" (traditional crypt); with "!" in front when it is locked.
_STRIP = (
    'function strip(p,  lock, part) { lock = "";'
    ' while (substr(p, 1, 1) == "!") { lock = "!"; p = substr(p, 2) }'
    ' if (p == "" || p == "x") return lock p; if (substr(p, 1, 1) == "*") return lock "*";'
    ' if (substr(p, 1, 1) != "$") return lock "DES"; split(p, part, "$");'
    ' return lock "$" (length(part[2]) > 10 ? "?" : part[2]) }'
)

ACCOUNTS = Probe(
    "accounts",
    f"""
    S passwd
    awk -F: -v OFS=: '{_STRIP} NF > 1 {{ $2 = strip($2) }} {{ print }}' /etc/passwd
    S group
    awk -F: -v OFS=: 'NF > 1 {{ $2 = "" }} {{ print }}' /etc/group
    S login_defs
    [ ! -e /etc/login.defs ] || [ -r /etc/login.defs ] || echo closed
    grep -Hn '^[A-Z]' /etc/login.defs 2>/dev/null
    S profile
    grep -aHnE '^[^#]*(umask|TMOUT)' /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc /etc/bashrc 2>/dev/null
    """,
)

SHADOW = Probe(
    "shadow",
    f"""
    R cat /etc/shadow |
      awk -F: -v OFS=: '{_STRIP} {{ if (NF > 1) {{ $2 = strip($2); print }} else print "" }}'
    """,
)

# `useradd -D` leaves the file readable by root only.
USERADD = Probe(
    "useradd",
    """
    [ -e /etc/default/useradd ] || exit 0
    if [ -r /etc/default/useradd ]; then grep -Hn . /etc/default/useradd
    else R grep -Hn . /etc/default/useradd; fi
    S end
    """,
)


@dataclass(frozen=True, slots=True)
class User:
    """One line of /etc/passwd. password: `x`, or the stripped field (see `ShadowEntry.scheme`)."""

    name: str
    password: str
    uid: int
    gid: int
    home: str
    shell: str
    line: int

    @property
    def can_log_in(self) -> bool:
        """True when the shell starts a session."""
        return self.shell.rpartition("/")[2] not in ("nologin", "false", "true", "sync", "halt", "shutdown")

    @property
    def evidence(self) -> Evidence:
        """The line in /etc/passwd."""
        text = f"{self.name}:{self.password}:{self.uid}:{self.gid}::{self.home}:{self.shell}"
        return Evidence("/etc/passwd", text, self.line)


@dataclass(frozen=True, slots=True)
class Users:
    """Local accounts. nis: lines that import accounts from NIS (`+`, `-`); malformed: other lines."""

    entries: tuple[User, ...]
    nis: tuple[Evidence, ...] = ()
    malformed: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """One line of /etc/group. members: those listed there, not those who have it as primary group."""

    name: str
    gid: int
    members: tuple[str, ...]
    line: int

    @property
    def evidence(self) -> Evidence:
        """The line in /etc/group."""
        return Evidence("/etc/group", f"{self.name}:x:{self.gid}:{','.join(self.members)}", self.line)


@dataclass(frozen=True, slots=True)
class ShadowEntry:
    """One line of /etc/shadow, without the hash. Days; None where the field is empty.

    scheme: `""` no password asked for, `*` none can match, `$y`, `$6` … as in crypt(5), `DES`.
    locked: a `!` stands before it. last_change: days since 1970-01-01.
    """

    name: str
    locked: bool
    scheme: str
    last_change: int | None
    min_days: int | None
    max_days: int | None
    warn_days: int | None
    inactive_days: int | None
    expires: int | None
    line: int

    @property
    def has_password(self) -> bool:
        """True when a password can open the account now."""
        return not self.locked and self.scheme not in ("", "*", "x")

    @property
    def open(self) -> bool:
        """True when no password is asked for."""
        return not self.locked and self.scheme == ""

    @property
    def evidence(self) -> Evidence:
        """The line in /etc/shadow, its hash cut down to the scheme."""
        days = (
            self.last_change,
            self.min_days,
            self.max_days,
            self.warn_days,
            self.inactive_days,
            self.expires,
        )
        ageing = ":".join("" if day is None else str(day) for day in days)
        return Evidence("/etc/shadow", f"{self.name}:{'!' * self.locked}{self.scheme}:{ageing}:", self.line)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting and where it stands."""

    value: str
    evidence: Evidence

    @property
    def number(self) -> int | None:
        """The value as a decimal number, None when it is not one."""
        return whole(self.value)


@dataclass(frozen=True, slots=True)
class LoginDefs:
    """Defaults for accounts and sessions.

    values: settings of /etc/login.defs; profile: lines of the shells' start files that set `umask`
    or `TMOUT`, in the order the files are read.
    """

    values: Mapping[str, Setting]
    profile: tuple[Evidence, ...] = ()


@fact(ACCOUNTS)
def users(output: Output) -> Users:
    """Local accounts of /etc/passwd."""
    entries: list[User] = []
    nis: list[Evidence] = []
    malformed: list[Evidence] = []
    for number, line in enumerate(_lines(output, "passwd"), 1):
        if not line:
            continue
        parts = line.split(":")
        try:
            name, password, uid, gid, _, home, shell = parts
            user = User(name, password, int(uid), int(gid), home, shell or "/bin/sh", number)
        except ValueError:
            (nis if line[:1] in ("+", "-") else malformed).append(Evidence("/etc/passwd", line, number))
        else:
            if name[:1] in ("+", "-"):
                nis.append(user.evidence)
            else:
                entries.append(user)
    if not entries:
        raise NotCollected("/etc/passwd could not be read")
    return Users(tuple(entries), tuple(nis), tuple(malformed))


@fact(ACCOUNTS)
def groups(output: Output) -> tuple[Group, ...]:
    """Local groups of /etc/group; lines of NIS (`+`) and malformed lines are left out."""
    found = []
    for number, line in enumerate(_lines(output, "group"), 1):
        parts = line.split(":")
        if len(parts) == 4 and (gid := whole(parts[2])) is not None:
            members = tuple(member for member in parts[3].split(",") if member)
            found.append(Group(parts[0], gid, members, number))
    if not found:
        raise NotCollected("/etc/group could not be read")
    return tuple(found)


@fact(SHADOW)
def shadow(output: Output) -> tuple[ShadowEntry, ...]:
    """Password state and ageing of local accounts."""
    found = []
    for number, line in enumerate(output.lines, 1):
        parts = line.split(":")
        if len(parts) < 8:
            continue
        change, least, most, warn, inactive, expires = (whole(part) for part in parts[2:8])
        scheme = parts[1].lstrip("!")
        locked = scheme != parts[1]
        found.append(
            ShadowEntry(parts[0], locked, scheme, change, least, most, warn, inactive, expires, number)
        )
    if not found:
        raise NotCollected("/etc/shadow could not be read")
    return tuple(found)


@fact(ACCOUNTS)
def login_defs(output: Output) -> LoginDefs:
    """Defaults for new accounts and for sessions. Absent where there is no /etc/login.defs."""
    sections = output.sections()
    values = _settings(sections.get("login_defs", ""), None)
    if sections.get("login_defs", "").split("\n")[0] == "closed":
        raise NotCollected("/etc/login.defs could not be read")
    if not values:
        raise Absent("no /etc/login.defs")
    return LoginDefs(values, tuple(numbered(sections.get("profile", ""))))


@fact(USERADD)
def useradd_defaults(output: Output) -> Mapping[str, Setting]:
    """Settings of /etc/default/useradd by name. Absent where the file is not there."""
    sections = output.sections()
    if "end" not in sections:
        raise Absent("no /etc/default/useradd")
    return _settings(sections.get("", ""), "=")


def _lines(output: Output, section: str) -> list[str]:
    return output.sections().get(section, "").rstrip("\n").split("\n")


def _settings(text: str, separator: str | None) -> dict[str, Setting]:
    found = {}
    for line in numbered(text):
        parts = line.text.split(separator, 1)
        if len(parts) == 2 and not line.text.startswith("#"):
            found[parts[0].strip()] = Setting(parts[1].split("#")[0].strip().strip("\"'"), line)
    return found
