"""Installed packages, as dpkg, rpm or apk records them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scanner.facts.spec import NotCollected, Output, Probe, fact


@dataclass(frozen=True, slots=True)
class Packages:
    """versions: installed version by package name; of several versions of one name, the last listed.

    held: packages kept from being upgraded. incomplete: packages whose installation broke off.
    dpkg alone records the last two.
    """

    manager: Literal["dpkg", "rpm", "apk"]
    versions: Mapping[str, str]
    held: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


# Even to read, rpm as root writes beside its database (rpmdb.sqlite-shm); as nobody it cannot.
PACKAGES = Probe(
    "packages",
    r"""
if [ -s /var/lib/dpkg/status ]; then
    S dpkg
    dpkg-query -W -f='${db:Status-Abbrev} ${Package} ${Version}\n'
elif [ -s /lib/apk/db/installed ]; then
    S apk
    grep '^[PV]:' /lib/apk/db/installed
elif [ -s /usr/lib/apk/db/installed ]; then
    S apk
    grep '^[PV]:' /usr/lib/apk/db/installed
elif [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ]; then
    S rpm
    nobody=
    [ "$(id -u)" = 0 ] && [ -x /usr/bin/setpriv ] &&
        nobody='/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups'
    $nobody rpm -qa --qf '%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\n'
fi
""",
)


@fact(PACKAGES)
def packages(output: Output) -> Packages:
    """From the package database, without asking any repository."""
    sections = output.sections()
    if "dpkg" in sections:
        found = _dpkg(sections["dpkg"])
    elif "rpm" in sections:
        rows = (line.split(" ") for line in sections["rpm"].split("\n"))
        found = Packages("rpm", {row[0]: row[1] for row in rows if len(row) == 2 and row[0] != "gpg-pubkey"})
    elif "apk" in sections:
        found = _apk(sections["apk"])
    else:
        raise NotCollected("no package database of dpkg, rpm or apk was found")
    if not found.versions:
        raise NotCollected(f"the package database of {found.manager} cannot be read")
    return found


def _dpkg(text: str) -> Packages:
    """Status-Abbrev is three characters (dpkg-query(1)): desired action, status, error flag."""
    versions: dict[str, str] = {}
    held: list[str] = []
    incomplete: list[str] = []
    for line in text.split("\n"):
        name, _, version = line[4:].partition(" ")
        if not version or line[1] in "nc":
            continue
        versions[name] = version
        if line[0] == "h":
            held.append(name)
        if line[1] in "HUF" or line[2] == "R":
            incomplete.append(name)
    return Packages("dpkg", versions, tuple(held), tuple(incomplete))


def _apk(text: str) -> Packages:
    versions: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        if line.startswith("P:"):
            name = line[2:]
        elif line.startswith("V:") and name:
            versions[name] = line[2:]
    return Packages("apk", versions)
