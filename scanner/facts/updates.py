"""Pending updates, the age of the package lists, and whether updates install themselves.

Nothing is refreshed: the answer is as good as the lists on the asset, so their age is part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scanner.facts.debversion import newer
from scanner.facts.spec import NotCollected, Output, Probe, fact
from scanner.facts.text import moment, whole


@dataclass(frozen=True, slots=True)
class Update:
    """A newer version of an installed package."""

    name: str
    installed: str
    available: str


@dataclass(frozen=True, slots=True)
class Updates:
    """security: pending security updates (apk does not mark them: there, all updates).

    security_sources: package lists of security archives, for apt; None for apk.
    """

    manager: Literal["apt", "apk"]
    security: tuple[Update, ...]
    security_sources: int | None


@dataclass(frozen=True, slots=True)
class PackageLists:
    """refreshed: when the package lists on the asset last changed, None when there are none."""

    manager: Literal["apt", "apk", "dnf", "zypper"]
    refreshed: datetime | None


# apt: `apt-get -s dist-upgrade` takes seconds and rewrites apt's cache when root runs it, so the
# lists of security archives, which name the newest version of every package they ever fixed, are
# compared with what is installed. dnf is not asked: it writes to its logs even with -C.
UPDATES = Probe(
    "updates",
    r"""
newest() { [ -e "$1" ] && stat -c %Y "$@" 2>/dev/null; }
if [ -s /var/lib/dpkg/status ]; then
    S apt
    set --
    for f in /var/lib/apt/lists/*[-_]security*_Packages* \
        /var/lib/apt/lists/security.debian.org_*_Packages*; do
        case $f in *'*'*|*.diff_Index) ;; *) set -- "$@" "$f" ;; esac
    done
    echo $#
    if [ $# -gt 0 ]; then
        {
            dpkg-query -W -f='${db:Status-Status} ${Package}:${Architecture} ${Version}\n'
            /usr/lib/apt/apt-helper cat-file "$@" || cat "$@"
        } | awk '
            /^installed / { have[$2] = $3; next }
            $1 == "Package:" { name = $2; count++ }
            $1 == "Version:" { version = $2 }
            $1 == "Architecture:" { id = name ":" $2 }
            $0 == "" { show() }
            END { show(); print "listed", count + 0 }
            function show() {
                if (id in have && have[id] != version) print id, have[id], version
                id = ""
            }'
    fi
    S dates
    newest /var/lib/apt/periodic/update-success-stamp
    newest /var/lib/apt/lists/*Release
elif [ -s /lib/apk/db/installed ] || [ -s /usr/lib/apk/db/installed ]; then
    S apk
    apk version --no-network -l '<' || echo failed
    S dates
    newest /var/cache/apk/APKINDEX*
    newest /var/lib/apk/APKINDEX*
elif command -v dnf >/dev/null 2>&1; then
    S dnf
    S dates
    newest /var/cache/dnf/*/repodata/repomd.xml
    newest /var/cache/libdnf5/*/repodata/repomd.xml
elif command -v zypper >/dev/null 2>&1; then
    S zypper
    S dates
    newest /var/cache/zypp/raw/*/repodata/repomd.xml
fi
true
""",
)


@fact(UPDATES)
def updates(output: Output) -> Updates:
    """What could be installed now to close known holes."""
    sections = output.sections()
    if "apt" in sections:
        lists, *rows = sections["apt"].strip().split("\n")
        sources = whole(lists) or 0
        if sources and (not rows or not rows[-1].startswith("listed ") or rows[-1] == "listed 0"):
            raise NotCollected("the package lists of the security archive cannot be read")
        return Updates("apt", _apt(rows), sources)
    if "apk" in sections:
        rows = sections["apk"].strip().split("\n")
        if rows[-1] == "failed" or not _refreshed(sections):
            raise NotCollected("apk could not list pending updates")
        return Updates("apk", _apk(rows), None)
    raise NotCollected("pending updates can be read of apt and apk only")


@fact(UPDATES)
def package_lists(output: Output) -> PackageLists:
    """How old the asset's knowledge of packages is."""
    sections = output.sections()
    for manager in _MANAGERS:
        if manager in sections:
            return PackageLists(manager, _refreshed(sections))
    raise NotCollected("no package manager that drscan knows was found")


_MANAGERS: tuple[Literal["apt", "apk", "dnf", "zypper"], ...] = ("apt", "apk", "dnf", "zypper")


def _refreshed(sections: Mapping[str, str]) -> datetime | None:
    times = (moment(line) for line in sections.get("dates", "").split())
    return max((time for time in times if time), default=None)


def _apt(rows: list[str]) -> tuple[Update, ...]:
    best: dict[str, Update] = {}
    for row in rows:
        words = row.split(" ")
        if len(words) != 3:
            continue
        id, installed, available = words
        known = best.get(id)
        if newer(available, known.available if known else installed):
            best[id] = Update(id.partition(":")[0], installed, available)
    return tuple(best.values())


def _apk(rows: list[str]) -> tuple[Update, ...]:
    """Rows are `name-version-rN < version-rN` after a heading."""
    found = []
    for row in rows:
        words = row.split()
        if len(words) >= 3 and words[1] == "<":
            name, *version = words[0].rsplit("-", 2)
            found.append(Update(name, "-".join(version), words[2]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class AutomaticUpdates:
    """tool: what installs security updates by itself, or None; missing: why it does not do so now."""

    tool: str | None
    missing: tuple[str, ...]


AUTOMATIC_UPDATES = Probe(
    "automatic-updates",
    r"""
if [ -s /var/lib/dpkg/status ]; then
    S apt
    [ -x /usr/bin/unattended-upgrade ] && echo installed
    apt-config dump 2>/dev/null |
        grep -E '^APT::Periodic::|^Unattended-Upgrade::(Origins-Pattern|Allowed-Origins):: '
    if [ -d /run/systemd/system ]; then
        for t in apt-daily apt-daily-upgrade; do
            [ -e /etc/systemd/system/timers.target.wants/$t.timer ] && echo "timer $t"
        done
    else
        [ -x /etc/cron.daily/apt-compat ] && echo 'timer apt-daily' && echo 'timer apt-daily-upgrade'
    fi
elif [ -d /etc/yum.repos.d ]; then
    S dnf
    for f in /etc/systemd/system/*.wants/dnf-automatic*.timer \
        /etc/systemd/system/*.wants/dnf5-automatic.timer \
        /etc/systemd/system/*.wants/yum-cron.service; do
        [ -e "$f" ] && echo "timer ${f##*/}"
    done
    grep -hsE '^[[:space:]]*(apply_updates|upgrade_type|update_cmd)[[:space:]]*=' /etc/dnf/automatic.conf \
        /etc/dnf/dnf5-plugins/automatic.conf /etc/yum/yum-cron.conf
fi
true
""",
)


@fact(AUTOMATIC_UPDATES)
def automatic_updates(output: Output) -> AutomaticUpdates:
    """unattended-upgrades on Debian and kin; dnf-automatic or yum-cron elsewhere."""
    sections = output.sections()
    if "apt" in sections:
        return _unattended_upgrades(sections["apt"].split("\n"))
    if "dnf" in sections:
        return _dnf_automatic(sections["dnf"].split("\n"))
    raise NotCollected("automatic updates can be read of apt and dnf only")


def _unattended_upgrades(lines: list[str]) -> AutomaticUpdates:
    if "installed" not in lines:
        return AutomaticUpdates(None, ("the package unattended-upgrades is not installed",))
    pairs = (line.rstrip(";").partition(" ") for line in lines)
    values = {name: value.strip('"') for name, _, value in pairs}
    missing = [
        f'{name} is not "1"'
        for name in ("APT::Periodic::Update-Package-Lists", "APT::Periodic::Unattended-Upgrade")
        if values.get(name, "0") in ("", "0")
    ]
    if values.get("APT::Periodic::Enable", "1") == "0":
        missing.append('APT::Periodic::Enable is "0"')
    if not any("security" in line.lower() for line in lines if line.startswith("Unattended-Upgrade::")):
        missing.append("unattended-upgrades is not told to use the security archive")
    timers = ("apt-daily", "apt-daily-upgrade")
    missing += [f"{timer}.timer is not enabled" for timer in timers if f"timer {timer}" not in lines]
    return AutomaticUpdates("unattended-upgrades", tuple(missing))


def _dnf_automatic(lines: list[str]) -> AutomaticUpdates:
    timers = [line.partition(" ")[2] for line in lines if line.startswith("timer ")]
    if not timers:
        return AutomaticUpdates(None, ("neither dnf-automatic nor yum-cron is enabled",))
    pairs = (line.partition("=") for line in lines)
    values = {name.strip(): value.strip().lower() for name, _, value in pairs}
    applies = values.get("apply_updates") in ("yes", "true", "1", "on")
    if applies or any("-install" in timer for timer in timers):
        return AutomaticUpdates(timers[0], ())
    return AutomaticUpdates(timers[0], ("updates are looked for, but apply_updates is not yes",))
