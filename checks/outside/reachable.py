"""Services that should not be reachable, or not like this, from where the scanner stands."""

from __future__ import annotations

from checks.outside import services
from checks.outside.services import Family
from checks.outside.wording import clear, few, seen, was_scanned
from scanner.check import check, failed, informational, not_checked
from scanner.facts.exposure import PortScan
from scanner.model import Asset, Port, Result


def _none_of(scan: PortScan, family: Family, what: str, accepted: tuple[Port, ...] = ()) -> Result:
    """Pass when nothing of the family is open beyond what the inventory accepts."""
    found = {port: name for port, name in family.found(scan).items() if port.port not in accepted}
    if found:
        return failed(
            f"Reachable from here: {few(f'{name} on {port.port}' for port, name in found.items())}",
            *map(seen, found),
        )
    known = {port.rpartition("/")[2] for port in family.ports}
    asked = " and ".join(protocol.upper() for protocol, _ in scan.scanned if protocol in known)
    return clear(scan, f"No {what} was found among the {asked} ports that were scanned")


@check(
    "EXP-004",
    severity="critical",
    controls=["nist-800-53:AC-17(2)", "nist-800-53:IA-5(1)", "nist-800-53:SC-8", "cis-v8:3.10", "cis-v8:4.6"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_cleartext_logins(port_scan: PortScan) -> Result:
    """Nobody is offered an unencrypted login.

    Why: telnet, rlogin, rsh and rexec send the password, and all that follows, readable by everyone on
    the way.
    Fix: switch the service off and use SSH; on a device that has nothing else, let a jump host alone
    reach it.
    """
    return _none_of(port_scan, services.LOGINS, "unencrypted login")


@check(
    "EXP-005",
    severity="high",
    controls=["nist-800-53:SC-8", "nist-800-53:CM-7", "cis-v8:3.10", "cis-v8:4.8"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_cleartext_transfers(port_scan: PortScan) -> Result:
    """No file service is offered on a clear-text port.

    Why: FTP, TFTP and the rsync daemon send files in clear, FTP passwords too, and TFTP asks for none. An
    FTP server that can do TLS lets everyone start without it, unless it insists.
    Fix: use SFTP, HTTPS or rsync over SSH, and stop the server.
    """
    return _none_of(port_scan, services.TRANSFERS, "clear-text file service")


@check(
    "EXP-006",
    severity="high",
    controls=["nist-800-53:IA-5(1)", "nist-800-53:SC-8", "cis-v8:4.7", "cis-v8:12.6"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_public_snmp(port_scan: PortScan) -> Result:
    """SNMP does not answer to the community `public`.

    Why: whoever asks learns routes, processes and software; SNMP version 1 and 2c know only a community
    for a password, and send it readable. Another community than `public` cannot be seen from here.
    Fix: set up SNMPv3 users with authPriv and remove every `rocommunity` and `rwcommunity` (snmpd.conf),
    or stop snmpd.
    """
    if not was_scanned(port_scan, Port(161, "udp")):
        return not_checked("SNMP is on UDP, which was not scanned; use --ports udp-top")
    answering = [
        p for p in port_scan.open("udp")
        if p.service == "snmp" and ("SNMPv1" in p.product or "public" in p.extra)
    ]  # fmt: skip
    if answering:
        ports = [str(p.port) for p in answering]
        return failed(f"SNMP version 1 or 2c answers on {few(ports)}", *map(seen, answering))
    return clear(port_scan, "No SNMP server answers to `public`")


@check(
    "EXP-007",
    severity="medium",
    controls=["nist-800-53:SC-8", "nist-800-53:IA-5(1)", "cis-v8:3.10"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_cleartext_directory(port_scan: PortScan) -> Result:
    """The directory is not offered on a clear-text port.

    Why: a client that binds to LDAP without TLS sends the user's password readable, unless the server
    refuses.
    Fix: offer ldaps (636/tcp) and close 389/tcp; where StartTLS has to stay, make it required:
    `olcSecurity: tls=1` (OpenLDAP), or LDAP signing and channel binding (Active Directory).
    """
    return _none_of(port_scan, services.DIRECTORIES, "clear-text directory")


@check(
    "EXP-008",
    severity="high",
    controls=["nist-800-53:AC-17", "nist-800-53:CM-7", "nist-800-53:SC-7", "cis-v8:4.4", "cis-v8:4.8"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_desktops(port_scan: PortScan, asset: Asset) -> Result:
    """No remote desktop can be reached from here.

    Why: RDP, VNC and X11 give a whole machine to whoever has or guesses one password; they are the first
    thing that ransomware crews look for.
    Fix: let a gateway with a second factor or an SSH tunnel be the only way in, and close the port to all
    others. If this place is meant to reach it, add the port to `expected_ports`.
    """
    return _none_of(port_scan, services.DESKTOPS, "unexpected remote desktop", asset.expected_ports)


@check(
    "EXP-009",
    severity="high",
    controls=["nist-800-53:SC-7", "nist-800-53:CM-7", "cis-v8:4.4", "csf-2.0:PR.IR-01"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_databases(port_scan: PortScan, asset: Asset) -> Result:
    """No database can be reached from here.

    Why: a database is made to be reached by its application alone; from anywhere else it is one weak
    password or one flaw away from being copied.
    Fix: bind it to 127.0.0.1 or to the application's network, and close the port in the firewall. If this
    place is the application's own zone, add the port to `expected_ports`.
    """
    return _none_of(port_scan, services.DATABASES, "unexpected database", asset.expected_ports)


@check(
    "EXP-010",
    severity="critical",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-14", "nist-800-53:IA-2", "cis-v8:3.3"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_open_stores(port_scan: PortScan) -> Result:
    """No data store answers without a password.

    Why: everyone who reaches it reads, changes and deletes what is in it; such stores are found and
    emptied by machines within hours.
    Fix: require a login (`requirepass` or ACLs in Redis, SASL in memcached, `xpack.security.enabled:
    true` in Elasticsearch) and bind it to the application's network.
    """
    # nmap learns these versions by a command that a server with a password refuses.
    names = {"redis": "Redis", "memcached": "memcached", "http": "Elasticsearch REST API"}
    found = [
        p for p in port_scan.ports
        if p.version and p.service in names and (p.service != "http" or p.product == names["http"])
    ]  # fmt: skip
    if found:
        shown = [f"{names[p.service]} on {p.port}" for p in found]
        return failed(f"Answers without a password: {few(shown)}", *map(seen, found))
    return clear(port_scan, "No data store was found that answers without a password")


@check(
    "EXP-011",
    severity="high",
    controls=["nist-800-53:SC-7(15)", "nist-800-53:CM-7", "cis-v8:4.4", "cis-v8:4.6"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_management(port_scan: PortScan, asset: Asset) -> Result:
    """No management interface can be reached from here.

    Why: Webmin, Cockpit, Proxmox, IPMI and their like hold the keys to the whole machine, and their flaws
    are used within days of being known.
    Fix: let them listen on the management network or 127.0.0.1 only, and go there through a jump host or
    VPN. If this place is the management network, add the port to `expected_ports`.
    """
    return _none_of(port_scan, services.MANAGEMENT, "unexpected management interface", asset.expected_ports)


@check(
    "EXP-012",
    severity="critical",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-17(2)", "nist-800-53:CM-7", "cis-v8:4.6", "cis-v8:4.8"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_engines(port_scan: PortScan) -> Result:
    """Container engines are not open without TLS.

    Why: whoever reaches the Docker port without TLS is root on the host; etcd holds every secret of a
    cluster.
    Fix: remove `-H tcp://…:2375` from dockerd and use SSH or TLS with client certificates; give etcd
    `--client-cert-auth`, and the kubelet `--read-only-port=0`.
    """
    return _none_of(port_scan, services.ENGINES, "container engine without TLS")


@check(
    "EXP-013",
    severity="medium",
    controls=["nist-800-53:CM-7", "cis-v8:4.8"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_netbios(port_scan: PortScan) -> Result:
    """NetBIOS is switched off.

    Why: ports 137 to 139 serve systems of the last century and SMB version 1; they give away names and
    users, and let an attacker on the network answer in a server's place.
    Fix: `disable netbios = yes` and `smb ports = 445` in smb.conf, then restart smbd; on Windows, switch
    off NetBIOS over TCP/IP on the network adapter.
    """
    return _none_of(port_scan, services.NETBIOS, "NetBIOS service")


@check(
    "EXP-015",
    severity="info",
    controls=["nist-800-53:RA-5(4)", "cis-v8:7.6"],
    platforms=(),
    tags=["outside", "exposure", "informational"],
)
def no_versions(port_scan: PortScan) -> Result:
    """Services do not tell strangers their exact version.

    Why: whoever knows the version knows which published attack will work, and finds the asset in a search
    engine on the day a flaw is published. It saves an attacker minutes; patching is what counts.
    Fix: `ServerTokens Prod` (Apache), `server_tokens off;` (nginx), `smtpd_banner = $myhostname ESMTP`
    (Postfix); SSH always tells its version.
    """
    told = [p for p in port_scan.ports if p.version and p.service != "ssh"]
    if told:
        names = [f"{p.port} {p.product}".rstrip() for p in told]
        return informational(f"The version is told on {few(names)}", *map(seen, told))
    return clear(port_scan, "No service but SSH tells its version")


# Product and beginning of the version as nmap names them, and when the maker's last fixes came.
# Only what no distribution has kept alive since. Sources: httpd.apache.org/ABOUT_APACHE (2.2: 2017),
# learn.microsoft.com/lifecycle (IIS goes with its Windows), samba.org/samba/history (3.6: 2015).
_ENDED = (
    ("Apache httpd", ("1.3", "2.0.", "2.2."), "2017"),
    ("Microsoft IIS httpd", ("4.", "5.", "6.", "7."), "2020"),
    ("Microsoft IIS httpd", ("8.",), "2023"),
    ("Samba smbd", ("2.", "3.0", "3.2", "3.3", "3.4", "3.5", "3.6"), "2015"),
)


@check(
    "EXP-016",
    severity="high",
    controls=["nist-800-53:SA-22", "nist-800-53:SI-2", "cis-v8:2.2"],
    platforms=(),
    tags=["outside", "exposure"],
)
def no_ended_software(port_scan: PortScan) -> Result:
    """No service is known to be past its end of life.

    Why: flaws found since its maker stopped are never fixed, and the ways to use them are public.
    Fix: move the service to a supported release; until then let only those reach it who must.
    """
    found = {
        port: ended
        for port in port_scan.ports
        for product, versions, ended in _ENDED
        if port.product == product and port.version.startswith(versions)
    }
    if found:
        names = [f"{p.product} on {p.port} (last fixes in {ended})" for p, ended in found.items()]
        return failed(f"Past its end of life: {few(names)}", *map(seen, found))
    return clear(port_scan, "No service tells of a release that is past its end of life")
