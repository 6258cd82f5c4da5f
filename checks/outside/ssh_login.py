"""What SSH servers ask for and give away before a login."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from checks.outside.listening import judge
from scanner.check import check, informational, not_applicable
from scanner.facts.ssh_server import SshServer, SshServers
from scanner.model import Result

_TAGS = ["outside", "ssh"]


class _Hole(NamedTuple):
    """A known hole of the OpenSSH server: the versions from `first` up to but not including `fixed`."""

    cve: str
    first: tuple[int, int, int]
    fixed: tuple[int, int, int]
    harm: str


# From the advisories at openssh.com/security.html and the NVD; versions are major, minor, portable release.
_OPENSSH_HOLES = (
    _Hole("CVE-2025-26466", (9, 5, 0), (9, 9, 2), "anyone can use up its memory and time before a login"),
    _Hole("CVE-2024-6387", (8, 5, 0), (9, 8, 0), "anyone may run commands as root (regreSSHion)"),
    _Hole("CVE-2023-25136", (9, 1, 0), (9, 2, 0), "a double free before the login"),
    _Hole("CVE-2018-15473", (0, 0, 0), (7, 8, 0), "it tells which user names exist"),
    _Hole("CVE-2015-5600", (0, 0, 0), (7, 0, 0), "passwords can be tried without end in one connection"),
)


@check(
    "SSV-008",
    severity="medium",
    controls=["nist-800-53:IA-2", "nist-800-53:AC-17", "cis-v8:4.6", "iso-27001:A.8.5", "csf-2.0:PR.AA-03"],
    platforms=(),
    tags=_TAGS,
)
def passwords(
    ssh_servers: SshServers, refused: tuple[str, ...] = ("none", "password", "keyboard-interactive")
) -> Result:
    """SSH servers let nobody begin a login with a password.

    Why: passwords are guessed, reused and phished; every SSH server that can be reached is tried all day.
    Fix: give people keys, then set `PasswordAuthentication no` and `KbdInteractiveAuthentication no` in
    /etc/ssh/sshd_config and reload sshd. Where keyboard-interactive asks for a one-time code, say so in the
    profile: `refused: [none, password]`.
    """

    def look(server: SshServer) -> Mapping[str, str] | None:
        if server.auth_methods is None:
            return None
        offered = f"offered to a login without credentials: {', '.join(server.auth_methods)}"
        return {name: offered for name in server.auth_methods if name in refused}

    return judge(
        ssh_servers.servers,
        ssh_servers.unread,
        look,
        "A login may begin with",
        "A login cannot begin with a password",
        lambda s: ", ".join(s.auth_methods or ()),
    )


@check(
    "SSV-010",
    severity="info",
    controls=["nist-800-53:CM-6", "cis-v8:4.1"],
    platforms=(),
    tags=[*_TAGS, "informational"],
)
def banner(ssh_servers: SshServers) -> Result:
    """SSH servers do not say which distribution they run on.

    Why: the exact package version tells an attacker which of its holes are still open.
    Fix: on Debian and Ubuntu set `DebianBanner no` in /etc/ssh/sshd_config and reload sshd; on FreeBSD
    `VersionAddendum none`. The version of OpenSSH itself cannot be hidden.
    """
    return judge(
        ssh_servers.servers,
        ssh_servers.unread,
        lambda s: {s.comment: s.banner} if s.comment else {},
        "The banner names the distribution",
        "The banners name no distribution",
        lambda s: s.banner,
        informational,
    )


@check(
    "SSV-011",
    severity="info",
    controls=["nist-800-53:RA-5", "nist-800-53:SI-2", "cis-v8:7.6", "nis2:21.2e"],
    platforms=(),
    tags=[*_TAGS, "informational"],
)
def openssh_version(ssh_servers: SshServers) -> Result:
    """The version that OpenSSH servers state has no known serious hole.

    Why: holes such as regreSSHion (CVE-2024-6387) give the host to anyone who can reach the port.
    Fix: see whether your distribution has repaired its package (`apt changelog openssh-server | grep CVE`,
    `rpm -q --changelog openssh | grep CVE`); distributions do so without changing the version in the banner,
    so this alone proves nothing. If it has not, update.
    """

    def look(server: SshServer) -> Mapping[str, str]:
        match = re.match(
            r"OpenSSH_(?:for_Windows_)?(\d{1,3})\.(\d{1,3})(?:\.\d+)?(?:p(\d{1,3}))?", server.software
        )
        if not match:
            return {}
        version = tuple(int(part or 0) for part in match.groups())
        return {
            h.cve: f"{server.banner}: {h.cve}, {h.harm}"
            for h in _OPENSSH_HOLES
            if h.first <= version < h.fixed
        }

    if not any(server.software.startswith("OpenSSH_") for server in ssh_servers.servers):
        return not_applicable("No SSH server says that it is OpenSSH")
    return judge(
        ssh_servers.servers,
        ssh_servers.unread,
        look,
        "Unless the distribution has repaired it, the stated version is open to known holes",
        "No serious hole is known for the stated versions",
        lambda s: s.banner,
        informational,
    )
