"""Which operating system an asset runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanner.facts.spec import NotCollected, Output, Probe, fact


@dataclass(frozen=True, slots=True)
class OsRelease:
    """The operating system as os-release(5) names it.

    id: lower-case distribution name; version: VERSION_ID, empty for rolling releases;
    like: the distributions it is derived from.
    """

    id: str
    version: str
    name: str
    pretty: str
    like: tuple[str, ...] = ()


OS_RELEASE = Probe(
    "os-release",
    """
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
S legacy
cat /etc/redhat-release 2>/dev/null
true
""",
)

_LEGACY = re.compile(r"(CentOS|Red Hat Enterprise Linux|Scientific Linux)\D{0,60}([\d.]{1,20})")
_LEGACY_ID = {"CentOS": "centos", "Red Hat Enterprise Linux": "rhel", "Scientific Linux": "scientific"}


@fact(OS_RELEASE)
def os_release(output: Output) -> OsRelease:
    """From os-release, or from /etc/redhat-release on releases older than it (RHEL 6 and kin)."""
    sections = output.sections()
    keys = dict(line.split("=", 1) for line in sections.get("", "").split("\n") if "=" in line)
    values = {key.strip(): value.strip().strip("\"'") for key, value in keys.items()}
    if identity := values.get("ID"):
        name = values.get("NAME", identity)
        version = values.get("VERSION_ID", "")
        pretty = values.get("PRETTY_NAME") or f"{name} {version}".strip()
        return OsRelease(identity.lower(), version, name, pretty, tuple(values.get("ID_LIKE", "").split()))
    if match := _LEGACY.search(sections.get("legacy", "")):
        name, version = match.groups()
        return OsRelease(_LEGACY_ID[name], version, name, match.group().strip())
    raise NotCollected("neither /etc/os-release nor /etc/redhat-release names the operating system")
