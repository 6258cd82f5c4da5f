"""Logging in over SSH: who may, how, and what a session may do."""

from __future__ import annotations

from collections.abc import Callable

from scanner.check import check, failed, passed, unknown
from scanner.facts.sshd import SshdConfig
from scanner.model import Evidence, Result


def _judge(sshd: SshdConfig, keyword: str, good: Callable[[str], bool], yes: str, no: str) -> Result:
    """Hold one keyword, and every Match block that sets it, against `good`."""
    value = sshd.get(keyword)
    if value is None:
        return unknown(f"The value of {keyword} could not be told", Evidence(sshd.source, keyword))
    if not good(value):
        return failed(f"{no} ({keyword} {value})", sshd.evidence(keyword))
    for block in sshd.matches:
        if keyword in block.values and not good(block.values[keyword]):
            return failed(f"{no} for connections that match {block.criteria}", block.settings[keyword])
    return passed(yes, sshd.evidence(keyword))


def _between(least: int, most: int) -> Callable[[str], bool]:
    return lambda value: value.isascii() and value.isdigit() and least <= int(value[:12]) <= most


def _with_key(methods: str) -> bool:
    return all("publickey" in method.split(",") for method in methods.split())


def _is(wanted: str) -> Callable[[str], bool]:
    return lambda value: value.lower() == wanted


@check(
    "SSH-001",
    severity="high",
    controls=[
        "nist-800-53:AC-6(5)", "nist-800-53:IA-2", "nist-800-53:AC-17", "cis-v8:5.4", "iso-27001:A.8.2",
        "csf-2.0:PR.AA-05", "nis2:21.2i",
    ], tags=["ssh"]
)  # fmt: skip
def root_login(sshd: SshdConfig, allowed: tuple[str, ...] = ("no",)) -> Result:
    """Root cannot log in over SSH.

    Why: a stolen root credential gives the whole host and leaves no name in the log.
    Fix: set `PermitRootLogin no` in /etc/ssh/sshd_config and run `systemctl reload ssh` (`sshd` on RHEL).
    """
    return _judge(
        sshd, "permitrootlogin", lambda value: value in allowed, "Root cannot log in", "Root can log in"
    )


@check(
    "SSH-002",
    severity="medium",
    controls=["nist-800-53:IA-2", "nist-800-53:AC-17", "cis-v8:4.6", "iso-27001:A.8.5", "csf-2.0:PR.AA-03"],
    tags=["ssh"],
)
def password_login(sshd: SshdConfig) -> Result:
    """SSH does not accept a password alone.

    Why: passwords are guessed, reused and phished; every internet-facing SSH server is tried all day.
    Fix: give people keys, then set `PasswordAuthentication no` and `KbdInteractiveAuthentication no`
    in /etc/ssh/sshd_config and reload sshd.
    """
    if sshd.get("authenticationmethods"):
        always = _judge(sshd, "authenticationmethods", _with_key, "A key is always asked for", "")
        if always.status == "pass":
            return always
    # On Linux, keyboard-interactive asks for a password through PAM only.
    asks_pam = ("kbdinteractiveauthentication",) if sshd.get("usepam") != "no" else ()
    for keyword in ("passwordauthentication", *asks_pam):
        result = _judge(
            sshd, keyword, _is("no"), "A password alone is refused", "A password alone is accepted"
        )
        if result.status != "pass":
            return result
    return result


@check(
    "SSH-003",
    severity="high",
    controls=["nist-800-53:IA-5(1)", "nist-800-53:AC-17", "cis-v8:5.2", "iso-27001:A.8.5"],
    tags=["ssh"],
)
def empty_passwords(sshd: SshdConfig) -> Result:
    """SSH refuses accounts without a password.

    Why: one account with an empty password would open the host to anyone who can reach port 22.
    Fix: set `PermitEmptyPasswords no` in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(
        sshd, "permitemptypasswords", _is("no"), "Empty passwords are refused", "Empty passwords are accepted"
    )


@check(
    "SSH-004", severity="medium", controls=["nist-800-53:AC-7", "cis-v8:4.1", "iso-27001:A.8.5"], tags=["ssh"]
)
def max_auth_tries(sshd: SshdConfig, most: int = 4) -> Result:
    """SSH closes the connection after a few wrong attempts.

    Why: many attempts in one connection make guessing cheap and its traces few.
    Fix: set `MaxAuthTries 4` in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(
        sshd,
        "maxauthtries",
        _between(1, most),
        f"At most {most} attempts are allowed in a connection",
        f"More than {most} attempts are allowed in a connection",
    )


@check("SSH-005", severity="low", controls=["nist-800-53:CM-7", "cis-v8:4.8"], tags=["ssh"])
def x11_forwarding(sshd: SshdConfig) -> Result:
    """SSH does not forward X11.

    Why: a compromised server can read the keyboard and screen of whoever is logged in with forwarding.
    Fix: set `X11Forwarding no` in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(sshd, "x11forwarding", _is("no"), "X11 is not forwarded", "X11 is forwarded")


@check("SSH-006", severity="low", controls=["nist-800-53:SC-5", "cis-v8:4.1"], tags=["ssh"])
def login_grace(sshd: SshdConfig, most: int = 60) -> Result:
    """SSH gives a login a minute at most.

    Why: connections that never log in use up the places for those that do.
    Fix: set `LoginGraceTime 60` in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(
        sshd,
        "logingracetime",
        _between(1, most),
        f"A login must be done within {most} seconds",
        f"A login may take longer than {most} seconds",
    )


@check(
    "SSH-007", severity="low", controls=["nist-800-53:SC-10", "nist-800-53:AC-12", "cis-v8:4.3"], tags=["ssh"]
)
def dead_sessions(sshd: SshdConfig, longest: int = 900) -> Result:
    """SSH ends sessions whose other side is gone.

    Why: sessions left behind by broken connections stay open as the user for whoever takes them over.
    Fix: set `ClientAliveInterval 300` and `ClientAliveCountMax 3` in /etc/ssh/sshd_config and reload sshd.
    """
    interval, count = sshd.get("clientaliveinterval"), sshd.get("clientalivecountmax")
    seen = (sshd.evidence("clientaliveinterval"), sshd.evidence("clientalivecountmax"))
    if not (interval and count and interval.isdigit() and count.isdigit()):
        return unknown("When a dead session ends could not be told", *seen)
    if 0 < int(interval[:9]) * int(count[:9]) <= longest:
        return passed(f"Dead sessions end within {longest} seconds", *seen)
    return failed(f"Dead sessions do not end within {longest} seconds", *seen)


@check("SSH-008", severity="low", controls=["nist-800-53:AC-8", "cis-v8:4.1"], tags=["ssh"])
def login_banner(sshd: SshdConfig) -> Result:
    """SSH shows a notice before the login.

    Why: without a notice that use is for authorised people only, an intruder is harder to prosecute.
    Fix: write the notice to /etc/issue.net, set `Banner /etc/issue.net` in /etc/ssh/sshd_config, reload sshd.
    """
    return _judge(
        sshd, "banner", lambda value: value.lower() != "none", "A notice is shown", "No notice is shown"
    )


@check(
    "SSH-009",
    severity="medium",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-6", "nist-800-53:AC-17", "cis-v8:3.3", "csf-2.0:PR.AA-05"],
    tags=["ssh"],
)
def login_list(sshd: SshdConfig) -> Result:
    """SSH is limited to named users or groups.

    Why: without a list, every account on the host is a way in, service and forgotten accounts too.
    Fix: set `AllowGroups ssh-users` (or `AllowUsers …`) in /etc/ssh/sshd_config, put the people who need it
    in that group, and reload sshd.
    """
    if sshd.source != "sshd -T" and sshd.unread:
        return unknown(
            "Included configuration files were not read", Evidence("sshd_config", " ".join(sshd.unread))
        )
    for keyword in ("allowgroups", "allowusers"):
        names = " ".join(sshd.values.get(keyword, ())).split()
        if names and "*" not in names:
            return passed("Only named users or groups may log in", sshd.evidence(keyword))
    return failed("Every account may try to log in (neither AllowUsers nor AllowGroups is set)")


@check(
    "SSH-010",
    severity="medium",
    controls=["nist-800-53:AU-12", "nist-800-53:AC-17(1)", "cis-v8:8.5", "iso-27001:A.8.15"],
    tags=["ssh"],
)
def log_level(sshd: SshdConfig) -> Result:
    """SSH logs who logged in, from where and with which key.

    Why: without these lines an intrusion can be neither noticed nor reconstructed.
    Fix: set `LogLevel VERBOSE` (or `INFO`) in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(
        sshd,
        "loglevel",
        lambda value: value.upper() in ("INFO", "VERBOSE"),
        "Logins are logged",
        "The log level leaves out logins, or records what people type",
    )


@check(
    "SSH-011",
    severity="medium",
    controls=["nist-800-53:AC-6", "nist-800-53:CM-6", "cis-v8:4.1"],
    tags=["ssh"],
)
def user_environment(sshd: SshdConfig) -> Result:
    """SSH users cannot set environment variables for their login.

    Why: variables such as LD_PRELOAD get around forced commands and other limits of an account.
    Fix: set `PermitUserEnvironment no` in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(
        sshd,
        "permituserenvironment",
        _is("no"),
        "Users cannot set their login environment",
        "Users can set their login environment",
    )


@check(
    "SSH-012", severity="high", controls=["nist-800-53:IA-2", "nist-800-53:IA-3", "cis-v8:4.1"], tags=["ssh"]
)
def host_based_login(sshd: SshdConfig) -> Result:
    """SSH trusts no host in place of a person.

    Why: with host-based login, one compromised machine opens every machine that trusts it.
    Fix: set `HostbasedAuthentication no` and `IgnoreRhosts yes` in /etc/ssh/sshd_config and reload sshd.
    """
    result = _judge(
        sshd,
        "hostbasedauthentication",
        _is("no"),
        "No host is trusted",
        "Trusted hosts log in without a person",
    )
    if result.status != "pass":
        return result
    return _judge(
        sshd,
        "ignorerhosts",
        lambda value: value in ("yes", "shosts-only"),
        "No host is trusted, .rhosts files are ignored",
        "Users' .rhosts files are obeyed",
    )


@check(
    "SSH-013",
    severity="medium",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["ssh"],
)
def strict_modes(sshd: SshdConfig) -> Result:
    """SSH refuses key files that others can change.

    Why: whoever can write to another's ~/.ssh adds a key of their own and logs in as that person.
    Fix: set `StrictModes yes` in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(
        sshd,
        "strictmodes",
        _is("yes"),
        "Modes of key files are checked",
        "Modes of key files are not checked",
    )


@check(
    "SSH-014",
    severity="medium",
    controls=["nist-800-53:AC-2", "nist-800-53:IA-2", "cis-v8:4.1"],
    tags=["ssh"],
)
def use_pam(sshd: SshdConfig) -> Result:
    """SSH applies the host's account rules (PAM).

    Why: without PAM, expired accounts, lockouts and session limits do not count for SSH logins.
    Fix: set `UsePAM yes` in /etc/ssh/sshd_config and reload sshd.
    """
    return _judge(sshd, "usepam", _is("yes"), "PAM rules apply", "PAM rules do not apply to SSH logins")


@check(
    "SSH-015",
    severity="medium",
    controls=["nist-800-53:AC-4", "nist-800-53:AC-17", "cis-v8:4.8"],
    tags=["ssh"],
)
def open_forwarding(sshd: SshdConfig) -> Result:
    """SSH users cannot open ports or network tunnels to the outside.

    Why: a forwarded port open to all, or a tunnel device, connects networks past the firewall.
    Fix: set `GatewayPorts no` and `PermitTunnel no` in /etc/ssh/sshd_config and reload sshd.
    """
    result = _judge(
        sshd, "gatewayports", _is("no"), "Forwarded ports stay local", "Forwarded ports can be opened to all"
    )
    if result.status != "pass":
        return result
    return _judge(
        sshd,
        "permittunnel",
        _is("no"),
        "Forwarded ports stay local and tunnels are refused",
        "Network tunnels can be opened",
    )
