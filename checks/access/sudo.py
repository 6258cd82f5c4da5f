"""Who may act as root through sudo or doas, and how well that is guarded and logged."""

from __future__ import annotations

from checks.access.wording import modes, some
from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.accounts import Group, Users
from scanner.facts.sudo import Sudoers
from scanner.model import Evidence, Result

# Programs that start a shell or run any program from inside (gtfobins.github.io, function "sudo").
_SHELLS = """
ash awk bash busybox csh dash ed emacs env expect find gdb git ksh less lua man more nano nice node perl
php python python2 python3 rsync ruby screen script sh ssh strace su tar tcsh tee tmux vi vim vim.tiny
watch xargs zsh
"""

# From this release on sudo does so where nothing is set (its release notes).
_OWN_TERMINAL_SINCE = (1, 9, 14)


def _good(sudoers: Sudoers, message: str, *evidence: Evidence) -> Result:
    """A pass, unless sudo includes rules that were not read."""
    if sudoers.unread:
        return unknown(f"Included rules were not read: {some(sudoers.unread)}")
    return passed(message, *evidence)


@check(
    "SUD-001",
    severity="high",
    controls=[
        "nist-800-53:IA-11",
        "nist-800-53:AC-6(5)",
        "cis-v8:5.4",
        "iso-27001:A.8.2",
        "csf-2.0:PR.AA-05",
    ],
    tags=["accounts", "sudo"],
)
def password_asked(sudoers: Sudoers) -> Result:
    """Full root rights always ask for a password.

    Why: with NOPASSWD for everything, whatever runs as that person is root: a browser, a script, a thief.
    Fix: remove `NOPASSWD` and `!authenticate` (`visudo`), or limit the rule to exact commands.
    """
    free = [rule for rule in sudoers.rules if rule.everything and rule.nopasswd and rule.who != "root"]
    if free:
        names = some(rule.who for rule in free)
        return failed(f"Everything as root without a password: {names}", *(rule.evidence for rule in free))
    off = [item for item in sudoers.defaults if item.name == "authenticate" and item.value == "off"]
    if off:
        return failed("sudo asks for no password (!authenticate)", *(item.evidence for item in off))
    return _good(sudoers, "Full root rights ask for a password")


@check(
    "SUD-002",
    severity="medium",
    controls=["nist-800-53:AC-6", "nist-800-53:CM-6", "cis-v8:5.4"],
    tags=["accounts", "sudo"],
)
def own_terminal(sudoers: Sudoers) -> Result:
    """Commands under sudo get a terminal of their own.

    Why: on the shared terminal, a program that was run as another can type commands back into your shell.
    Fix: add `Defaults use_pty` with `visudo`.
    """
    if not sudoers.sudo:
        return not_applicable("sudo is not configured")
    setting = sudoers.default("use_pty")
    if setting and setting.value == "on":
        return passed("Commands under sudo get a terminal of their own", setting.evidence)
    if setting is None and sudoers.version >= _OWN_TERMINAL_SINCE:
        return _good(
            sudoers, "Commands under sudo get a terminal of their own, as this version does by itself"
        )
    return failed("Commands under sudo share the user's terminal (use_pty is not set)")


@check(
    "SUD-003",
    severity="medium",
    controls=[
        "nist-800-53:AC-6(9)",
        "nist-800-53:AU-12",
        "cis-v8:8.5",
        "iso-27001:A.8.15",
        "csf-2.0:PR.PS-04",
    ],
    tags=["accounts", "sudo"],
)
def logged(sudoers: Sudoers) -> Result:
    """What is done with sudo is logged.

    Why: the log of root's commands is the first thing an investigator asks for.
    Fix: remove `!syslog` from the Defaults, or add `Defaults logfile="/var/log/sudo.log"` (`visudo`).
    """
    if not sudoers.sudo:
        return not_applicable("sudo is not configured")
    syslog, logfile = sudoers.default("syslog"), sudoers.default("logfile")
    if logfile and logfile.value != "off":
        return passed("sudo writes a log file of its own", logfile.evidence)
    if syslog and syslog.value == "off":
        return failed("sudo logs nothing (!syslog and no logfile)", syslog.evidence)
    return passed("sudo logs to syslog", *((syslog.evidence,) if syslog else ()))


@check("SUD-004", severity="low", controls=["nist-800-53:IA-11", "cis-v8:5.4"], tags=["accounts", "sudo"])
def asks_again(sudoers: Sudoers, minutes: int = 15) -> Result:
    """sudo asks again after some minutes.

    Why: a terminal left open is root for as long as sudo remembers the password.
    Fix: remove `timestamp_timeout`, or set `Defaults timestamp_timeout=5` (`visudo`).
    """
    if not sudoers.sudo:
        return not_applicable("sudo is not configured")
    setting = sudoers.default("timestamp_timeout")
    if setting is None:
        return passed("sudo asks again after its default of 15 minutes or less")
    try:
        value = float(setting.value)
    except ValueError:
        value = -1.0
    if 0 <= value <= minutes:
        return passed(f"sudo asks again within {minutes} minutes", setting.evidence)
    return failed(f"sudo does not ask again within {minutes} minutes", setting.evidence)


@check(
    "SUD-005",
    severity="medium",
    controls=["nist-800-53:AC-6", "nist-800-53:CM-6", "cis-v8:4.1"],
    tags=["accounts", "sudo"],
)
def safe_path(sudoers: Sudoers) -> Result:
    """sudo looks for programs in fixed folders.

    Why: with the user's own PATH, a program planted in one of its folders is run as root.
    Fix: add `Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"` (`visudo`).
    """
    if not sudoers.sudo:
        return not_applicable("sudo is not configured")
    setting = sudoers.default("secure_path")
    if setting is None or setting.value == "off":
        return failed("sudo uses the caller's PATH (secure_path is not set)")
    relative = [part for part in setting.value.split(":") if not part.startswith("/")]
    if relative:
        return failed("secure_path holds folders that are not absolute", setting.evidence)
    return passed("sudo looks for programs in fixed folders", setting.evidence)


@check(
    "SUD-006",
    severity="medium",
    controls=[
        "nist-800-53:AC-6(5)",
        "nist-800-53:AC-2(7)",
        "cis-v8:5.4",
        "iso-27001:A.8.2",
        "csf-2.0:PR.AA-05",
    ],
    tags=["accounts", "sudo"],
)
def few_administrators(sudoers: Sudoers, users: Users, groups: tuple[Group, ...], most: int = 5) -> Result:
    """Only a few people have full root rights.

    Why: each of them is a password to steal; rights that are not needed are only risk.
    Fix: `gpasswd -d NAME sudo` (`wheel` on RHEL) for those who do not administer this host; set the tunable
    `most` if more people really do.
    """
    members = {group.name: (group.gid, set(group.members)) for group in groups}
    people: set[str] = set()
    unseen: set[str] = set()
    seen = []
    for rule in sudoers.rules:
        if not rule.everything:
            continue
        seen.append(rule.evidence)
        if rule.who == "ALL":
            return failed("Every account has full root rights", rule.evidence)
        if rule.who.startswith("%"):
            # Ubuntu's sudoers names the group admin without making it.
            if rule.who[1:] not in (*members, "admin"):
                unseen.add(rule.who[1:])
            gid, names = members.get(rule.who[1:], (None, set()))
            people |= names | {user.name for user in users.entries if user.gid == gid}
        else:
            people.add(rule.who)
    people.discard("root")
    if len(people) > most:
        return failed(f"More than {most} people have full root rights: {some(people)}", *seen)
    if unseen:
        return unknown(f"Full root rights for groups that are not in /etc/group: {some(unseen)}", *seen)
    return _good(sudoers, f"Full root rights: {some(people) or 'nobody besides root'}", *seen)


@check(
    "SUD-007",
    severity="critical",
    controls=["nist-800-53:AC-6", "nist-800-53:CM-5", "cis-v8:3.3"],
    tags=["accounts", "sudo"],
)
def programs_protected(sudoers: Sudoers) -> Result:
    """Programs that sudo runs as root can be changed by root only.

    Why: whoever can change such a program, or a folder above it, runs anything as root.
    Fix: `chown root:root FILE; chmod go-w FILE`, the same for its folders, or move it to /usr/local/sbin.
    """
    weak = {}
    for rule in sudoers.rules:
        for command in rule.commands if rule.as_root else ():
            path = command.split(None, 1)[0].rstrip("/")
            link = sudoers.modes.weak_link(path)
            if link is not None:
                weak[path] = (link, rule.evidence)
    if weak:
        seen = [rule for _, rule in weak.values()]
        return failed(
            f"Others can change programs that sudo runs as root: {some(weak)}",
            *modes(link for link, _ in weak.values()),
            *seen,
        )
    return _good(sudoers, "Programs that sudo runs as root can be changed by root only")


@check(
    "SUD-008",
    severity="medium",
    controls=["nist-800-53:AC-6", "nist-800-53:AC-3", "cis-v8:5.4"],
    tags=["accounts", "sudo"],
)
def no_exceptions(sudoers: Sudoers) -> Result:
    """sudo rules list what is allowed, not what is forbidden.

    Why: `ALL, !/bin/sh` stops nobody: a copy of the shell under another name is allowed.
    Fix: replace the rule by the exact commands that are needed (`visudo`).
    """
    leaky = [rule for rule in sudoers.rules if rule.denied and "ALL" in rule.commands]
    if leaky:
        names = some(rule.who for rule in leaky)
        return failed(f"Rules that allow all but a few commands: {names}", *(rule.evidence for rule in leaky))
    return _good(sudoers, "No rule allows all but a few commands")


@check(
    "SUD-009",
    severity="high",
    controls=["nist-800-53:AC-6", "nist-800-53:AC-6(5)", "cis-v8:5.4"],
    tags=["accounts", "sudo"],
)
def no_hidden_shells(sudoers: Sudoers, shells: tuple[str, ...] = tuple(_SHELLS.split())) -> Result:
    """Limited sudo rules do not give a shell by the back door.

    Why: editors, pagers and interpreters run any command from inside, so the limited rule is full root.
    Fix: give the exact arguments in the rule, and `sudoedit FILE` in place of an editor (`visudo`).
    """
    found = {}
    for rule in sudoers.rules:
        for command in rule.commands if rule.as_root else ():
            # Without arguments in the rule, any arguments are allowed (sudoers(5)), as with `*`.
            program, _, arguments = command.partition(" ")
            free = arguments.strip() in ("", "*")
            if free and program.startswith("/") and program.rpartition("/")[2] in shells:
                found[f"{command} ({rule.who})"] = rule.evidence
    if found:
        return failed(f"Limited rules that give full root: {some(found)}", *found.values())
    return _good(sudoers, "No limited rule gives a shell")
