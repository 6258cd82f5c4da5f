"""What sudo and doas let whom do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.facts.files import ANCESTORS, STAT, FileModes, numbered, parse_modes
from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact
from scanner.model import Evidence

SUDOERS = Probe(
    "sudoers",
    f"""
    command -v sudo >/dev/null || command -v doas >/dev/null || exit 0
    rules=$(R grep -rsaHn . /etc/sudoers /etc/sudoers.d /etc/doas.conf /etc/doas.d)
    S rules
    printf '%s\\n' "$rules"
    S version
    command -v sudo >/dev/null && sudo -V | head -n 1
    S modes
    printf '%s\\n' "$rules" | sed 's/^[^:]*:[0-9]*://; /^[[:space:]]*#/d; s/secure_path.*//' \\
      | tr ' ,=!:\\t"' '\\n' | grep '^/.' | {ANCESTORS} | head -n 2000 | tr '\\n' '\\0' \\
      | xargs -0 {STAT} 2>/dev/null
    """,
)


@dataclass(frozen=True, slots=True)
class SudoRule:
    """One right: `who` may run `commands` as `run_as`, on this host. Aliases are resolved.

    who: a user, `%group`, `#uid`, `ALL` … ; a command with arguments is limited to those.
    denied: commands taken away again with `!`.
    """

    who: str
    commands: tuple[str, ...]
    denied: tuple[str, ...]
    run_as: str
    nopasswd: bool
    evidence: Evidence

    @property
    def everything(self) -> bool:
        """True when every command may be run as root or as anyone."""
        return "ALL" in self.commands and self.as_root

    @property
    def as_root(self) -> bool:
        """True when the commands may run as root."""
        return any(name in ("root", "ALL", "#0") for name in self.run_as.split(","))


@dataclass(frozen=True, slots=True)
class Default:
    """One sudo default. value: the text after `=`, else `on` or `off`. scope: `""`, `@host`, `:user` …"""

    name: str
    value: str
    scope: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Sudoers:
    """Rules of sudo and doas together. modes: of the commands named and of the folders above them.

    version: of sudo, such as (1, 9, 13), empty when it did not tell. unread: files and folders that
    sudoers includes and that were not read; what they allow is not known.
    """

    rules: tuple[SudoRule, ...]
    defaults: tuple[Default, ...]
    modes: FileModes
    sudo: bool = True
    version: tuple[int, ...] = ()
    unread: tuple[str, ...] = ()

    def default(self, name: str) -> Default | None:
        """The last general setting of a default: the one in force."""
        found = [item for item in self.defaults if item.name == name and not item.scope]
        return found[-1] if found else None


@fact(SUDOERS)
def sudoers(output: Output) -> Sudoers:
    """Rights given by /etc/sudoers, sudoers.d and doas.conf. Absent where neither tool is installed."""
    sections = output.sections()
    if "rules" not in sections:
        raise Absent("neither sudo nor doas is installed")
    reader = _Reader()
    lines = list(_joined(sections["rules"]))
    if not lines:
        raise NotCollected("no sudoers file could be read")
    of_sudo = [line for line in lines if "/doas" not in line.source and _read_by_sudo(line.source)]
    for line in of_sudo:
        reader.collect_aliases(line.text)
    for line in of_sudo:
        reader.sudo(line)
    for line in lines:
        if "/doas" in line.source:
            reader.doas(line)
    modes = parse_modes(sections.get("modes", "").splitlines())
    version = re.match(r"Sudo version ([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})", sections.get("version", ""))
    return Sudoers(
        tuple(reader.rules),
        tuple(reader.defaults),
        modes,
        bool(of_sudo),
        tuple(map(int, version.groups())) if version else (),
        tuple(dict.fromkeys(_included(sections["rules"]))),
    )


def _included(text: str) -> Iterator[str]:
    """Paths of include lines (sudoers(5)) that lead out of /etc/sudoers.d, the only folder that is read."""
    for line in numbered(text):
        words = line.text.split()
        if "/doas" not in line.source and len(words) == 2 and words[0][:1] in ("@", "#"):
            path = words[1] if words[1].startswith("/") else f"/etc/{words[1]}"
            if words[0][1:] in ("include", "includedir") and path.rstrip("/") != "/etc/sudoers.d":
                yield path


def _read_by_sudo(source: str) -> bool:
    """False for files in sudoers.d that sudo skips: with a dot in the name, or a `~` at its end."""
    name = source.rpartition("/")[2]
    return not (source.startswith("/etc/sudoers.d/") and ("." in name or name.endswith("~")))


def _joined(text: str) -> Iterator[Evidence]:
    """Lines with their place; a backslash at the end joins the next. Comments are left out."""
    held: Evidence | None = None
    for line in numbered(text):
        if held is not None and held.source == line.source:
            line = Evidence(line.source, f"{held.text} {line.text}", held.line)
        held = None
        if line.text.endswith("\\"):
            held = Evidence(line.source, line.text[:-1], line.line)
        elif line.text and (not line.text.startswith("#") or line.text[1:2].isdigit()):
            yield Evidence(line.source, line.text.split(" #")[0].rstrip(), line.line)


class _Reader:
    """Collects rules and defaults line by line, by the grammar of sudoers(5) and doas.conf(5)."""

    def __init__(self) -> None:
        self.rules: list[SudoRule] = []
        self.defaults: list[Default] = []
        self._aliases: dict[str, tuple[str, ...]] = {}

    def collect_aliases(self, text: str) -> None:
        kind, *rest = text.split(None, 1)
        if rest and kind in ("User_Alias", "Runas_Alias", "Cmnd_Alias", "Cmd_Alias"):
            for definition in _split(rest[0], ":"):
                name, _, members = definition.partition("=")
                self._aliases[name.strip()] = tuple(_split(members, ","))

    def sudo(self, line: Evidence) -> None:
        word = line.text.split(None, 1)[0]
        if word.startswith("Defaults"):
            self._default(line, word[len("Defaults") :])
        elif not word.endswith("_Alias") and word[0] != "@" and "=" in line.text:
            self._rule(line)

    def _default(self, line: Evidence, scope: str) -> None:
        for item in _split(" ".join(line.text.split(None, 1)[1:]), ","):
            name, sign, value = item.partition("=")
            name = name.rstrip("+-").strip()
            off = name.startswith("!")
            value = value.strip().strip('"') if sign else ("off" if off else "on")
            self.defaults.append(Default(name.lstrip("!").strip(), value, scope, line))

    def _rule(self, line: Evidence) -> None:
        left, _, right = line.text.partition("=")
        who_text = left.rsplit(None, 1)[0] if len(left.split()) > 1 else left
        run_as, nopasswd = "root", False
        commands: dict[tuple[str, bool], tuple[list[str], list[str]]] = {}
        for item in _split(right, ","):
            if item.startswith("("):
                inside, _, item = item[1:].partition(")")
                users = inside.partition(":")[0].strip()
                run_as = ",".join(self._expand(users)) if users else "root"
                item = item.strip()
            while (tag := item.partition(":"))[1] and tag[0].strip().isupper() and "/" not in tag[0]:
                nopasswd = {"NOPASSWD": True, "PASSWD": False}.get(tag[0].strip(), nopasswd)
                item = tag[2].strip()
            allowed, denied = commands.setdefault((run_as, nopasswd), ([], []))
            for command in self._expand(item):
                if command.startswith("!"):
                    denied.extend(self._expand(command[1:].strip()))
                else:
                    allowed.append(command)
        for who in self._expand(who_text):
            for (user, free), (allowed, denied) in commands.items():
                if allowed or denied:
                    self.rules.append(SudoRule(who, tuple(allowed), tuple(denied), user, free, line))

    def _expand(self, text: str, depth: int = 6) -> list[str]:
        found: list[str] = []
        for name in _split(text, ","):
            if depth and name in self._aliases:
                for member in self._aliases[name]:
                    found.extend(self._expand(member, depth - 1))
            else:
                found.append(name)
        return found[:1000]

    def doas(self, line: Evidence) -> None:
        words = line.text.split()
        if words[0] != "permit":
            return
        options = {"nopass", "nolog", "persist", "keepenv"}
        rest = [word for word in words[1:] if word not in options]
        if not rest:
            return
        run_as = rest[rest.index("as") + 1] if "as" in rest[:-1] else "ALL"
        commands = " ".join(rest[rest.index("cmd") + 1 :]).replace(" args", "") if "cmd" in rest else "ALL"
        who = "%" + rest[0][1:] if rest[0].startswith(":") else rest[0]
        self.rules.append(SudoRule(who, (commands,), (), run_as, "nopass" in words, line))


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators, outside of double quotes, brackets and escapes."""
    if '"' not in text and "\\" not in text and "(" not in text:
        return [part for raw in text.split(separator) if (part := raw.strip())]
    parts, start, quoted, depth, escaped = [], 0, False, 0, False
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        elif character == separator and not depth:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part for raw in parts if (part := raw.strip())]
