"""How PAM authenticates people and what it asks of their passwords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scanner.facts.accounts import Setting
from scanner.facts.files import numbered
from scanner.facts.spec import Absent, Output, Probe, fact
from scanner.model import Evidence

PAM = Probe(
    "pam",
    """
    [ -d /etc/pam.d ] || exit 0
    S rules
    grep -aHnE '^[^#]*[^#[:space:]]' /etc/pam.d/* 2>/dev/null
    S settings
    grep -aHnE '^[[:space:]]*[a-z]' /etc/security/pwquality.conf.d/*.conf /etc/security/pwquality.conf \\
      /etc/security/faillock.conf /etc/security/pwhistory.conf 2>/dev/null
    """,
)

_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class PamRule:
    """One line of a PAM service file. module: name without folder and `.so`."""

    kind: str
    control: str
    module: str
    args: tuple[str, ...]
    evidence: Evidence

    def arg(self, name: str) -> str | None:
        """Value of `name=value`, `""` for a bare `name`, None when it is not given."""
        for word in self.args:
            key, _, value = word.partition("=")
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Pam:
    """All service files, and the modules' own configuration files.

    settings: by file stem (`pwquality`, `faillock`, `pwhistory`), then by keyword; a bare keyword
    has the value `""`.
    """

    services: Mapping[str, tuple[PamRule, ...]]
    settings: Mapping[str, Mapping[str, Setting]]

    def stack(self, service: str, kind: str) -> tuple[PamRule, ...]:
        """Rules of one kind (auth, account, password, session) for a service, includes followed.

        A service without a file of its own gets the rules of `other`, as PAM does.
        """
        return tuple(self._walk(service if service in self.services else "other", kind, _MAX_DEPTH))

    def _walk(self, service: str, kind: str, depth: int) -> Iterator[PamRule]:
        for rule in self.services.get(service, ()):
            if rule.control == "@include":
                if depth:
                    yield from self._walk(rule.module, kind, depth - 1)
            elif rule.kind == kind:
                if rule.control in ("include", "substack"):
                    if depth:
                        yield from self._walk(rule.module, kind, depth - 1)
                else:
                    yield rule

    def option(self, rule: PamRule, name: str) -> str | None:
        """A module's option: from its line, else from its configuration file, else None."""
        value = rule.arg(name)
        if value is None:
            setting = self.settings.get(rule.module.removeprefix("pam_"), {}).get(name)
            value = setting.value if setting else None
        return value


@fact(PAM)
def pam(output: Output) -> Pam:
    """PAM's service files and module settings. Absent where /etc/pam.d is not there."""
    sections = output.sections()
    services: dict[str, list[PamRule]] = {}
    for line in numbered(sections.get("rules", "")):
        rule = _rule(line)
        if rule is not None:
            services.setdefault(line.source.rpartition("/")[2], []).append(rule)
    if not services:
        raise Absent("no PAM configuration")
    settings: dict[str, dict[str, Setting]] = {"pwquality": {}, "faillock": {}, "pwhistory": {}}
    for line in numbered(sections.get("settings", "")):
        key, _, value = line.text.split("#")[0].partition("=")
        for stem, known in settings.items():
            if f"/{stem}.conf" in line.source:
                known[key.strip()] = Setting(value.strip(), line)
    return Pam({name: tuple(rules) for name, rules in services.items()}, settings)


def _rule(line: Evidence) -> PamRule | None:
    words = line.text.split("#")[0].split()
    if len(words) == 2 and words[0] == "@include":
        return PamRule("", "@include", words[1], (), line)
    if len(words) < 3:
        return None
    end = 1
    if words[1].startswith("["):
        while end < len(words) - 1 and not words[end].endswith("]"):
            end += 1
    control, rest = " ".join(words[1 : end + 1]), words[end + 1 :]
    if not rest:
        return None
    module = rest[0].rpartition("/")[2].removesuffix(".so")
    return PamRule(words[0].lstrip("-").lower(), control, module, tuple(rest[1:]), line)
