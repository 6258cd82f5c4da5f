"""Reads SPF as a receiver does (RFC 7208): follows includes and redirects, and counts the lookups."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.exception
import dns.name

from scanner.facts.dns import Spf
from scanner.outside.dns_client import Unanswered, clip, printable

# RFC 7208, 4.6.4: a record that needs more is an error.
MAX_LOOKUPS = 10
MAX_TERMS = 200
# Networks at least so large (about an eighth of the Internet) are no list of senders.
WIDEST = {4: 3, 6: 3}
ASKS_DNS = ("include", "a", "mx", "ptr", "exists", "redirect")

Texts = Callable[[dns.name.Name], tuple[str, ...]]


def read(name: dns.name.Name, texts: Texts) -> Spf | None:
    """SPF of a domain; None when the question for it is not answered.

    texts: the SPF records of a name, raising Unanswered.
    """
    walk = _Walk(texts)
    try:
        records = walk.records(name)
    except Unanswered:
        return None
    if not records:
        return Spf()
    default = walk.record(name, records)
    return Spf(
        tuple(clip(record) for record in records),
        walk.lookups,
        default,
        walk.everyone,
        walk.problem,
        tuple(walk.unread),
    )


@dataclass(slots=True)
class _Walk:
    """One evaluation. path: the domains whose records are being read, to notice a circle."""

    texts: Texts
    lookups: int = 0
    everyone: bool = False
    problem: str = ""
    unread: list[str] = field(default_factory=list)
    path: list[dns.name.Name] = field(default_factory=list)

    def records(self, name: dns.name.Name) -> tuple[str, ...]:
        """Records whose version is exactly `v=spf1`, not `v=spf10`."""
        return tuple(text for text in self.texts(name) if text.split(" ")[0].lower() == "v=spf1")

    def record(self, name: dns.name.Name, records: tuple[str, ...]) -> str:
        """Reads the record of `name` and what it leads to; the qualifier of its `all`, "" without one."""
        if len(records) > 1:
            self._blame(f"{printable(name)} has several SPF records")
        self.path.append(name)
        default, redirect = "", ""
        for term in records[0].split()[1 : MAX_TERMS + 1]:
            qualifier, word = (term[0], term[1:]) if term[0] in "+-~?" else ("+", term)
            mechanism, value = _split(word)
            if mechanism == "all":
                default = qualifier
                # What stands after it never counts (RFC 7208, 5.1).
                break
            if mechanism == "redirect":
                redirect = value
            else:
                self._term(qualifier, mechanism, value, term)
        if redirect and not default:
            default = self._follow("redirect", redirect)
        if default == "+":
            self.everyone = True
        self.path.pop()
        return default

    def _term(self, qualifier: str, mechanism: str, value: str, term: str) -> None:
        if mechanism == "include":
            before = self.everyone
            self._follow("include", value)
            # Whom the included record lets pass, `-include` and its like do not.
            self.everyone = self.everyone if qualifier == "+" else before
        elif mechanism in ("ip4", "ip6"):
            self._network(qualifier, int(mechanism[2]), value, term)
        elif mechanism in ASKS_DNS:
            self._count()
        elif "=" not in term:
            # Unknown modifiers (name=value) are ignored, unknown mechanisms are errors (RFC 7208, 6, 4.6.1).
            self._blame(f"{clip(term)} is not an SPF mechanism")

    def _network(self, qualifier: str, version: int, value: str, term: str) -> None:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            network = None
        if network is None or network.version != version:
            self._blame(f"{clip(term)} is not a network")
        elif qualifier == "+" and network.prefixlen <= WIDEST[version]:
            self.everyone = True

    def _follow(self, how: str, target: str) -> str:
        self._count()
        if self.lookups > MAX_LOOKUPS:
            return ""
        if "%" in target:
            # A macro: the domain depends on the sender.
            self.unread.append(clip(target))
            return ""
        try:
            name = dns.name.from_text(target.lower())
        except (dns.exception.DNSException, UnicodeError, ValueError):
            name = dns.name.root
        if name == dns.name.root:
            self._blame(f"{how} of {clip(target) or 'nothing'} is not a domain")
            return ""
        if name in self.path:
            self._blame(f"{printable(name)} includes itself")
            return ""
        try:
            records = self.records(name)
        except Unanswered:
            self.unread.append(clip(printable(name)))
            return ""
        if not records:
            self._blame(f"{how} of {clip(printable(name))}, which has no SPF record")
            return ""
        return self.record(name, records)

    def _count(self) -> None:
        self.lookups = min(self.lookups + 1, MAX_LOOKUPS + 1)
        if self.lookups > MAX_LOOKUPS:
            self._blame(f"it needs more than {MAX_LOOKUPS} DNS lookups")

    def _blame(self, problem: str) -> None:
        self.problem = self.problem or problem


def _split(word: str) -> tuple[str, str]:
    """`include:example.org` or `a/24` as mechanism and value."""
    for index, character in enumerate(word):
        if character in ":=/":
            return word[:index].lower(), word[index + 1 :]
    return word.lower(), ""
