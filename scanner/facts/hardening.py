"""Mandatory access control, file integrity checking, name servers and log-in banners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact
from scanner.facts.text import moment, whole

MAC = Probe(
    "mac",
    """S selinux
cat /sys/fs/selinux/enforce 2>/dev/null
S selinux-config
grep -hs '^SELINUX=' /etc/selinux/config
S lsm
cat /sys/kernel/security/lsm 2>/dev/null
S apparmor-enabled
cat /sys/module/apparmor/parameters/enabled 2>/dev/null
if [ -e /sys/kernel/security/apparmor/profiles ]; then
  S apparmor
  R cat /sys/kernel/security/apparmor/profiles || echo '!failed'
fi
exit 0""",
)

# AIDE's database folder is closed to others, so even its age needs privilege.
INTEGRITY = Probe(
    "integrity",
    """S tools
found=$(for t in aide tripwire samhain; do command -v $t; done)
echo "$found"
if [ -n "$found" ]; then
  S files
  R stat -c %Y_%s_%n /var/lib/aide/aide.db /var/lib/aide/aide.db.gz /var/log/aide/aide.log 2>/dev/null
fi
S schedule
ls -d /etc/cron.daily/aide /etc/cron.daily/dailyaidecheck /etc/cron.daily/tripwire 2>/dev/null
grep -Hs '^[^#].*aide' /etc/crontab /etc/cron.d/*
exit 0""",
)

# With systemd-resolved, resolv.conf names only itself; the servers it asks are in a file of its own.
RESOLVER = Probe(
    "resolver",
    """[ -e /etc/resolv.conf ] || exit 3
if grep -qs '^nameserver 127.0.0.53' /etc/resolv.conf && [ -r /run/systemd/resolve/resolv.conf ]; then
  cat /run/systemd/resolve/resolv.conf
else
  cat /etc/resolv.conf
fi""",
)

BANNERS = Probe(
    "banners",
    """for f in /etc/issue /etc/issue.net /etc/motd; do [ -e "$f" ] && { S "$f"; head -c 4000 "$f"; }; done
exit 0""",
)


@dataclass(frozen=True, slots=True)
class MandatoryAccess:
    """The mandatory access control in force.

    complaining: AppArmor profiles that only log, at most 100. configured: SELINUX= of
    /etc/selinux/config, in lower case.
    """

    system: Literal["SELinux", "AppArmor", "none"]
    enforcing: bool
    complaining: tuple[str, ...] = ()
    configured: str = ""


@dataclass(frozen=True, slots=True)
class Integrity:
    """File integrity tools installed.

    database, last_run: time of AIDE's newest reference database and of its newest report, None when
    there is none; scheduled: cron files that run AIDE.
    """

    tools: tuple[str, ...]
    database: datetime | None
    last_run: datetime | None
    scheduled: tuple[str, ...] = ()


@fact(MAC)
def mandatory_access(output: Output) -> MandatoryAccess:
    """SELinux or AppArmor, or none of them. Raises NotCollected when the profiles cannot be read."""
    sections = {name: text.strip() for name, text in output.sections().items()}
    if "lsm" not in sections:
        raise NotCollected("mac: no answer")
    configured = sections.get("selinux-config", "").rpartition("=")[2].strip().lower()
    if sections.get("selinux") in ("0", "1"):
        return MandatoryAccess("SELinux", sections["selinux"] == "1", configured=configured)
    lsm = sections["lsm"].split(",")
    if "apparmor" in lsm or sections.get("apparmor-enabled") == "Y":
        listing = sections.get("apparmor", "!failed")
        if "!failed" in listing:
            raise NotCollected("AppArmor is on, but its profiles could not be read")
        lines = [line for line in listing.split("\n") if line.endswith(")")]
        complaining = [line.rpartition(" (")[0] for line in lines if line.endswith("(complain)")]
        enforced = any(line.endswith(("(enforce)", "(kill)")) for line in lines)
        return MandatoryAccess("AppArmor", enforced, tuple(complaining[:100]))
    return MandatoryAccess("none", False, configured=configured)


@fact(INTEGRITY)
def integrity(output: Output) -> Integrity:
    """The file integrity tools and the times of their traces."""
    sections = output.sections()
    if "schedule" not in sections:
        raise NotCollected("integrity: no answer")
    paths = [line for line in sections.get("tools", "").split("\n") if line.startswith("/")]
    times: dict[str, datetime] = {}
    for line in sections.get("files", "").split("\n"):
        seconds, _, rest = line.partition("_")
        size, _, path = rest.partition("_")
        written = moment(seconds)
        if written and whole(size):
            times[path] = written
    logs = [time for path, time in times.items() if path.startswith("/var/log/")]
    databases = [time for path, time in times.items() if path.startswith("/var/lib/")]
    schedule = [line.partition(":")[0] for line in sections["schedule"].split("\n") if line]
    return Integrity(
        tuple(path.rpartition("/")[2] for path in paths),
        max(databases, default=None),
        max(logs, default=None),
        tuple(dict.fromkeys(schedule)),
    )


@fact(RESOLVER)
def name_servers(output: Output) -> tuple[str, ...]:
    """The name servers of resolv.conf(5), in order. Raises Absent without that file."""
    if output.exit == 3:
        raise Absent("there is no /etc/resolv.conf")
    words = [line.split() for line in output.lines]
    return tuple(dict.fromkeys(w[1][:100] for w in words if len(w) > 1 and w[0] == "nameserver"))


@fact(BANNERS)
def banners(output: Output) -> dict[str, str]:
    """Text of the log-in banner files that exist, by path; at most 4000 bytes of each."""
    return {path: text.strip() for path, text in output.sections().items() if path.startswith("/etc/")}
