"""Services that have no place on a server any more."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.check import check, failed, not_applicable, passed
from scanner.facts.daemons import Daemons
from scanner.facts.leftovers import Community, Leftovers
from scanner.model import Asset, Evidence, Result

_NEEDLESS = ["nist-800-53:CM-7", "cis-v8:4.8"]


@check(
    "LFT-001",
    severity="high",
    controls=["nist-800-53:CM-7", "nist-800-53:AC-17(2)", "cis-v8:4.6", "cis-v8:4.8"],
    tags=["network", "services", "leftovers"],
)
def remote_shells(leftovers: Leftovers, daemons: Daemons) -> Result:
    """No telnet or rsh server is installed.

    Why: they send passwords and everything typed in clear text, and rsh trusts host names.
    Fix: `apt purge telnetd inetutils-telnetd rsh-server rsh-redone-server`, or
    `dnf remove telnet-server rsh-server`; use SSH.
    """
    return _absent(leftovers, daemons, ("telnet server", "rsh server"), ("telnetd", "rsh"))


@check(
    "LFT-002",
    severity="medium",
    controls=["nist-800-53:CM-7", "nist-800-53:SC-8", "cis-v8:3.10", "cis-v8:4.8"],
    tags=["network", "services", "leftovers"],
)
def ftp(leftovers: Leftovers, daemons: Daemons) -> Result:
    """No FTP server is installed.

    Why: FTP sends passwords and files in clear text to anybody on the way.
    Fix: `apt purge vsftpd proftpd-core pure-ftpd` (or `dnf remove`); use SFTP, which SSH brings along.
    """
    return _absent(leftovers, daemons, ("FTP server",), ("ftpd",))


@check("LFT-003", severity="medium", controls=_NEEDLESS, tags=["network", "services", "leftovers"])
def tftp(
    leftovers: Leftovers, daemons: Daemons, asset: Asset, services: tuple[str, ...] = ("tftp", "pxe")
) -> Result:
    """No TFTP server is installed, unless that is the asset's job.

    Why: TFTP asks nobody for a name or password; whatever lies in its folder is public.
    Fix: `apt purge tftpd-hpa atftpd`, or `dnf remove tftp-server`; on a network boot server, add
    `pxe` to its `services` in the inventory.
    """
    if set(asset.services) & set(services):
        return not_applicable("The inventory says that network boot is this asset's job")
    return _absent(leftovers, daemons, ("TFTP server",), ("tftpd",))


@check(
    "LFT-004", severity="high", controls=["nist-800-53:CM-7", "nist-800-53:IA-5(1)", "cis-v8:4.8"],
    tags=["network", "services", "leftovers"],
)  # fmt: skip
def nis(leftovers: Leftovers, daemons: Daemons) -> Result:
    """NIS, an old directory service without encryption, is not installed.

    Why: NIS hands the password hashes of all users to every host that asks.
    Fix: `apt purge nis ypserv ypbind-mt`, or `dnf remove ypserv ypbind`; use LDAP over TLS or Kerberos.
    """
    return _absent(leftovers, daemons, ("NIS",), ("nis",))


@check("LFT-005", severity="medium", controls=_NEEDLESS, tags=["network", "services", "leftovers"])
def inetd(leftovers: Leftovers, daemons: Daemons) -> Result:
    """inetd and xinetd start nothing.

    Why: what they start is old, mostly in clear text, and easily forgotten.
    Fix: `systemctl disable --now xinetd inetd` and remove the package, or turn off each line.
    """
    if leftovers.inetd:
        return failed(
            f"inetd or xinetd is set up to start: {', '.join(leftovers.inetd[:10])}",
            Evidence("/etc/inetd.conf and /etc/xinetd.d", "\n".join(leftovers.inetd[:100])),
        )
    if daemons.running("inetd") or daemons.enabled("inetd"):
        return failed("inetd or xinetd runs, with nothing to start")
    return passed("Neither inetd nor xinetd starts anything")


@check("LFT-006", severity="medium", controls=_NEEDLESS, tags=["network", "services", "leftovers"])
def rpcbind(daemons: Daemons) -> Result:
    """rpcbind does not run without an NFS server that needs it.

    Why: it tells everybody which RPC services run, and is misused to amplify attacks on others.
    Fix: `systemctl disable --now rpcbind.socket rpcbind.service`; NFS 4 works without it.
    """
    if daemons.running("nfs-server"):
        return not_applicable("This host is an NFS server")
    return _off(daemons, "rpcbind", "rpcbind")


@check("LFT-007", severity="low", controls=_NEEDLESS, tags=["network", "services", "leftovers"])
def avahi(daemons: Daemons) -> Result:
    """Avahi does not announce the host on the network.

    Why: a server needs no discovery; it tells an intruder the name, system and services of the host.
    Fix: `systemctl disable --now avahi-daemon.socket avahi-daemon.service`.
    """
    return _off(daemons, "avahi", "Avahi")


@check("LFT-008", severity="low", controls=_NEEDLESS, tags=["network", "services", "leftovers"])
def printing(
    daemons: Daemons, asset: Asset, services: tuple[str, ...] = ("print", "printing", "cups")
) -> Result:
    """The print service does not run, unless printing is the asset's job.

    Why: CUPS and cups-browsed have let attackers on the network run commands; most servers never print.
    Fix: `systemctl disable --now cups.socket cups.service cups-browsed.service`; on a print server,
    add `printing` to its `services` in the inventory.
    """
    if set(asset.services) & set(services):
        return not_applicable("The inventory says that printing is this asset's job")
    return _off(daemons, "cups", "The print service")


@check(
    "LFT-009",
    severity="high",
    controls=["nist-800-53:IA-5", "cis-v8:4.7"],
    tags=["network", "services", "leftovers", "snmp"],
)
def snmp_community(snmp_communities: tuple[Community, ...]) -> Result:
    """The SNMP agent does not answer to a well-known community.

    Why: the community is the agent's only password; with `public` anybody on the network reads the
    host's processes, addresses and routes.
    Fix: remove the `rocommunity` and `rwcommunity` lines and use SNMPv3 (`net-snmp-create-v3-user`).
    """
    bad = [c for c in snmp_communities if c.default]
    if bad:
        lines = ", ".join(f"line {c.line}" for c in bad[:10])
        evidence = (
            Evidence(
                "/etc/snmp/snmpd.conf", f"{c.directive} (a well-known community) from {c.source}", c.line
            )
            for c in bad[:20]
        )
        return failed(f"A well-known SNMP community is accepted ({lines})", *evidence)
    return passed("No well-known SNMP community is accepted")


@check(
    "LFT-010",
    severity="high",
    controls=["nist-800-53:AC-17", "nist-800-53:CM-7", "cis-v8:4.8"],
    tags=["network", "services", "leftovers"],
)
def remote_desktop(leftovers: Leftovers, daemons: Daemons, allowed: tuple[str, ...] = ()) -> Result:
    """No remote desktop or remote support program is installed.

    Why: such programs reach the host past the firewall and the log-in rules; a supplier's forgotten
    one is a favourite way in for ransomware.
    Fix: remove it (`apt purge teamviewer anydesk rustdesk xrdp x11vnc tigervnc-standalone-server`), or
    allow it by name in the profile.
    """
    kinds = tuple(k for k in ("TeamViewer", "AnyDesk", "RustDesk", "xrdp", "VNC server") if k not in allowed)
    names = {
        "TeamViewer": "teamviewer",
        "AnyDesk": "anydesk",
        "RustDesk": "rustdesk",
        "xrdp": "xrdp",
        "VNC server": "vnc",
    }
    return _absent(leftovers, daemons, kinds, tuple(names[kind] for kind in kinds))


@check("LFT-011", severity="low", controls=_NEEDLESS, tags=["network", "services", "leftovers"])
def desktop(
    leftovers: Leftovers, daemons: Daemons, asset: Asset, tags: tuple[str, ...] = ("workstation",)
) -> Result:
    """A server has no graphical desktop.

    Why: a desktop brings hundreds of packages to keep patched and services nobody asked for.
    Fix: `systemctl set-default multi-user.target` and remove the desktop packages; tag a workstation
    `workstation` in the inventory.
    """
    if set(asset.tags) & set(tags):
        return not_applicable("This asset is a workstation")
    return _absent(leftovers, daemons, ("graphical desktop",), ("display-manager",))


def _absent(leftovers: Leftovers, daemons: Daemons, kinds: Sequence[str], names: Sequence[str]) -> Result:
    paths = [path for kind in kinds for path in leftovers.programs.get(kind, ())]
    running = sorted({*daemons.running(*names), *daemons.enabled(*names)})
    found = [kind for kind in kinds if kind in leftovers.programs]
    if paths:
        return failed(f"Installed: {', '.join(found)}", Evidence("ls", "\n".join(paths)))
    if running:
        return failed(f"Running or started at boot: {', '.join(running)}")
    return passed(f"Not on this host: {', '.join(kinds)}")


def _off(daemons: Daemons, name: str, label: str) -> Result:
    if daemons.running(name):
        return failed(f"{label} runs")
    if daemons.enabled(name):
        return failed(f"{label} starts at boot")
    return passed(f"{label} neither runs nor starts at boot")
