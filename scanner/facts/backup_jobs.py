"""What starts backups on the host: systemd timers, cron, agents of a backup server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from scanner.facts.backup_schedule import calendar_gap, cron_gap, span
from scanner.facts.backup_tools import COMMANDS, mask, tool_of
from scanner.facts.cron import CRON
from scanner.facts.spec import NotCollected, Output, Probe, fact

# Programs that listen for a backup server: the server holds the schedule.
AGENTS: Mapping[str, str] = {
    "bareos-fd.service": "bareos", "bareos-filedaemon.service": "bareos",
    "bacula-fd.service": "bacula", "urbackupclientbackend.service": "urbackup",
    "veeamservice.service": "veeam", "dsmcad.service": "spectrum-protect",
    "netbackup.service": "netbackup", "amanda.socket": "amanda",
}  # fmt: skip

# Words that also occur in ordinary scripts: not looked for inside files.
_COMMON_WORDS = {"rear", "burp", "bup", "attic", "vorta"}
_IN_SCRIPTS = "|".join(sorted(set(COMMANDS) - _COMMON_WORDS))

_TIMER_FIELDS = "Id,Unit,ActiveState,UnitFileState,LastTriggerUSec,TimersCalendar,TimersMonotonic"
_SERVICE_FIELDS = "Id,LoadState,ActiveState,UnitFileState,Result,ExecStart,ExecMainExitTimestamp"


@dataclass(frozen=True, slots=True)
class BackupJob:
    """Something that starts a backup.

    name: timer, agent unit, or `file:line` of the crontab; source: unit or file; schedule: as written.
    command: what is run, passwords masked; secret: a password stood in it.
    enabled: False when nothing will start it, None when that could not be seen.
    gap: longest time between two runs, None when unknown (agents: the server decides).
    last_run, result: of the last run since boot, `success` or systemd's word for the failure;
    None when unknown, as always for cron.
    """

    name: str
    kind: Literal["timer", "cron", "agent"]
    tool: str
    source: str
    schedule: str = ""
    command: str = ""
    enabled: bool | None = True
    gap: timedelta | None = None
    last_run: datetime | None = None
    result: str | None = None
    secret: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class BackupJobs:
    """Every backup job found. unread: places that could not be looked into, in plain words."""

    jobs: tuple[BackupJob, ...]
    unread: tuple[str, ...] = ()


_JOBS = Probe(
    "backup_jobs",
    "set -f; scripts=; IFS='\n'\n"
    "if [ -d /run/systemd/system ]; then\n"
    "  S timers\n"
    # A pattern costs systemd a thirtieth of --type, which looks at every unit file.
    "  names=$({ systemctl list-unit-files --no-legend --no-pager '*.timer';"
    " systemctl list-units --all --plain --no-legend --no-pager '*.timer'; } |"
    " sed -n 's/^\\([^ ]*[^@ ]\\.timer\\) .*/\\1/p' | sort -u)\n"
    f'  shown=; [ -z "$names" ] || shown=$(TZ=UTC0 systemctl show --no-pager -p {_TIMER_FIELDS} $names)\n'
    "  printf '%s\\n' \"$shown\"\n"
    "  S services\n"
    "  units=$(printf '%s\\n' \"$shown\" | sed -n 's/^Unit=\\(.*[^@]\\.service\\)$/\\1/p' | sort -u)\n"
    f"  shown=$(TZ=UTC0 systemctl show --no-pager -p {_SERVICE_FIELDS} $units {' '.join(AGENTS)}) &&"
    " echo read\n"
    "  printf '%s\\n' \"$shown\"\n"
    "  scripts=$(printf '%s\\n' \"$shown\" | sed -n 's/^ExecStart={ path=\\([^ ]*\\) .*/\\1/p')\n"
    "fi\n"
    # R splits the name of the root tool from its options at a blank.
    "set +f; unset IFS\n"
    "S cron\n"
    "grep -Hsn '^[^#]' /etc/crontab /etc/anacrontab /etc/cron.d/*\n"
    "S folders\n"
    "closed=; for folder in /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly; do\n"
    '  [ ! -d "$folder" ] || [ -r "$folder" ] || closed=1\n'
    "done\n"
    'if [ -n "$closed" ]; then\n'
    "  R find /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly -type f -perm -100\n"
    "fi\n"
    "for file in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*"
    " /etc/periodic/*/*; do\n"
    '  [ -f "$file" ] && [ -x "$file" ] && printf \'%s\\n\' "$file" && scripts="$scripts\n$file"\n'
    "done\n"
    "S daemon\n"
    "for file in /proc/[0-9]*/comm; do\n"
    '  { read -r name <"$file"; } 2>/dev/null && case $name in\n'
    "    cron|crond|fcron|anacron|systemd-cron) echo running;;\n"
    "  esac\n"
    "done\n"
    "[ -r /proc/1/comm ] && echo seen\n"
    "S scripts\n"
    # Only text is searched: the first line decides, read by the shell itself.
    "set -f; text=; IFS='\n'\n"
    "for file in $scripts; do\n"
    '  { IFS= read -r first <"$file"; } 2>/dev/null\n'
    "  case $first in '#!'*) text=\"$text\n$file\";; esac; first=\n"
    "done\n"
    f"[ -z \"$text\" ] || grep -HowsE '{_IN_SCRIPTS}' $text\n"
    "unset IFS\n"
    '[ -z "$closed" ] ||'
    " R grep -rsH . /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly |"
    f" grep -wE '{_IN_SCRIPTS}'\n",
    seconds=10,
)


@fact(_JOBS, CRON, partial=True)
def backup_jobs(output: Output, crontabs: Output) -> BackupJobs:
    """Timers, cron lines and agents that make backups.

    Raises NotCollected when the answer is cut off. What needs privilege and is not given is named
    in `unread`.
    """
    if output.timed_out or output.truncated:
        raise NotCollected("backup_jobs: the answer was cut off")
    sections = output.sections()
    if "daemon" not in sections:
        raise NotCollected("backup_jobs: no answer")
    unread = []
    if "services" in sections and not sections["services"].startswith("read"):
        unread.append("systemd timers")
    if crontabs.denied or crontabs.timed_out or crontabs.truncated:
        unread.append("crontabs")
    if output.denied:
        unread.append("scripts in /etc/cron.daily and beside it")
    inside: dict[str, str] = {}
    for line in sections.get("scripts", "").split("\n"):
        path, _, words = line.partition(":")
        tool = tool_of(words)
        if tool and tool != "script":
            inside.setdefault(path, tool)
    services = {block["Id"]: block for block in _blocks(sections.get("services", "")) if "Id" in block}
    jobs = [
        *_timers(sections.get("timers", ""), services, inside),
        *_agents(services),
        *_cron(sections, crontabs.sections().get("jobs", ""), inside),
    ]
    return BackupJobs(tuple(jobs), tuple(unread))


def _best(named: str | None, inside: str | None) -> str | None:
    """The tool by name; what the script's text calls is better known than `script`."""
    return named if named not in (None, "script") else inside or named


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """Units of `systemctl show`: blank lines between units, a repeated property is joined by `;`."""
    for block in text.split("\n\n"):
        properties: dict[str, str] = {}
        for line in block.split("\n"):
            key, equals, value = line.partition("=")
            if equals:
                properties[key] = f"{properties[key]};{value}" if key in properties else value
        if properties:
            yield properties


def _timers(
    text: str, services: Mapping[str, Mapping[str, str]], inside: Mapping[str, str]
) -> Iterator[BackupJob]:
    for timer in _blocks(text):
        unit = timer.get("Id", "")
        service = services.get(timer.get("Unit", ""), {})
        exec_start = service.get("ExecStart", "")
        argv = "; ".join(part.split(" ; ignore_errors=")[0] for part in exec_start.split("argv[]=")[1:])
        program = exec_start.partition("path=")[2].partition(" ")[0]
        tool = _best(tool_of(argv) or tool_of(unit), inside.get(program))
        if not unit or not tool:
            continue
        command, secret = mask(argv)
        ran = _time(service.get("ExecMainExitTimestamp"))
        started = ran is not None or service.get("ActiveState") == "failed"
        yield BackupJob(
            unit,
            "timer",
            tool,
            source=unit,
            schedule=_schedule(timer),
            command=command,
            enabled=timer.get("ActiveState") == "active"
            and timer.get("UnitFileState") not in ("disabled", "masked"),
            gap=_timer_gap(timer),
            last_run=ran or _time(timer.get("LastTriggerUSec")),
            result=service.get("Result") if started else None,
            secret=secret,
        )


def _schedule(timer: Mapping[str, str]) -> str:
    written = timer.get("TimersCalendar", "") + timer.get("TimersMonotonic", "")
    return ", ".join(re.findall(r"\{ (\w+=[^;{}]*?) ;", written))


def _timer_gap(timer: Mapping[str, str]) -> timedelta | None:
    calendar, monotonic = timer.get("TimersCalendar", ""), timer.get("TimersMonotonic", "")
    gaps = [calendar_gap(when) for when in re.findall(r"OnCalendar=([^;{}]+?) ;", calendar)]
    gaps += [span(when) for when in re.findall(r"OnUnit(?:Active|Inactive)USec=([^;{}]+?) ;", monotonic)]
    return min((gap for gap in gaps if gap), default=None)


def _time(text: str | None) -> datetime | None:
    """A systemd timestamp printed under TZ=UTC0: `Tue 2026-11-24 19:37:51 UTC`."""
    words = (text or "").split()
    if len(words) != 4 or words[3] != "UTC":
        return None
    try:
        return datetime.fromisoformat(f"{words[1]} {words[2][:8]}").replace(tzinfo=UTC)
    except ValueError:
        return None


def _agents(services: Mapping[str, Mapping[str, str]]) -> Iterator[BackupJob]:
    for unit, tool in AGENTS.items():
        service = services.get(unit, {})
        if service.get("LoadState") == "loaded":
            yield BackupJob(unit, "agent", tool, source=unit, enabled=service.get("ActiveState") == "active")


def _cron(sections: Mapping[str, str], crontabs: str, inside: Mapping[str, str]) -> Iterator[BackupJob]:
    daemon = sections["daemon"]
    enabled = True if "running" in daemon else False if "seen" in daemon else None
    leaking: set[str] = set()
    # Without privilege only the first list has lines, with it the second has them all.
    for line in dict.fromkeys((sections.get("cron", "") + "\n" + crontabs).split("\n")):
        path, _, rest = line.partition(":")
        number, _, text = rest.partition(":")
        text = text.strip()
        if not (number.isdecimal() and len(number) < 7) or text.startswith("#"):
            continue
        if re.match(r"\w+\s*=", text):
            # A variable is set for every line below it.
            if mask(text)[1]:
                leaking.add(path)
        elif tool_of(text) and (job := _cron_line(path, int(number), text)):
            yield replace(job, enabled=enabled, secret=job.secret or path in leaking)
    for path in dict.fromkeys(sections.get("folders", "").split("\n")):
        tool = _best(tool_of(path.rpartition("/")[2]), inside.get(path))
        if tool and path.startswith("/"):
            period = path.split("/")[-2].removeprefix("cron.")
            gap = timedelta(minutes=15) if period == "15min" else cron_gap(f"@{period}")
            yield BackupJob(path, "cron", tool, path, f"@{period}", path, enabled, gap)


def _cron_line(path: str, number: int, text: str) -> BackupJob | None:
    words = text.split()
    if path == "/etc/anacrontab":
        days = int(words[0]) if words[0].isdecimal() and len(words[0]) < 4 else 0
        head, schedule = 3, f"every {days} days" if days else words[0]
        gap = timedelta(days=days) if days else cron_gap(schedule)
    else:
        head = 1 if words[0].startswith("@") else 5
        schedule = " ".join(words[:head])
        gap = cron_gap(schedule)
        # System crontabs name the user before the command.
        if path == "/etc/crontab" or path.startswith("/etc/cron.d/"):
            head += 1
    command, secret = mask(" ".join(words[head:]))
    tool = tool_of(command)
    if not tool or (gap is None and not schedule.startswith("@")):
        return None
    return BackupJob(
        f"{path}:{number}", "cron", tool, path, schedule, command, None, gap, None, None, secret, number
    )
