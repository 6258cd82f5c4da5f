"""What runs by the clock through cron, and who may add to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.facts.files import ANCESTORS, STAT, FileMode, FileModes, numbered, parse_modes
from scanner.facts.spec import Absent, Output, Probe, fact
from scanner.model import Evidence

CRON = Probe(
    "cron",
    f"""
    [ -e /etc/crontab ] || [ -d /etc/cron.d ] || [ -d /etc/crontabs ] || [ -d /var/spool/cron ] || exit 0
    jobs=$(R grep -rsaHn . /etc/crontab /etc/cron.d /etc/anacrontab /etc/crontabs /var/spool/cron |
      grep -v -e '^/var/spool/cron/at' -e '^[^:]*:[0-9]*:[[:space:]]*#')
    S jobs
    printf '%s\\n' "$jobs"
    S policy
    ls -d /etc/cron.allow /etc/cron.deny /etc/at.allow /etc/at.deny 2>/dev/null
    command -v at
    S files
    {STAT} /etc/crontab /etc/anacrontab /etc/cron.allow /etc/cron.deny /etc/at.allow /etc/at.deny \\
      /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly \\
      /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* 2>/dev/null
    S scripts
    printf '%s\\n' "$jobs" | sed 's/^[^:]*:[0-9]*://' | tr "\\t ;&|<>()\\`\\"'=:$" '\\n' | grep '^/.' \\
      | {ANCESTORS} | head -n 2000 | tr '\\n' '\\0' | xargs -0 {STAT} 2>/dev/null
    """,
)

_NICKNAMES = ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_PATH = re.compile(r"(?:^|[\s;&|()<>\"'=`])(/[^\s;&|()<>\"'=`:$]+)")
_SECRET = re.compile(r"(?i)((?:pass\w*|token|secret|api[_-]?key)(?:[=: ]+))\S+")


@dataclass(frozen=True, slots=True)
class CronJob:
    """One line of a crontab. command: with what looks like a secret blanked out."""

    user: str
    schedule: str
    command: str
    evidence: Evidence

    @property
    def paths(self) -> tuple[str, ...]:
        """Absolute paths named in the command."""
        return tuple(dict.fromkeys(_PATH.findall(self.command)))


@dataclass(frozen=True, slots=True)
class Cron:
    """Jobs of the system's and the users' crontabs.

    files: modes of the system's crontabs and script folders; scripts: modes of the paths that jobs
    name and of the folders above them; policy: which of cron.allow, cron.deny, at.allow, at.deny
    exist; at: `at` is installed.
    """

    jobs: tuple[CronJob, ...]
    files: Mapping[str, FileMode]
    scripts: FileModes
    policy: frozenset[str]
    at: bool = False


@fact(CRON)
def cron(output: Output) -> Cron:
    """Jobs and files of cron. Absent where there is no crontab folder."""
    sections = output.sections()
    if "jobs" not in sections:
        raise Absent("no cron on this host")
    policy = {line.rpartition("/")[2] for line in sections.get("policy", "").splitlines()}
    return Cron(
        tuple(job for line in numbered(sections["jobs"]) if (job := _job(line)) is not None),
        parse_modes(sections.get("files", "").splitlines()).found,
        parse_modes(sections.get("scripts", "").splitlines()),
        frozenset(policy - {"at", ""}),
        "at" in policy,
    )


def _job(line: Evidence) -> CronJob | None:
    if line.source == "/etc/anacrontab":
        fields, user = 3, "root"
    elif line.source.startswith("/etc/cron"):
        fields, user = 5, ""
    else:
        fields, user = 5, line.source.rpartition("/")[2]
    if line.source.startswith("/etc/crontabs/"):
        user = line.source.rpartition("/")[2]
    if line.text.startswith(_NICKNAMES):
        fields = 1
    text = _SECRET.sub(r"\1***", line.text) if len(line.text) < 2000 else line.text[:2000]
    words = text.split(None, fields + (not user))
    first = words[0] if words else ""
    if "=" in first or len(words) <= fields or first[0] not in "0123456789*@":
        return None
    if not user:
        if len(words) < fields + 2:
            return None
        user = words[fields]
    return CronJob(user, " ".join(words[:fields]), words[-1], Evidence(line.source, text, line.line))
