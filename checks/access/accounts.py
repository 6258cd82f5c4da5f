"""Accounts and groups: who exists, what they may, and what their sessions start with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from checks.access.wording import modes, some
from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.accounts import Group, LoginDefs, Setting, ShadowEntry, Users
from scanner.facts.files import FileMode, FileModes
from scanner.facts.pam import Pam
from scanner.model import Evidence, Result

_UMASK = re.compile(r"\bumask\s+(0?[0-7]{1,3})\b")
# Red Hat's /etc/bashrc sets a mask of its own only where none is in force.
_ONLY_WITHOUT = re.compile(r"umask[`)\"]* -eq 0 ")
_TMOUT = re.compile(r"\bTMOUT=(\d{1,9})\b")


def _repeated(values: Iterable[object]) -> set[object]:
    return {value for value, count in Counter(values).items() if count > 1}


@check(
    "ACC-001",
    severity="critical",
    controls=["nist-800-53:AC-6(5)", "nist-800-53:IA-4", "cis-v8:5.4", "iso-27001:A.8.2", "csf-2.0:PR.AA-05"],
    tags=["accounts"],
)
def only_root(users: Users) -> Result:
    """Only root has user id 0.

    Why: a second account with user id 0 is a hidden root, a usual way to keep access after a break-in.
    Fix: find out who made it (`last`, `git log /etc`), then `userdel NAME` or give it another id.
    """
    others = [user for user in users.entries if user.uid == 0 and user.name != "root"]
    if others:
        names = some(user.name for user in others)
        return failed(f"Accounts besides root have user id 0: {names}", *(user.evidence for user in others))
    return passed("Only root has user id 0")


@check(
    "ACC-002",
    severity="medium",
    controls=["nist-800-53:IA-2", "nist-800-53:IA-4", "cis-v8:5.1"],
    tags=["accounts"],
)
def unique_users(users: Users) -> Result:
    """Every account has a name and a user id of its own.

    Why: two accounts with one id are one person to the system: what either did can't be told apart.
    Fix: give one of them another id (`usermod -u ID NAME`) and its files to it (`find / -xdev -uid OLD`).
    """
    ids = _repeated(user.uid for user in users.entries)
    names = _repeated(user.name for user in users.entries)
    double = [user for user in users.entries if user.uid in ids or user.name in names]
    if double:
        listed = some(user.name for user in double)
        return failed(
            f"Accounts share a user id or a name: {listed}", *(user.evidence for user in double[:100])
        )
    return passed("No two accounts share a user id or a name")


@check(
    "ACC-003",
    severity="low",
    controls=["nist-800-53:IA-4", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["accounts"],
)
def unique_groups(groups: tuple[Group, ...]) -> Result:
    """Every group has a name and a group id of its own.

    Why: whoever is in one of two groups with the same id has the rights of both.
    Fix: give one of them another id (`groupmod -g ID NAME`) and its files to it (`find / -xdev -gid OLD`).
    """
    ids = _repeated(group.gid for group in groups)
    names = _repeated(group.name for group in groups)
    double = [group for group in groups if group.gid in ids or group.name in names]
    if double:
        listed = some(group.name for group in double)
        return failed(
            f"Groups share a group id or a name: {listed}", *(group.evidence for group in double[:100])
        )
    return passed("No two groups share a group id or a name")


@check(
    "ACC-004",
    severity="low",
    controls=["nist-800-53:IA-4", "nist-800-53:AC-2", "cis-v8:3.3"],
    tags=["accounts"],
)
def known_groups(users: Users, groups: tuple[Group, ...]) -> Result:
    """Every account's primary group exists.

    Why: the next group that is made may get the free id, and with it those accounts' files.
    Fix: `groupadd -g ID NAME`, or `usermod -g GROUP NAME`.
    """
    known = {group.gid for group in groups}
    lost = [user for user in users.entries if user.gid not in known]
    if lost:
        names = some(user.name for user in lost)
        return failed(
            f"Accounts have a primary group that does not exist: {names}", *(u.evidence for u in lost)
        )
    return passed("Every primary group exists")


@check(
    "ACC-005",
    severity="high",
    controls=["nist-800-53:AC-2", "nist-800-53:CM-7", "cis-v8:5.1"],
    tags=["accounts"],
)
def no_nis_entries(users: Users) -> Result:
    """/etc/passwd takes in no accounts from the network (NIS).

    Why: a `+` line lets whoever answers as the server of NIS, an old directory service without
    encryption, add accounts, root among them.
    Fix: remove the lines that start with `+` or `-` from /etc/passwd, /etc/shadow and /etc/group (`vipw`).
    """
    if users.nis:
        return failed("/etc/passwd takes in accounts from NIS", *users.nis)
    return passed("/etc/passwd lists local accounts only")


@check(
    "ACC-006",
    severity="medium",
    controls=["nist-800-53:AC-2", "nist-800-53:AC-6", "cis-v8:4.7", "csf-2.0:PR.AA-05"],
    tags=["accounts"],
)
def system_accounts(
    users: Users, login_defs: LoginDefs | None, allowed: tuple[str, ...] = ("postgres",)
) -> Result:
    """System accounts have no login shell.

    Why: a service account that can log in is a way in that no person watches.
    Fix: `usermod -s /usr/sbin/nologin NAME`; if it is meant to, add it to the tunable `allowed`.
    """
    setting = login_defs.values.get("UID_MIN") if login_defs else None
    first = (setting.number if setting else None) or 1000
    found = [
        user
        for user in users.entries
        if 0 < user.uid < first and user.can_log_in and user.name not in ("root", *allowed)
    ]
    if found:
        names = some(user.name for user in found)
        return failed(f"System accounts have a login shell: {names}", *(user.evidence for user in found))
    return passed("No system account has a login shell")


@check(
    "ACC-007",
    severity="high",
    controls=["nist-800-53:AC-6", "nist-800-53:IA-5(6)", "cis-v8:3.3"],
    tags=["accounts"],
)
def shadow_group(users: Users, groups: tuple[Group, ...]) -> Result:
    """Nobody is in the group shadow.

    Why: its members can read every password hash and guess the passwords at leisure.
    Fix: `gpasswd -d NAME shadow`.
    """
    shadow = [group for group in groups if group.name == "shadow"]
    if not shadow:
        return not_applicable("There is no group shadow")
    ids = {group.gid for group in shadow}
    members = {name for group in shadow for name in group.members}
    members |= {user.name for user in users.entries if user.gid in ids}
    if members:
        return failed(f"In the group shadow: {some(members)}", *(group.evidence for group in shadow))
    return passed("Nobody is in the group shadow")


@check(
    "ACC-008",
    severity="medium",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["accounts"],
)
def home_folders(users: Users, file_modes: FileModes, most: int = 0o750) -> Result:
    """Home folders belong to their users and are closed to others.

    Why: others who can read a home take keys and tokens from it; others who can write it act as that person.
    Fix: `chown NAME: /home/NAME; chmod 750 /home/NAME`.
    """
    bad: list[FileMode] = []
    hidden = []
    for user in users.entries:
        if 1000 <= user.uid < 60000 and user.can_log_in:
            home = file_modes.found.get(user.home)
            if home is None:
                hidden += [user.home] if user.home in file_modes.hidden else []
            elif home.uid != user.uid or home.mode & ~most & 0o777:
                bad.append(home)
    if bad:
        return failed(f"Home folders are open or not their user's: {some(h.path for h in bad)}", *modes(bad))
    if hidden:
        return unknown(f"Home folders could not be looked at: {some(hidden)}")
    return passed("Home folders belong to their users and are closed to others")


@check(
    "ACC-009",
    severity="high",
    controls=["nist-800-53:IA-2", "nist-800-53:IA-5(7)", "cis-v8:4.1"],
    tags=["accounts"],
)
def no_trust_files(trust_files: tuple[str, ...]) -> Result:
    """No home holds .rhosts, .shosts or .netrc files.

    Why: .rhosts lets other machines in without a password, .netrc holds passwords in clear.
    Fix: remove the files; use SSH keys, and a password manager or a credential helper in place of .netrc.
    """
    if trust_files:
        found = tuple(Evidence(path, "exists") for path in trust_files[:100])
        return failed(f"Files that let in without a password or hold one: {some(trust_files)}", *found)
    return passed("No .rhosts, .shosts or .netrc files")


@check(
    "ACC-010",
    severity="medium",
    controls=["nist-800-53:AC-3", "nist-800-53:CM-6", "cis-v8:3.3"],
    tags=["accounts"],
)
def default_umask(login_defs: LoginDefs, pam: Pam | None, mask: int = 0o027) -> Result:
    """New files are closed to other users by default.

    Why: with a loose umask, whatever people and services save can be read by every account on the host.
    Fix: set `UMASK 027` in /etc/login.defs, have it applied by `session optional pam_umask.so` in
    /etc/pam.d/common-session (on RHEL it is in /etc/pam.d/postlogin), and remove looser `umask` lines
    from /etc/profile and /etc/bashrc.
    """
    set_by_shell = [
        (line, match)
        for line in login_defs.profile
        if (match := _UMASK.search(line.text)) and not _ONLY_WITHOUT.search(line.text)
    ]
    loose = [line for line, match in set_by_shell if mask & ~int(match[1], 8)]
    if loose:
        return failed(
            f"A start file of the shell sets a loose umask: {some(x.source for x in loose)}", *loose
        )
    if set_by_shell:
        return passed(
            "The shells' start files close new files to others", *(line for line, _ in set_by_shell)
        )
    setting = login_defs.values.get("UMASK")
    rules = pam.stack("login", "session") + pam.stack("sshd", "session") if pam else ()
    umask = [rule for rule in rules if rule.module == "pam_umask"]
    value = umask[0].arg("umask") if umask else None
    value = value or (setting.value if setting else "022")
    seen = (*(rule.evidence for rule in umask[:1]), *((setting.evidence,) if setting else ()))
    if not re.fullmatch("0?[0-7]{1,3}", value) or mask & ~int(value, 8):
        return failed("New files can be read by every account by default", *seen)
    if not umask:
        return failed("UMASK is set, but nothing applies it (no pam_umask, no umask in /etc/profile)", *seen)
    return passed("New files are closed to others by default", *seen)


@check(
    "ACC-011",
    severity="low",
    controls=["nist-800-53:AC-11", "nist-800-53:AC-12", "cis-v8:4.3"],
    tags=["accounts"],
)
def idle_shells(login_defs: LoginDefs, longest: int = 900) -> Result:
    """Idle shells end by themselves.

    Why: a forgotten terminal, perhaps a root one, is open to whoever passes by.
    Fix: write `readonly TMOUT=900; export TMOUT` to /etc/profile.d/timeout.sh.
    """
    lines = [(line, int(match[1])) for line in login_defs.profile if (match := _TMOUT.search(line.text))]
    if not lines:
        return failed("Idle shells stay open (TMOUT is not set)")
    line, seconds = lines[-1]
    if 0 < seconds <= longest:
        return passed(f"Idle shells end within {longest} seconds", line)
    return failed(f"Idle shells do not end within {longest} seconds", line)


@check(
    "ACC-012",
    severity="medium",
    controls=["nist-800-53:AC-2(3)", "cis-v8:5.3", "iso-27001:A.5.18", "csf-2.0:PR.AA-01"],
    tags=["accounts"],
)
def inactive_accounts(
    shadow: tuple[ShadowEntry, ...], useradd_defaults: Mapping[str, Setting] | None, most: int = 45
) -> Result:
    """Accounts are locked some weeks after their password ran out.

    Why: accounts that nobody uses any more are found by attackers, not by their owners. Root is left
    out: on the day of a recovery its password must still open the console.
    Fix: `useradd -D -f 30`, and for accounts that exist `chage --inactive 30 NAME`.
    """
    setting = useradd_defaults.get("INACTIVE") if useradd_defaults else None
    days = setting.number if setting else None
    open_ended = [
        entry
        for entry in shadow
        if entry.has_password
        and entry.name != "root"
        and not (entry.inactive_days is not None and 0 <= entry.inactive_days <= most)
    ]
    if open_ended:
        names = some(entry.name for entry in open_ended)
        return failed(
            f"Never locked for inactivity: {names}", *(entry.evidence for entry in open_ended[:100])
        )
    if days is None or not 0 <= days <= most:
        seen = (setting.evidence,) if setting else ()
        return failed("New accounts are never locked for inactivity (INACTIVE of useradd)", *seen)
    return passed(f"Accounts are locked within {most} days after their password ran out")
