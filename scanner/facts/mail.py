"""The local mail server's reach, and whether root's mail finds a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.facts.spec import Absent, Output, Probe, fact

MAIL = Probe(
    "mail",
    """S postfix
grep -hsv '^[[:space:]]*#' /etc/postfix/main.cf
S aliases
for f in /etc/aliases /etc/mail/aliases /etc/postfix/aliases; do
  [ -r "$f" ] && { echo "file $f"; grep -v '^[[:space:]]*#' "$f"; }
done
exit 0""",
)


@dataclass(frozen=True, slots=True)
class MailAliases:
    """Where root's mail goes: targets is empty when no alias says so; path is the aliases file."""

    path: str
    root: tuple[str, ...]


@fact(MAIL)
def postfix(output: Output) -> Mapping[str, str]:
    """Parameters set in main.cf, as written (postconf(5)). Raises Absent without postfix."""
    parameters: dict[str, str] = {}
    name = ""
    for line in output.sections().get("postfix", "").split("\n"):
        if line[:1].isspace() and name:
            parameters[name] += " " + line.strip()
        elif "=" in line:
            name, _, value = (part.strip() for part in line.partition("="))
            parameters[name] = value
    if not parameters:
        raise Absent("postfix is not set up here")
    return parameters


@fact(MAIL)
def mail_aliases(output: Output) -> MailAliases:
    """The alias of root, followed to its end (aliases(5)). Raises Absent without an aliases file."""
    sections = output.sections()
    aliases: dict[str, tuple[str, ...]] = {}
    path = ""
    for line in sections.get("aliases", "").split("\n"):
        if line.startswith("file /"):
            path = line[5:]
        elif path and not line[:1].isspace():
            name, _, targets = line.partition(":")
            aliases[name.strip().strip('"').lower()] = tuple(filter(None, map(str.strip, targets.split(","))))
    if not path:
        raise Absent("there is no mail aliases file")
    return MailAliases(path, _follow("root", aliases))


def _follow(name: str, aliases: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The final targets of an alias; a loop or a missing alias gives none."""
    ends: list[str] = []
    seen = {name}
    queue = list(aliases.get(name, ()))
    while queue:
        target = queue.pop(0)
        key = target.lower()
        if key in seen:
            continue
        seen.add(key)
        if key in aliases:
            queue += aliases[key]
        else:
            ends.append(target)
    return tuple(ends)
