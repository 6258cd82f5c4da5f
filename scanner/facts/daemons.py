"""Which of the protective and the unwanted services run now and start at boot.

The service manager's word counts where it knows the service; otherwise the process list and the
boot scripts of sysvinit decide, so that old and small systems answer too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.facts.services import SERVICES, Unit, services
from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact

# name: (systemd units, process names as the kernel shows them: at most 15 characters)
KNOWN: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "nftables": (("nftables.service",), ()),
    "firewalld": (("firewalld.service",), ("firewalld",)),
    "ufw": (("ufw.service",), ()),
    "netfilter-persistent": (("netfilter-persistent.service",), ()),
    "iptables": (("iptables.service",), ()),
    "shorewall": (("shorewall.service",), ()),
    "ferm": (("ferm.service",), ()),
    "chrony": (("chrony.service", "chronyd.service"), ("chronyd",)),
    "ntpd": (
        ("ntp.service", "ntpd.service", "ntpsec.service", "openntpd.service", "openntp.service"),
        ("ntpd",),
    ),
    "systemd-timesyncd": (("systemd-timesyncd.service",), ("systemd-timesyn",)),
    "ptp4l": (("ptp4l.service",), ("ptp4l",)),
    "rsyslog": (("rsyslog.service",), ("rsyslogd",)),
    "syslog-ng": (("syslog-ng.service",), ("syslog-ng",)),
    "syslogd": (("busybox-syslogd.service", "inetutils-syslogd.service"), ("syslogd",)),
    "systemd-journal-upload": (("systemd-journal-upload.service",), ()),
    "filebeat": (("filebeat.service",), ("filebeat",)),
    "elastic-agent": (("elastic-agent.service",), ("elastic-agent",)),
    "fluent-bit": (("fluent-bit.service", "td-agent-bit.service"), ("fluent-bit",)),
    "fluentd": (("fluentd.service", "td-agent.service"), ("fluentd",)),
    "vector": (("vector.service",), ("vector",)),
    "promtail": (("promtail.service",), ("promtail",)),
    "alloy": (("alloy.service",), ("alloy",)),
    "nxlog": (("nxlog.service",), ("nxlog",)),
    "splunkforwarder": (("SplunkForwarder.service",), ("splunkd",)),
    "wazuh-agent": (("wazuh-agent.service",), ("wazuh-logcollec",)),
    "logrotate": (("logrotate.timer",), ()),
    "auditd": (("auditd.service",), ("auditd",)),
    "aide": (
        ("dailyaidecheck.timer", "aidecheck.timer", "aide-check.timer", "aide.timer"),
        (),
    ),
    "telnetd": (
        ("telnet.socket", "inetutils-telnetd.service", "telnetd.service"),
        ("telnetd", "in.telnetd"),
    ),
    "rsh": (("rsh.socket", "rlogin.socket", "rexec.socket"), ("in.rshd", "in.rlogind", "in.rexecd")),
    "inetd": (
        ("xinetd.service", "inetd.service", "openbsd-inetd.service", "inetutils-inetd.service"),
        ("xinetd", "inetd"),
    ),
    "tftpd": (
        ("tftp.socket", "tftpd-hpa.service", "tftp.service", "atftpd.service"),
        ("in.tftpd", "tftpd", "atftpd"),
    ),
    "nis": (
        ("ypserv.service", "ypbind.service", "nis.service", "yppasswdd.service"),
        ("ypserv", "ypbind"),
    ),
    "ftpd": (
        ("vsftpd.service", "proftpd.service", "pure-ftpd.service"),
        ("vsftpd", "proftpd", "pure-ftpd", "ftpd"),
    ),
    "rpcbind": (("rpcbind.service", "rpcbind.socket"), ("rpcbind",)),
    "avahi": (("avahi-daemon.service", "avahi-daemon.socket"), ("avahi-daemon",)),
    "cups": (("cups.service", "cups.socket", "cups-browsed.service"), ("cupsd", "cups-browsed")),
    "teamviewer": (("teamviewerd.service",), ("teamviewerd",)),
    "anydesk": (("anydesk.service",), ("anydesk",)),
    "rustdesk": (("rustdesk.service",), ("rustdesk",)),
    "xrdp": (("xrdp.service",), ("xrdp", "xrdp-sesman")),
    "vnc": (
        ("x11vnc.service", "vncserver-x11-serviced.service", "tigervncserver.service"),
        ("Xvnc", "x11vnc", "Xtigervnc", "vncserver-x11", "x0vncserver", "vino-server"),
    ),
    "display-manager": (
        ("display-manager.service",),
        ("gdm", "gdm3", "lightdm", "sddm", "xdm", "Xorg", "Xwayland"),
    ),
    "nfs-server": (("nfs-server.service", "nfs-kernel-server.service"), ("nfsd",)),
}

PROCESSES = Probe(
    "processes",
    """S boot
ls /etc/rc2.d /etc/rc3.d 2>/dev/null
S processes
[ -r /proc/1/comm ] && cat /proc/[0-9]*/comm 2>/dev/null | sort -u
exit 0""",
)


@dataclass(frozen=True, slots=True)
class Daemons:
    """State of the services named in `KNOWN`.

    units: what the service manager says, by unit name; processes: names of all processes,
    empty when the host hides them; boot: names of the sysvinit scripts started at boot.
    """

    units: Mapping[str, Unit] = field(default_factory=dict)
    processes: frozenset[str] = frozenset()
    boot: frozenset[str] = frozenset()

    def running(self, *names: str) -> tuple[str, ...]:
        """Those of the given names that run now, in the given order."""
        return tuple(name for name in names if self._runs(name))

    def enabled(self, *names: str) -> tuple[str, ...]:
        """Those of the given names that start at boot, in the given order."""
        return tuple(name for name in names if self._starts(name))

    def _runs(self, name: str) -> bool:
        installed = [unit for unit in self._units(name) if unit.enabled not in ("", "masked")]
        if any(unit.state in ("active", "reloading", "activating") for unit in self._units(name)):
            return True
        return not installed and not self.processes.isdisjoint(KNOWN[name][1])

    def _starts(self, name: str) -> bool:
        if any(unit.enabled in ("enabled", "alias") for unit in self._units(name)):
            return True
        return any(unit.partition(".")[0] in self.boot for unit in KNOWN[name][0])

    def _units(self, name: str) -> list[Unit]:
        return [self.units[unit] for unit in KNOWN[name][0] if unit in self.units]


@fact(SERVICES, PROCESSES)
def daemons(manager: Output, processes: Output) -> Daemons:
    """Which known services run and start at boot. Raises NotCollected when nothing shows them."""
    sections = processes.sections()
    running = frozenset(sections.get("processes", "").split("\n")) - {""}
    units: Mapping[str, Unit] = {}
    try:
        units = services(manager).units
    except (Absent, NotCollected):
        if not running:
            raise NotCollected("neither the service manager nor the process list could be read") from None
    names = sections.get("boot", "").split("\n")
    boot = frozenset(re.sub(r"^S\d\d", "", name) for name in names if re.match(r"^S\d\d", name))
    return Daemons(units, running, boot)
