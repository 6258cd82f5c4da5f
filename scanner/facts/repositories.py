"""Where packages come from, and whether their signatures are verified."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.spec import Absent, Output, Probe, fact
from scanner.facts.text import whole


@dataclass(frozen=True, slots=True)
class Unverified:
    """A setting that lets packages in without a valid signature. line is None outside files."""

    source: str
    line: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Repositories:
    """unverified: every setting that switches signature verification off; empty is good."""

    unverified: tuple[Unverified, ...]


# Addresses may hold a password, so the part before `@` is cut off before anything is sent.
REPOSITORIES = Probe(
    "repositories",
    r"""
[ -d /etc/apt ] || [ -d /etc/yum.repos.d ] || [ -d /etc/zypp ] || exit 0
{
grep -nsiE '^[[:space:]]*deb.*\[[^]]*(trusted|allow-insecure|allow-weak) *= *(yes|true|1)' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list /dev/null
grep -nsiE '^(trusted|allow-insecure|allow-weak):[[:space:]]*(yes|true|1)' \
    /etc/apt/sources.list.d/*.sources /dev/null
grep -nsiE '^[[:space:]]*gpgcheck[[:space:]]*=[[:space:]]*(0|no|false)' \
    /etc/yum.conf /etc/dnf/dnf.conf /etc/yum.repos.d/*.repo /etc/zypp/repos.d/*.repo /dev/null
} | sed 's#://[^/@ ]*@#://***@#'
S apt-config
command -v apt-config >/dev/null 2>&1 && apt-config dump | grep -iE \
'^(Acquire::Allow(Insecure|Weak)Repositories|APT::Get::AllowUnauthenticated) "?(1|true|yes)'
true
""",
)


@fact(REPOSITORIES)
def repositories(output: Output) -> Repositories:
    """apt's lists and settings, and gpgcheck of yum, dnf and zypper. Absent without any of them."""
    sections = output.sections()
    if "apt-config" not in sections:
        raise Absent("the asset has no package sources of apt, dnf or zypper")
    found = []
    for row in sections.get("", "").split("\n"):
        file, _, rest = row.partition(":")
        line, colon, text = rest.partition(":")
        if colon:
            found.append(Unverified(file, whole(line), text.strip()))
    options = sections.get("apt-config", "").split("\n")
    found += [Unverified("apt-config dump", None, option) for option in options if option.strip()]
    return Repositories(tuple(found))
