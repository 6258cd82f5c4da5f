"""Services that have no place on a server any more: what is installed, and what inetd starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact

# The programs each kind of leftover installs, by the folders that distributions use.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "telnet server": ("/usr/sbin/in.telnetd", "/usr/sbin/telnetd", "/usr/libexec/telnetd"),
    "rsh server": ("/usr/sbin/in.rshd", "/usr/sbin/in.rlogind", "/usr/sbin/in.rexecd", "/usr/sbin/rshd"),
    "TFTP server": ("/usr/sbin/in.tftpd", "/usr/sbin/atftpd", "/usr/sbin/tftpd"),
    "NIS": ("/usr/sbin/ypbind", "/usr/sbin/ypserv"),
    "FTP server": ("/usr/sbin/vsftpd", "/usr/sbin/proftpd", "/usr/sbin/pure-ftpd", "/usr/sbin/in.ftpd"),
    "TeamViewer": ("/opt/teamviewer/tv_bin/teamviewerd",),
    "AnyDesk": ("/usr/bin/anydesk",),
    "RustDesk": ("/usr/bin/rustdesk", "/usr/share/rustdesk/rustdesk"),
    "xrdp": ("/usr/sbin/xrdp",),
    "VNC server": ("/usr/bin/Xvnc", "/usr/bin/Xtigervnc", "/usr/bin/Xtightvnc", "/usr/bin/x11vnc"),
    "graphical desktop": (
        "/usr/bin/Xorg", "/usr/lib/xorg/Xorg", "/usr/bin/Xwayland", "/usr/sbin/gdm3", "/usr/sbin/gdm",
        "/usr/sbin/lightdm", "/usr/bin/sddm",
    ),
}  # fmt: skip

_PATHS = " ".join(path for paths in PROGRAMS.values() for path in paths)

LEFTOVERS = Probe(
    "leftovers",
    f"""S programs
ls -d {_PATHS} 2>/dev/null
S inetd
grep -Hns '^[[:space:]]*[a-zA-Z]' /etc/inetd.conf
grep -HnsE '^[[:space:]]*(service[[:space:]]|disable[[:space:]]*=)' /etc/xinetd.d/*
exit 0""",
)

# The community strings are secrets: only whether each is a well-known default is sent.
SNMP = Probe(
    "snmp",
    r"""[ -e /etc/snmp/snmpd.conf ] || exit 3
{ R cat /etc/snmp/snmpd.conf || echo '!failed'; } | awk '
  function kind(c) {
    return c ~ /^"?(public|private|community|cisco|admin|snmp|monitor|manager)"?$/ ? "default" : "own"
  }
  /^!failed/ {print}
  $1 ~ /^r[ow]community6?$/ {print NR, $1, kind($2), ($3 == "" ? "default" : $3)}
  $1 ~ /^com2sec6?$/ {print NR, $1, kind($NF), $(NF - 1)}'
exit 0""",
)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """programs: paths found, by the kind of leftover. inetd: names of the services inetd or xinetd starts."""

    programs: Mapping[str, tuple[str, ...]]
    inetd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Community:
    """A community line of snmpd.conf. default: the string is a well-known one; source: who may use it."""

    line: int
    directive: str
    default: bool
    source: str


@fact(LEFTOVERS)
def leftovers(output: Output) -> Leftovers:
    """Old and unwanted service programs on the host. Raises NotCollected on an incomplete answer."""
    sections = output.sections()
    if "inetd" not in sections:
        raise NotCollected("leftovers: no answer")
    present = frozenset(sections.get("programs", "").split("\n"))
    found = {kind: tuple(path for path in paths if path in present) for kind, paths in PROGRAMS.items()}
    return Leftovers(
        {kind: paths for kind, paths in found.items() if paths},
        tuple(dict.fromkeys(_inetd(sections["inetd"].split("\n")))),
    )


@fact(SNMP)
def snmp_communities(output: Output) -> tuple[Community, ...]:
    """The communities of the SNMP agent. Raises Absent without an snmpd.conf."""
    if output.exit == 3:
        raise Absent("no SNMP agent is set up")
    communities = []
    for line in output.lines:
        words = line.split()
        if words and words[0] == "!failed":
            raise NotCollected("/etc/snmp/snmpd.conf could not be read")
        if len(words) == 4 and words[0].isascii() and words[0].isdigit() and len(words[0]) < 9:
            communities.append(Community(int(words[0]), words[1], words[2] == "default", words[3][:100]))
    return tuple(communities)


def _inetd(lines: list[str]) -> list[str]:
    """inetd.conf names the service first; an xinetd file has one service, on unless `disable = yes`."""
    found: list[str] = []
    for raw in lines:
        path, _, rest = raw.partition(":")
        words = rest.partition(":")[2].replace("=", " ").split()
        if path == "/etc/inetd.conf" and len(words) >= 6:
            found.append(words[0])
        elif path.startswith("/etc/xinetd.d/") and words[:1] == ["service"] and len(words) > 1:
            found.append(words[1])
        elif path.startswith("/etc/xinetd.d/") and words == ["disable", "yes"] and found:
            found.pop()
    return found
