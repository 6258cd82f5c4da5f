"""What the world is told about the asset's domains, and how the asset behaves as a DNS server.

In every type here None means that the question got no answer; an empty value means that the answer
was "there is no such record". Texts come from DNS: cut, and with everything but printable ASCII escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scanner.facts.spec import observed


@dataclass(frozen=True, slots=True)
class HostName:
    """A name by which people reach the asset, with A, AAAA and CNAME followed to the end.

    exists: False when the name, or a name it points at, is not in DNS. ttl: seconds, the largest of the
    records that lead to an address. exact: False when a cache may have counted the TTL down.
    """

    name: str
    exists: bool | None = None
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ttl: int = 0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A zone as one address of a name server gave it when asked directly.

    authoritative: it answered for the zone with authority. transfer: it began a zone transfer to us.
    """

    address: str
    authoritative: bool | None = None
    serial: int | None = None
    transfer: bool | None = None


@dataclass(frozen=True, slots=True)
class NameServer:
    """A name server of a zone. views: of its addresses that the scope allows to be asked, at most 4."""

    name: str
    addresses: tuple[str, ...] | None = None
    views: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneKey:
    """A DNSKEY. algorithm: its number in IANA's registry; bits: 0 when the size is not known."""

    tag: int
    algorithm: int
    algorithm_name: str
    bits: int


@dataclass(frozen=True, slots=True)
class Signature:
    """An RRSIG over the records of type `covered`.

    verified: one of the zone's keys made it, whether or not it has expired. Times are aware, in UTC.
    """

    covered: str
    inception: datetime
    expiration: datetime
    verified: bool


@dataclass(frozen=True, slots=True)
class Dnssec:
    """The signing of a zone.

    digests: digest types (IANA numbers) of the parent's DS records. chained: a key that a DS record
    names has signed the zone's keys; None when the DS records are not known. refused: the resolver
    itself takes the zone for forged.
    """

    keys: tuple[ZoneKey, ...] | None = None
    digests: tuple[int, ...] | None = None
    chained: bool | None = None
    signatures: tuple[Signature, ...] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone that holds one of the domains. expire: seconds that secondaries live without the primary."""

    name: str
    expire: int
    servers: tuple[NameServer, ...] | None = None
    dnssec: Dnssec = Dnssec()


@dataclass(frozen=True, slots=True)
class MailServer:
    """The target of an MX record. tlsa: it has TLSA records for port 25; secure: the resolver vouches."""

    name: str
    exists: bool | None = None
    tlsa: bool | None = None
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Spf:
    """SPF of a domain (RFC 7208), includes followed.

    lookups: DNS queries a receiver must make, counted to 11 at most (10 are allowed). default: the
    qualifier of `all` (`+ - ~ ?`), "" without one. everyone: the record, or one it includes, lets every
    address send. problem: why receivers will call it invalid. unread: included domains that gave no answer.
    """

    records: tuple[str, ...] = ()
    lookups: int = 0
    default: str = ""
    everyone: bool = False
    problem: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A DKIM key (RFC 6376). kind: `rsa`, `ed25519` or what the record says; bits: 0 when revoked.

    problem: why receivers cannot use it.
    """

    selector: str
    kind: str
    bits: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Dkim:
    """DKIM keys found. declared: the selectors are those of the asset's tags `dkim:SELECTOR`, not guesses.

    missing: declared selectors that are not in DNS. none: nothing at all is below `_domainkey`.
    """

    keys: tuple[DkimKey, ...] = ()
    declared: bool = False
    missing: tuple[str, ...] = ()
    none: bool = False


@dataclass(frozen=True, slots=True)
class Dmarc:
    """DMARC for a domain (RFC 7489): its own record, or that of the nearest parent which has one.

    policy: what receivers apply to this very domain, in lower case; percent: to how much of the mail.
    """

    found_at: str = ""
    records: tuple[str, ...] = ()
    policy: str = ""
    percent: int = 100
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Domain:
    """One declared domain. zone: the zone it is in, "" when that could not be found out.

    caa: `tag value` of the records that apply (RFC 8659). mail_servers: MX; null_mx: it says that it takes
    no mail. mta_sts, tls_rpt: records of that kind.
    """

    name: str
    exists: bool | None = None
    zone: str = ""
    caa: tuple[str, ...] | None = None
    mail_servers: tuple[MailServer, ...] | None = None
    null_mx: bool = False
    spf: Spf | None = None
    dkim: Dkim | None = None
    dmarc: Dmarc | None = None
    mta_sts: tuple[str, ...] | None = None
    tls_rpt: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DnsDomains:
    """The domains of an asset, their zones, and the asset's own names in them, as `resolver` sees them."""

    resolver: str
    domains: tuple[Domain, ...] = ()
    zones: tuple[Zone, ...] = ()
    names: tuple[HostName, ...] = ()


@dataclass(frozen=True, slots=True)
class DnsServer:
    """The asset as a DNS server. recursion: it offers us to look up other people's names.

    version: what it says of itself when asked for `version.bind`, "" when it does not say.
    """

    address: str
    recursion: bool
    version: str | None = None


dns_domains = observed("dns_domains", DnsDomains)
dns_server = observed("dns_server", DnsServer)
