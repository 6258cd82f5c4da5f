"""Where this host gets its time from, and whether it believes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanner.facts.spec import Output, Probe, fact

# chronyc as root makes a socket file; over loopback it makes none. Hosts after the DISA guide close that way
# (`cmdport 0`). timedatectl asks timesyncd over D-Bus, which would start it: only where it runs already.
TIME = Probe(
    "time",
    """if command -v chronyc >/dev/null; then
  if grep -Eqs '^[[:space:]]*cmdport[[:space:]]+0' /etc/chrony.conf /etc/chrony/chrony.conf \\
    /etc/chrony/conf.d/*.conf /etc/chrony.d/*.conf; then
    S chrony-tracking
    R chronyc -n -c tracking
    S chrony-sources
    R chronyc -n -c sources
  else
    S chrony-tracking
    chronyc -h 127.0.0.1 -n -c tracking
    S chrony-sources
    chronyc -h 127.0.0.1 -n -c sources
  fi
fi
if [ -d /run/systemd/timesync ] && systemctl -q is-active systemd-timesyncd; then
  S timesyncd
  timedatectl show-timesync
  S timesyncd-status
  timedatectl timesync-status
fi
if command -v ntpq >/dev/null; then
  S ntpq
  ntpq -pn
fi
S configured
grep -Ehs '^[[:space:]]*(server|servers|pool|peer|refclock)[[:space:]]' /etc/chrony.conf \\
  /etc/chrony/chrony.conf /etc/chrony/conf.d/*.conf /etc/chrony/sources.d/*.sources /etc/chrony.d/*.conf \\
  /etc/ntp.conf /etc/ntpsec/ntp.conf /etc/ntpd.conf /etc/openntpd/ntpd.conf
exit 0""",
)


@dataclass(frozen=True, slots=True)
class TimeSource:
    """A source of time. offset: its clock minus ours in seconds, None when never measured.

    selected: the clock follows it. local: a reference clock or an address of this host.
    """

    address: str
    selected: bool = False
    local: bool = False
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class TimeSync:
    """synchronised: None when no time daemon answered.

    offset: seconds between the clock and its sources, from the selected source where there is one.
    servers: how many servers it can choose among, a `pool` counting as four (chrony's and
    ntpd's default number of servers taken from one).
    """

    synchronised: bool | None
    offset: float | None
    sources: tuple[TimeSource, ...]
    servers: int
    text: str = ""


@fact(TIME)
def timesync(output: Output) -> TimeSync:
    """How the clock is kept, from the first time daemon that answers. Never raises."""
    sections = output.sections()
    configured = _configured(sections.get("configured", ""))
    answer = _chrony(sections) or _timesyncd(sections) or _ntpd(sections)
    if answer is None:
        return TimeSync(None, None, (), configured)
    synchronised, sources, text = answer
    selected = [source.offset for source in sources if source.selected and source.offset is not None]
    measured = selected or [source.offset for source in sources if source.offset is not None]
    offset = min(measured, key=abs, default=None)
    return TimeSync(synchronised, offset, sources, max(len(sources), configured), text[:2000])


_Answer = tuple[bool, tuple[TimeSource, ...], str]


def _chrony(sections: dict[str, str]) -> _Answer | None:
    """Fields of `chronyc -c`, chronyc(1): of tracking the last is the leap status."""
    tracking = sections.get("chrony-tracking", "").strip().split(",")
    if len(tracking) < 14:
        return None
    sources = []
    text = sections.get("chrony-sources", "")
    for line in text.split("\n"):
        fields = line.split(",")
        if len(fields) < 10:
            continue
        mode, state, address, reach, offset = fields[0], fields[1], fields[2], fields[5], fields[7]
        local = mode == "#" or _is_local(address)
        seconds = _number(offset) if reach != "0" else None
        sources.append(TimeSource(address[:64], state == "*", local, seconds))
    return tracking[-1] in ("Normal", "Insert second", "Delete second"), tuple(sources), text


def _timesyncd(sections: dict[str, str]) -> _Answer | None:
    text = sections.get("timesyncd", "")
    values = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
    if not values:
        return None
    # The order in which timesyncd takes them (timesyncd.conf(5)); fallbacks only when no other is set.
    groups = ("RuntimeNTPServers", "LinkNTPServers", "SystemNTPServers")
    names = [name for group in groups for name in values.get(group, "").split()]
    names = names or values.get("FallbackNTPServers", "").split()
    status = sections.get("timesyncd-status", "")
    found = re.search(r"^\s*Offset: ([+-]?[0-9.]+)(us|ms|s|min)", status, re.M)
    scale = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
    number = _number(found[1]) if found else None
    offset = number * scale[found[2]] if found and number is not None else None
    current = values.get("ServerName", "")
    synchronised = "NTPMessage" in values and "Ignored=yes" not in values["NTPMessage"]
    sources = tuple(
        TimeSource(
            name[:64],
            name == current and synchronised,
            _is_local(name),
            offset if name == current else None,
        )
        for name in names
    )
    return synchronised, sources, status or text


def _ntpd(sections: dict[str, str]) -> _Answer | None:
    """The peer table of `ntpq -pn`: `*` or `o` marks the system peer, offsets are milliseconds."""
    text = sections.get("ntpq", "")
    if "remote" not in text or "====" not in text:
        return None
    sources = []
    for line in text.split("\n"):
        words = line[1:].split()
        if len(words) < 10 or words[0] == "remote" or words[1] == ".POOL.":
            continue
        offset = _number(words[8]) if words[6] != "0" else None
        local = words[0].startswith("127.127.") or _is_local(words[0])
        sources.append(
            TimeSource(words[0][:64], line[0] in "*o", local, None if offset is None else offset / 1000)
        )
    return any(source.selected for source in sources), tuple(sources), text


def _configured(text: str) -> int:
    count = 0
    for line in text.split("\n"):
        words = line.split()
        if len(words) > 1:
            count += 4 if words[0] in ("pool", "servers") else 1
    return count


def _is_local(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "localhost")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
