"""Services and timers, as systemd or OpenRC knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from scanner.facts.spec import NotCollected, Output, Probe, fact


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit. name has its type (`ssh.service`); state, sub and enabled are systemd's words.

    state: active, inactive, failed …; enabled: enabled, disabled, static, masked …, or empty.
    Of units that are not loaded, those neither enabled nor masked are `disabled`.
    result: why a service ended (`success`, `exit-code` …). Empty where it is not known.
    """

    name: str
    state: str
    sub: str
    enabled: str
    result: str = ""


@dataclass(frozen=True, slots=True)
class Timer:
    """A systemd timer. unit: what it starts; last, next: UTC, None when never or not planned."""

    name: str
    unit: str
    state: str
    enabled: str
    last: datetime | None
    next: datetime | None


@dataclass(frozen=True, slots=True)
class Services:
    """Units by name, those that are loaded and those that only exist on disk, and timers by name."""

    manager: Literal["systemd", "openrc"]
    units: Mapping[str, Unit]
    timers: Mapping[str, Timer]

    def active(self, name: str) -> bool:
        """True when the unit runs now."""
        return name in self.units and self.units[name].state == "active"

    def enabled(self, name: str) -> bool:
        """True when the unit starts at boot."""
        return name in self.units and self.units[name].enabled.startswith(("enabled", "alias"))


# Folders are read instead of `systemctl list-unit-files`, which takes longer than all other probes
# together because it compares every unit with the presets. A masked unit is a link to /dev/null.
SERVICES = Probe(
    "services",
    """
if [ -d /run/systemd/system ]; then
    S systemd
    TZ=UTC systemctl --no-pager --all show '*.service' '*.timer' '*.socket' '*.target' '*.mount' \
--property=Id,ActiveState,SubState,UnitFileState,Result,Unit,LastTriggerUSec,NextElapseUSecRealtime
    S files
    for f in /etc/systemd/system/*.wants/* /etc/systemd/system/*.requires/*; do
        [ -L "$f" ] && echo "enabled ${f##*/}"
    done
    usr=/usr; [ -L /lib ] && usr=/none
    for d in /etc/systemd/system /run/systemd/system /lib/systemd/system $usr/lib/systemd/system; do
        for f in $d/*.service $d/*.timer $d/*.socket $d/*.target; do
            if [ -c "$f" ]; then echo "masked ${f##*/}"
            elif [ -e "$f" ]; then echo "disabled ${f##*/}"; fi
        done
    done
elif [ -d /run/openrc ]; then
    S openrc
    for f in /etc/runlevels/*/*; do [ -e "$f" ] && echo "enabled ${f##*/}"; done
    for d in started failed inactive; do
        for f in /run/openrc/$d/*; do [ -e "$f" ] && echo "$d ${f##*/}"; done
    done
fi
true
""",
)


@fact(SERVICES)
def services(output: Output) -> Services:
    """From one `systemctl show` and systemd's folders, or from OpenRC's folders."""
    sections = output.sections()
    if "openrc" in sections:
        return _openrc(sections["openrc"])
    if "systemd" not in sections:
        raise NotCollected("the service manager is neither systemd nor OpenRC")
    units: dict[str, Unit] = {}
    timers: dict[str, Timer] = {}
    for block in sections["systemd"].split("\n\n"):
        keys = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
        name, state, enabled = keys.get("Id", ""), keys.get("ActiveState", ""), keys.get("UnitFileState", "")
        if not name:
            continue
        units[name] = Unit(name, state, keys.get("SubState", ""), enabled, keys.get("Result", ""))
        if name.endswith(".timer"):
            last, following = (_utc(keys.get(k, "")) for k in ("LastTriggerUSec", "NextElapseUSecRealtime"))
            timers[name] = Timer(name, keys.get("Unit", ""), state, enabled, last, following)
    if not units:
        raise NotCollected("systemctl lists no units")
    for line in sections.get("files", "").split("\n"):
        enabled, _, name = line.partition(" ")
        if name and name not in units:
            units[name] = Unit(name, "inactive", "dead", enabled)
    return Services("systemd", units, timers)


def _utc(text: str) -> datetime | None:
    """systemd writes `Tue 2026-11-24 19:00:00 UTC`, or nothing or `n/a`."""
    words = text.split()
    try:
        return datetime.fromisoformat(f"{words[1]}T{words[2]}").replace(tzinfo=UTC)
    except (IndexError, ValueError):
        return None


def _openrc(text: str) -> Services:
    states: dict[str, str] = {}
    enabled: set[str] = set()
    for line in text.split("\n"):
        word, _, name = line.partition(" ")
        if word == "enabled":
            enabled.add(name)
        elif name:
            states[name] = {"started": "active"}.get(word, word)
    if not states:
        raise NotCollected("OpenRC lists no services")
    names = sorted(enabled | set(states))
    units = (
        Unit(f"{n}.service", states.get(n, "inactive"), "", "enabled" if n in enabled else "disabled")
        for n in names
    )
    return Services("openrc", {unit.name: unit for unit in units}, {})
