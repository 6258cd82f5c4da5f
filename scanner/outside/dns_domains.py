"""Looks at the domains of one asset, at the zones they are in, and at the asset's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.name
from dns.rdtypes.ANY.CAA import CAA
from dns.rdtypes.ANY.SOA import SOA

from scanner.facts.dns import DnsDomains, Domain, HostName, Zone
from scanner.facts.spec import NotCollected
from scanner.model import Asset
from scanner.outside import dns_mail, dns_servers, dnssec
from scanner.outside.dns_client import DIRECT, Answer, Client, ServerAddress, Unanswered, clip, printable

MAX_DOMAINS = 20
MAX_NAMES = 20
MAX_CLIMB = 8
DKIM_TAG = "dkim:"


def look(
    asset: Asset, resolver: ServerAddress, deadline: float, allowed: Callable[[str], bool]
) -> DnsDomains:
    """All there is to know of the asset's domains. Raises NotCollected when the resolver is mute.

    Of more than 20 domains the rest is given as not answered.
    allowed: whether an address (of a name server) may be asked directly.
    """
    view = _Look(Client(deadline), resolver, allowed)
    selectors = tuple(tag.removeprefix(DKIM_TAG) for tag in asset.tags if tag.startswith(DKIM_TAG))
    domains = [view.domain(text, selectors) for text in asset.domains[:MAX_DOMAINS]]
    if not view.client.answered:
        raise NotCollected(f"the resolver {resolver[0]} port {resolver[1]} does not answer")
    domains += [Domain(clip(printable(text))) for text in asset.domains[MAX_DOMAINS:]]
    return DnsDomains(
        f"{resolver[0]} port {resolver[1]}",
        tuple(domains),
        tuple(zone for zone in view.zones.values() if zone is not None),
        tuple(view.host_name(name) for name in _own_names(asset)),
    )


@dataclass(slots=True)
class _Look:
    """One look through one resolver. zones: by name, as they are met."""

    client: Client
    resolver: ServerAddress
    allowed: Callable[[str], bool]
    zones: dict[dns.name.Name, Zone] = field(default_factory=dict)

    def ask(self, name: dns.name.Name, kind: str) -> Answer:
        return self.client.ask(self.resolver, name, kind)

    def domain(self, text: str, selectors: tuple[str, ...]) -> Domain:
        label = clip(printable(text))
        name = _name(text)
        if name is None:
            return Domain(label)
        try:
            exists = self.ask(name, "SOA").exists
        except Unanswered:
            return Domain(label)
        if not exists:
            return Domain(label, exists=False)
        zone = self._zone(name)
        found = Domain(label, True, zone.name if zone else "", self._caa(name))
        return dns_mail.read(found, self.client, self.resolver, name, selectors)

    def _zone(self, name: dns.name.Name) -> Zone | None:
        """The zone that holds a name, found by climbing to the next SOA record."""
        for candidate in _upwards(name):
            try:
                answer = self.ask(candidate, "SOA")
            except Unanswered:
                return None
            records = answer.all(SOA)
            if records and not answer.aliases:
                if candidate not in self.zones:
                    self.zones[candidate] = self._read_zone(candidate, records[0])
                return self.zones[candidate]
        return None

    def _read_zone(self, name: dns.name.Name, soa: SOA) -> Zone:
        return Zone(
            clip(printable(name)),
            soa.expire,
            dns_servers.name_servers(self.client, self.resolver, name, self.allowed),
            dnssec.read(
                name,
                lambda kind: self.ask(name, kind),
                lambda: self.client.refuses(self.resolver, name),
            ),
        )

    def _caa(self, name: dns.name.Name) -> tuple[str, ...] | None:
        """The CAA records that apply: those of the nearest name upwards that has any (RFC 8659, 3)."""
        for candidate in _upwards(name):
            try:
                records = self.ask(candidate, "CAA").all(CAA)
            except Unanswered:
                return None
            if records:
                return tuple(clip(f"{printable(r.tag).lower()} {printable(r.value)}") for r in records[:20])
        return ()

    def host_name(self, name: dns.name.Name) -> HostName:
        """Where a name of the asset leads, and for how long others remember it."""
        aliases: dict[str, None] = {}
        found: list[str] = []
        ttl, exact, exists, answered = 0, True, True, False
        for kind in ("A", "AAAA"):
            try:
                answer = self.ask(name, kind)
            except Unanswered:
                continue
            answered = True
            exists &= answer.exists
            aliases.update((clip(printable(link[0].target)), None) for link in answer.aliases if link)
            found += sorted(dns_servers.literals(answer))
            seconds, sure = self._ttl(name, kind, answer)
            ttl, exact = max(ttl, seconds), exact and sure
        if not answered:
            return HostName(clip(printable(name)))
        return HostName(clip(printable(name)), exists, tuple(aliases), tuple(found), ttl, exact)

    def _ttl(self, name: dns.name.Name, kind: str, answer: Answer) -> tuple[int, bool]:
        """The largest TTL on the way to the addresses, and whether no cache has counted it down."""
        links = [*answer.aliases, *([answer.records] if answer.records else [])]
        seen = max((link.ttl for link in links), default=0)
        if answer.authoritative or not links:
            return seen, True
        if not answer.aliases and answer.signatures:
            return max(signature.original_ttl for signature in answer.signatures), True
        for server in self._direct(name):
            try:
                direct = self.client.ask(server, name, kind, DIRECT)
            except Unanswered:
                continue
            own = [*direct.aliases, *([direct.records] if direct.records else [])]
            # Of an alias only the links that this server answers for itself are known for certain.
            if direct.authoritative and len(own) == len(links):
                return max(link.ttl for link in own), True
        return seen, False

    def _direct(self, name: dns.name.Name) -> Iterator[ServerAddress]:
        zone = self._zone(name)
        for server in (zone.servers if zone else None) or ():
            for view in server.views:
                if view.authoritative:
                    yield view.address, dns_servers.PORT


def _own_names(asset: Asset) -> list[dns.name.Name]:
    """The asset's names that are in its domains: what a failover would move."""
    domains = [name for text in asset.domains[:MAX_DOMAINS] if (name := _name(text))]
    texts = dict.fromkeys((asset.connection.host, asset.name, *asset.domains))
    names = (name for text in texts if (name := _name(text)))
    mine = (name for name in names if any(name.is_subdomain(domain) for domain in domains))
    return list(dict.fromkeys(mine))[:MAX_NAMES]


def _name(text: str) -> dns.name.Name | None:
    try:
        name = dns.name.from_text(text.strip().lower())
    except (dns.exception.DNSException, UnicodeError, ValueError):
        return None
    return name if len(name.labels) > 1 else None


def _upwards(name: dns.name.Name) -> Iterator[dns.name.Name]:
    for _ in range(MAX_CLIMB):
        if name == dns.name.root:
            return
        yield name
        name = name.parent()
