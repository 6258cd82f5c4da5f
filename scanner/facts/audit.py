"""The kernel's audit trail: does auditd keep it, what is recorded, what happens when the disk is full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact

AUDIT = Probe(
    "audit",
    """command -v auditctl >/dev/null || exit 3
S loaded
R auditctl -l || echo '!failed'
S status
R auditctl -s || echo '!failed'
S file
R cat /etc/audit/audit.rules || echo '!failed'
S config
R cat /etc/audit/auditd.conf || echo '!failed'
exit 0""",
)


@dataclass(frozen=True, slots=True)
class AuditRules:
    """rules: as the kernel lists them, or as the file that is loaded at boot has them.

    source: the command or file they were read from; immutable: no change before the next boot.
    """

    rules: tuple[str, ...]
    immutable: bool
    source: str

    def watches(self, path: str) -> bool:
        """True when writes to this file, or to a folder above it, are recorded."""
        return any(_watched(words, path) for words in map(str.split, self.rules))

    def records(self, call: str) -> bool:
        """True when a system-call rule names this call, or all calls."""
        for words in map(str.split, self.rules):
            calls = {name for flag, value in _pairs(words) if flag == "-S" for name in value.split(",")}
            if not calls.isdisjoint({call, "all"}) and any(
                "always" in v for f, v in _pairs(words) if f == "-a"
            ):
                return True
        return False


@fact(AUDIT)
def audit_rules(output: Output) -> AuditRules:
    """The audit rules in force. Raises Absent without the audit tools, NotCollected when none can be read."""
    sections = _sections(output)
    loaded, written = sections.get("loaded", "!failed"), sections.get("file", "!failed")
    if "!failed" not in loaded:
        lines, source = loaded.split("\n"), "auditctl -l"
        immutable = "enabled 2" in sections.get("status", "").split("\n")
    elif "!failed" not in written:
        lines, source = written.split("\n"), "/etc/audit/audit.rules"
        immutable = _locks(lines)
    else:
        raise NotCollected("neither the loaded audit rules nor /etc/audit/audit.rules could be read")
    rules = tuple(line.strip()[:500] for line in lines if line.lstrip().startswith(("-w", "-a", "-A")))
    return AuditRules(rules, immutable, source)


@fact(AUDIT)
def auditd_conf(output: Output) -> Mapping[str, str]:
    """Keys and values of auditd.conf in lower case. Raises Absent without the audit tools."""
    text = _sections(output).get("config", "!failed")
    if "!failed" in text:
        raise NotCollected("/etc/audit/auditd.conf could not be read")
    pairs = (
        line.partition("=") for line in text.split("\n") if "=" in line and not line.lstrip().startswith("#")
    )
    return {key.strip().lower(): value.strip().lower() for key, _, value in pairs}


def _sections(output: Output) -> dict[str, str]:
    if output.exit == 3:
        raise Absent("the audit tools are not installed")
    return output.sections()


def _locks(lines: list[str]) -> bool:
    modes = [words[1] for words in map(str.split, lines) if len(words) > 1 and words[0] == "-e"]
    return bool(modes) and modes[-1] == "2"


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(pairwise(words))


def _watched(words: list[str], path: str) -> bool:
    target, writes = "", True
    for flag, value in _pairs(words):
        if flag == "-w":
            target = value
        elif flag == "-F" and value.startswith(("path=", "dir=")):
            target = value.partition("=")[2]
        elif flag == "-p" or (flag == "-F" and value.startswith("perm=")):
            writes = "w" in value
    folder = target.rstrip("/")
    recorded = not any(
        value.startswith("never") or ",never" in value for flag, value in _pairs(words) if flag == "-a"
    )
    return recorded and writes and bool(folder) and (path == folder or path.startswith(folder + "/"))
