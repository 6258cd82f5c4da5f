"""Which firewall manager is responsible, and what the kernel does with incoming packets.

The rules are followed as the kernel follows them: the first rule without a condition decides,
else the chain's policy (nft(8), iptables(8)). A table of the other tool, a manager that ends its
chain with `reject` instead of a policy, and an early `accept` for everything all come out right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from scanner.facts.spec import NotCollected, Output, Probe, fact

Verdict = Literal["accept", "drop"]

# nft and iptables-save load the kernel module they ask about. They are run only where it is
# loaded already: a module that is not loaded filters nothing, which is then the answer.
_RULES_SCRIPT = r"""loaded() {
  [ -d "/sys/module/$1" ] || [ ! -e /proc/modules ] ||
    grep -qs "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin"
}
have() { command -v "$1" >/dev/null; }
nft=; legacy=
loaded nf_tables && nft=nf_tables
[ -e /proc/modules ] && loaded iptable_filter && legacy=iptable_filter
S loaded
echo "$nft $legacy"
if [ -n "$nft" ] && have nft; then
  S nft
  { R nft list ruleset || echo '!failed'; } | awk '/elements = \{/ {s=1} !s {print} /\}/ {s=0}'
elif [ -n "$nft" ] && have iptables-save; then
  S iptables
  R iptables-save || echo '!failed'
  S ip6tables
  R ip6tables-save || echo '!failed'
fi
if [ -n "$legacy" ]; then
  if have iptables-legacy-save; then
    S legacy
    R iptables-legacy-save || echo '!failed'
    S legacy6
    R ip6tables-legacy-save || echo '!failed'
  elif have iptables-save; then
    S legacy
    R iptables-save || echo '!failed'
    S legacy6
    R ip6tables-save || echo '!failed'
  fi
fi
exit 0"""

FIREWALL_RULES = Probe("firewall-rules", _RULES_SCRIPT)

_LISTINGS = {
    "nft": "nft list ruleset",
    "iptables": "iptables-save",
    "ip6tables": "ip6tables-save",
    "legacy": "iptables-save (legacy)",
    "legacy6": "ip6tables-save (legacy)",
}

FIREWALL = Probe(
    "firewall",
    """S ufw
cat /etc/ufw/ufw.conf 2>/dev/null
S ipv6
cat /proc/net/if_inet6 2>/dev/null
exit 0""",
)


@dataclass(frozen=True, slots=True)
class Firewall:
    """ufw: `ufw enable` was given. ipv6: an interface other than loopback has an IPv6 address."""

    ufw: bool
    ipv6: bool


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """What the kernel's own filter does with incoming packets.

    ipv4, ipv6: the verdict on a packet that no rule names; None when nothing filters input.
    rules: number of rules in input chains and in the chains they lead to.
    tool: the command that showed it; lines: the input chains, for evidence.
    """

    ipv4: Verdict | None
    ipv6: Verdict | None
    rules: int
    tool: str
    lines: tuple[str, ...] = ()


@dataclass(slots=True)
class _Chain:
    name: str
    families: tuple[str, ...]
    table: str
    base: bool = False
    policy: Verdict = "accept"
    rules: list[str] = field(default_factory=list)


_Chains = dict[tuple[str, str], _Chain]


@fact(FIREWALL)
def firewall(output: Output) -> Firewall:
    """What of the firewall any user can read. Never raises."""
    sections = output.sections()
    ufw = "enabled=yes" in sections.get("ufw", "").lower().replace('"', "").split("\n")
    addresses = [line.split() for line in sections.get("ipv6", "").split("\n")]
    return Firewall(ufw, any(len(words) == 6 and words[5] != "lo" for words in addresses))


@fact(FIREWALL_RULES)
def packet_filter(output: Output) -> PacketFilter:
    """The verdict on unnamed incoming packets. Raises NotCollected when rules may exist unseen."""
    sections = output.sections()
    loaded = sections.get("loaded", "").split()
    shown = [name for name in _LISTINGS if name in sections]
    for name in shown:
        if sections[name].rstrip().endswith("!failed"):
            raise NotCollected(f"{_LISTINGS[name]}: the rules could not be listed")
    if "loaded" not in sections:
        raise NotCollected("firewall-rules: no answer")
    if loaded and not shown:
        raise NotCollected("neither nft nor iptables-save is installed to show the rules in the kernel")
    chains: _Chains = {}
    if "nft" in sections:
        _read_nft(sections["nft"], chains)
    for name, family in (("iptables", "ip"), ("ip6tables", "ip6"), ("legacy", "ip"), ("legacy6", "ip6")):
        _read_iptables(sections.get(name, ""), family, chains)
    inputs = [chain for chain in chains.values() if chain.base]
    reached = _reached(inputs, chains)
    lines = [
        f"{c.table} {c.name} policy {c.policy}: {rule}"
        for c in inputs
        for rule in c.rules[:10] or ["(no rules)"]
    ]
    return PacketFilter(
        _verdict([c for c in inputs if "ip" in c.families], chains),
        _verdict([c for c in inputs if "ip6" in c.families], chains),
        sum(len(chain.rules) for chain in reached),
        ", ".join(dict.fromkeys(_LISTINGS[name] for name in shown)) or "no filter module is loaded",
        tuple(lines[:30]),
    )


def _read_nft(text: str, chains: _Chains) -> None:
    table = ""
    families: tuple[str, ...] = ()
    chain: _Chain | None = None
    for raw in text.split("\n"):
        line = raw.strip()
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "table" and len(words) >= 3:
            table = f"{words[1]} {words[2]}"
            families = {"inet": ("ip", "ip6"), "ip": ("ip",), "ip6": ("ip6",)}.get(words[1], ())
            chain = None
        elif words[0] == "chain" and len(words) >= 2:
            chain = _Chain(words[1], families, table)
            chains[table, words[1]] = chain
        elif line == "}":
            chain = None
        elif chain is None:
            continue
        elif words[:2] == ["type", "filter"]:
            chain.base = "hook input" in line
            chain.policy = "drop" if "policy drop" in line else "accept"
        elif words[0] not in ("type", "policy", "comment"):
            chain.rules.append(line)


def _read_iptables(text: str, family: str, chains: _Chains) -> None:
    table = ""
    for line in text.split("\n"):
        if line.startswith("*"):
            table = f"{family} {line[1:].strip()} (iptables)"
        elif not table.startswith(f"{family} filter "):
            continue
        elif line.startswith(":"):
            words = line[1:].split()
            if len(words) >= 2:
                policy: Verdict = "drop" if words[1] == "DROP" else "accept"
                chains[table, words[0]] = _Chain(words[0], (family,), table, words[0] == "INPUT", policy)
        elif line.startswith("-A "):
            name, _, rule = line[3:].partition(" ")
            if (table, name) in chains:
                chains[table, name].rules.append(rule)


def _verdict(inputs: list[_Chain], chains: _Chains) -> Verdict | None:
    """A drop in any chain at the hook is final; an accept only ends its own chain (nft(8))."""
    if not any(chain.rules or chain.policy == "drop" for chain in inputs):
        return None
    return "drop" if any((_decide(c, chains, ()) or c.policy) == "drop" for c in inputs) else "accept"


def _decide(chain: _Chain, chains: _Chains, path: tuple[str, ...]) -> Verdict | None:
    for rule in chain.rules:
        action, target = _unconditional(rule)
        if action in ("accept", "drop"):
            return "accept" if action == "accept" else "drop"
        if action == "return":
            return None
        if action in ("jump", "goto") and target not in path and len(path) < 16:
            called = chains.get((chain.table, target))
            decided = _decide(called, chains, (*path, target)) if called else None
            if decided or action == "goto":
                return decided
    return None


def _reached(inputs: Iterable[_Chain], chains: _Chains) -> list[_Chain]:
    found: dict[int, _Chain] = {}
    queue = list(inputs)
    while queue:
        chain = queue.pop()
        if id(chain) in found:
            continue
        found[id(chain)] = chain
        for rule in chain.rules:
            words = rule.split()
            targets = [b for a, b in pairwise(words) if a in ("jump", "goto", "-j", "-g")]
            queue += [chains[chain.table, name] for name in targets if (chain.table, name) in chains]
    return list(found.values())


def _unconditional(rule: str) -> tuple[str, str]:
    """(action, target) of a rule that matches every packet; ("", "") for any other rule."""
    words = _without_quoted(rule).split()
    return _iptables_action(words) if words and words[0].startswith("-") else _nft_action(words)


def _without_quoted(rule: str) -> str:
    return '""'.join(rule.split('"')[::2])


def _nft_action(words: list[str]) -> tuple[str, str]:
    index = 0
    while index < len(words):
        word = words[index]
        if word == "counter":
            index += 5 if words[index + 1 : index + 2] == ["packets"] else 1
        elif word == "log":
            index += 1
        elif word in ("prefix", "level", "group", "snaplen", "queue-threshold", "flags"):
            index += 2
        elif word in ("jump", "goto"):
            return word, words[index + 1] if index + 1 < len(words) else ""
        else:
            return {"accept": "accept", "drop": "drop", "reject": "drop", "return": "return"}.get(
                word, ""
            ), ""
    return "", ""


def _iptables_action(words: list[str]) -> tuple[str, str]:
    if words[:3] == ["-m", "comment", "--comment"]:
        words = words[4:]
    if len(words) < 2 or words[0] not in ("-j", "-g"):
        return "", ""
    named = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return"}
    if words[1] in named:
        return named[words[1]], ""
    return "jump" if words[0] == "-j" else "goto", words[1]
