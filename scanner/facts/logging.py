"""How the host keeps its logs: the journal, the syslog daemon, rotation, and who can read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact

# Comments are dropped on the asset: less to send, and nothing private in them travels.
LOG_CONFIG = Probe(
    "log-config",
    r"""S journald
grep -Hns '^[[:space:]]*[A-Za-z]' /usr/lib/systemd/journald.conf /lib/systemd/journald.conf \
  /etc/systemd/journald.conf /usr/lib/systemd/journald.conf.d/*.conf /run/systemd/journald.conf.d/*.conf \
  /etc/systemd/journald.conf.d/*.conf
S journal
ls -d /var/log/journal /run/log/journal 2>/dev/null
S syslog
for f in /etc/rsyslog.conf /etc/rsyslog.d/*.conf /etc/syslog-ng/syslog-ng.conf \
  /etc/syslog-ng/conf.d/*.conf /etc/syslog.conf; do
  [ -e "$f" ] && [ ! -r "$f" ] && echo "unreadable:$f"
done
grep -Hnsv '^[[:space:]]*\(#\|$\)' /etc/rsyslog.conf /etc/rsyslog.d/*.conf /etc/syslog-ng/syslog-ng.conf \
  /etc/syslog-ng/conf.d/*.conf /etc/syslog.conf
S logrotate
grep -Hnsv '^[[:space:]]*\(#\|$\)' /etc/logrotate.conf /etc/logrotate.d/rsyslog /etc/logrotate.d/syslog \
  /etc/logrotate.d/syslog-ng
S schedule
ls -d /etc/cron.daily/logrotate /etc/periodic/daily/logrotate /etc/cron.d/logrotate 2>/dev/null
exit 0""",
)

# A folder that others cannot enter protects what is in it, whatever the modes inside say.
LOG_MODES = Probe(
    "log-modes",
    """[ -d /var/log ] || exit 3
find /var/log -xdev -maxdepth 4 -type d ! -perm -0001 -prune -o \\
  -type f \\( -perm -0002 -o -perm -0004 \\( -name 'auth*' -o -name 'secure*' -o -name 'syslog*' \\
  -o -name 'messages*' -o -name 'audit*' -o -name 'sudo*' -o -name 'kern*' -o -name 'daemon.log*' \\
  -o -name 'user.log*' -o -name 'mail*' -o -name 'cron*' -o -name 'btmp*' \\) \\) \\
  -exec stat -c '%a %U %n' {} + 2>/dev/null | head -n 200
exit 0""",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a configuration file; number is 1-based."""

    path: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Journald:
    """persistent: the journal survives a reboot. settings: the effective [Journal] keys with their lines.

    retention_days: MaxRetentionSec as days, None when there is no time limit.
    """

    persistent: bool
    settings: Mapping[str, Line] = field(default_factory=dict)
    retention_days: float | None = None

    def value(self, key: str) -> str:
        """The effective value of a key, "" when it is not set."""
        line = self.settings.get(key)
        return line.text.partition("=")[2].strip() if line else ""


@dataclass(frozen=True, slots=True)
class Syslog:
    """What the configuration of rsyslog or syslog-ng says.

    remote: the lines that send everything, or log-ins, to another host; listeners: the lines that
    accept logs from the network; unreadable: configuration files that could not be read.
    """

    remote: tuple[Line, ...] = ()
    listeners: tuple[Line, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rotation:
    """logrotate for the system logs.

    cron: the cron files that run it; days: how long logs are kept, None when logrotate has no rule
    for the system logs; line: the rule that decides `days`.
    """

    cron: tuple[str, ...]
    days: float | None
    line: Line | None


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file below /var/log that others can reach and read or write; mode as a number."""

    path: str
    mode: int
    owner: str


@fact(LOG_CONFIG)
def journald(output: Output) -> Journald:
    """systemd's journal. Raises Absent on a host without it."""
    sections = output.sections()
    settings: dict[str, Line] = {}
    for line in sorted(_lines(sections.get("journald", "")), key=_precedence):
        settings[line.text.partition("=")[0].strip()] = line
    folders = sections.get("journal", "").split()
    if not settings and not folders:
        raise Absent("there is no systemd journal here")
    journal = Journald(False, settings)
    storage = journal.value("Storage").lower() or "auto"
    kept = storage == "persistent" or (storage == "auto" and "/var/log/journal" in folders)
    return Journald(kept, settings, _days(journal.value("MaxRetentionSec")))


@fact(LOG_CONFIG)
def syslog(output: Output) -> Syslog:
    """Where the syslog daemon sends logs and takes them from. Raises Absent without a configuration."""
    text = output.sections().get("syslog", "")
    lines = list(_statements(_lines(text)))
    unreadable = tuple(line.partition(":")[2] for line in text.split("\n") if line.startswith("unreadable:"))
    if not lines and not unreadable:
        raise Absent("neither rsyslog nor syslog-ng is set up here")
    return Syslog(
        tuple(line for line in lines if _sends(line.text)),
        tuple(line for line in lines if _receives(line.text)),
        unreadable,
    )


@fact(LOG_CONFIG)
def log_rotation(output: Output) -> Rotation:
    """How logrotate treats the system logs. Raises Absent where no syslog daemon writes files."""
    sections = output.sections()
    if not sections.get("syslog", "").strip():
        raise Absent("no syslog daemon writes log files here")
    period: Line | None = None
    count: Line | None = None
    found = False
    depth = 0
    for line in _lines(sections.get("logrotate", "")):
        words = line.text.split()
        own = line.path.startswith("/etc/logrotate.d/")
        found = found or own
        depth += line.text.count("{") - line.text.count("}")
        if depth > 0 and not own:
            continue
        if words[0] in _PERIOD_DAYS:
            period = line
        elif words[0] in ("rotate", "maxage") and len(words) == 2:
            count = line
    return Rotation(
        tuple(sections.get("schedule", "").split()), _kept(period, count) if found else None, count
    )


@fact(LOG_MODES)
def log_files(output: Output) -> tuple[LogFile, ...]:
    """Log files that others can read (system logs only) or write, at most 200. Absent without /var/log."""
    if output.exit == 3:
        raise Absent("there is no /var/log")
    if output.exit:
        raise NotCollected("the modes of the log files could not be listed")
    files = []
    for line in output.lines:
        mode, _, rest = line.partition(" ")
        owner, _, path = rest.partition(" ")
        if path and re.fullmatch("[0-7]{1,5}", mode):
            files.append(LogFile(path, int(mode, 8), owner))
    return tuple(files)


def _lines(text: str) -> Iterator[Line]:
    """Lines as `grep -Hn` prints them: path, number, text."""
    for raw in text.split("\n"):
        path, _, rest = raw.partition(":")
        number, _, content = rest.partition(":")
        if (
            path.startswith("/")
            and number.isascii()
            and number.isdigit()
            and len(number) < 9
            and content.strip()
        ):
            yield Line(path, int(number), content.strip()[:500])


def _statements(lines: Iterable[Line]) -> Iterator[Line]:
    """Lines joined over open brackets, each with the number of its first line."""
    start: Line | None = None
    text, depth = "", 0
    for line in lines:
        if start is None or start.path != line.path:
            start, text, depth = line, "", 0
        text = f"{text} {line.text}".strip()[:2000]
        depth += sum(line.text.count(c) for c in "({") - sum(line.text.count(c) for c in ")}")
        if depth <= 0:
            yield Line(start.path, start.number, text)
            start = None


def _precedence(line: Line) -> tuple[bool, str, int]:
    """Drop-ins win over the main file, then later names, then /etc over /run over /usr (journald.conf(5))."""
    folder, _, name = line.path.rpartition("/")
    where = ["/usr", "/lib", "/run", "/etc"]
    rank = next((index for index, start in enumerate(where) if line.path.startswith(start)), 0)
    return folder.endswith(".d"), name, rank


_SELECTS_LOGINS = re.compile(r"(?:^|[\s;,])(?:\*|auth|authpriv|auth,authpriv|authpriv,auth)\.(?!none)\S+")
_SELECTOR = re.compile(r"^[a-z0-9*,]+\.[!=*a-z]")
_LEGACY_TARGET = re.compile(r"(?:\s|^)@@?(?:\([^)]*\))?\[?([A-Za-z0-9][A-Za-z0-9.:_-]*)")
_SYSLOG_NG_TARGET = re.compile(r'^destination\b.*?\b(?:network|syslog|tcp6?|udp6?)\s*\(\s*"([^"]+)"', re.I)
_SYSLOG_NG_SOURCE = re.compile(r"^source\b.*?\b(?:network|syslog|tcp6?|udp6?)\s*\(", re.I)


def _sends(text: str) -> bool:
    """True for a rule that sends everything, or log-ins, to another host (rsyslog.conf(5))."""
    action = re.search(r"\baction\s*\(.*\bom(?:fwd|relp)\b", text, re.I)
    if action:
        target = re.search(r"\btarget\s*=\s*\"?([^\"\s)]+)", text, re.I)
        before = text[: action.start()]
        selected = bool(_SELECTS_LOGINS.search(before)) or not _SELECTOR.match(before)
        return selected and target is not None and not _loopback(target[1])
    legacy = _LEGACY_TARGET.search(text)
    if legacy:
        return bool(_SELECTS_LOGINS.search(text[: legacy.start()])) and not _loopback(legacy[1])
    remote = _SYSLOG_NG_TARGET.search(text)
    return remote is not None and not _loopback(remote[1])


def _receives(text: str) -> bool:
    lowered = text.lower().replace(" ", "")
    starts = (
        'input(type="imtcp"',
        'input(type="imudp"',
        'input(type="imrelp"',
        "$inputtcpserverrun",
        "$udpserverrun",
    )
    return lowered.startswith(starts) or _SYSLOG_NG_SOURCE.search(text) is not None


def _loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("localhost", "::1")


_PERIOD_DAYS = {"hourly": 1 / 24, "daily": 1.0, "weekly": 7.0, "monthly": 30.0, "yearly": 365.0}


def _kept(period: Line | None, count: Line | None) -> float | None:
    if count is None:
        return None
    word, number = count.text.split()
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        return None
    every = _PERIOD_DAYS[period.text.split()[0]] if period else 7.0
    return float(number) if word == "maxage" else int(number) * every


_SPAN_DAYS = {
    "": 1 / 86400, "s": 1 / 86400, "sec": 1 / 86400, "m": 1 / 1440, "min": 1 / 1440,
    "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24, "d": 1.0, "day": 1.0, "days": 1.0,
    "w": 7.0, "week": 7.0, "weeks": 7.0, "M": 30.44, "month": 30.44, "months": 30.44,
    "y": 365.25, "year": 365.25, "years": 365.25,
}  # fmt: skip


def _days(span: str) -> float | None:
    """A time span as systemd.time(7) writes it, in days; None for no limit."""
    parts = re.findall(r"(\d{1,9})\s*([A-Za-z]*)", span)
    days = sum(int(number) * _SPAN_DAYS.get(unit, 0.0) for number, unit in parts)
    return days or None
