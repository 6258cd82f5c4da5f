"""Reads how a zone is signed, and tries its signatures against its own keys and the parent's DS records.

Time is left out: a signature is tried as of its first second, and whether it has expired is for the
check to say, which knows what the time of the scan is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import dns.dnssec
import dns.exception
import dns.name
import dns.rdataset
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG

from scanner.facts.dns import Dnssec, Signature, ZoneKey
from scanner.facts.spec import NotCollected
from scanner.outside.dns_client import Answer, Unanswered

# More keys than any zone has; hostile zones have each tried on each signature (CVE-2023-50387).
MAX_KEYS = 12
# 8192-bit RSA; larger ones only cost time.
MAX_KEY_BYTES = 1100

# Records that most zones have at their own name; each must be signed if it is there.
SIGNED = ("SOA", "NS", "A", "MX", "TXT")

Ask = Callable[[str], Answer]


def read(zone: dns.name.Name, ask: Ask, refuses: Callable[[], bool]) -> Dnssec:
    """The signing of `zone`.

    ask: gives the answer of a type at the zone's name; refuses: whether the resolver takes the zone
    for forged.
    """
    try:
        answer = ask("DNSKEY")
    except Unanswered:
        return Dnssec(digests=_digests(_parent_records(zone, ask)))
    keys = [key for key in answer.all(DNSKEY) if len(key.key) <= MAX_KEY_BYTES][:MAX_KEYS]
    parents = _parent_records(zone, ask)
    signatures = _signatures(zone, answer, keys)
    for kind in SIGNED:
        try:
            other = ask(kind)
        except Unanswered:
            continue
        signatures += _signatures(zone, other, keys)
    return Dnssec(
        keys=tuple(_zone_key(key) for key in keys),
        digests=_digests(parents),
        chained=None if parents is None else _chained(zone, answer, keys, parents),
        signatures=tuple(signatures),
        refused=bool(parents) and refuses(),
    )


def _parent_records(zone: dns.name.Name, ask: Ask) -> list[DS] | None:
    """The DS records of the parent; None when the answer does not come from the parent's side."""
    try:
        answer = ask("DS")
    except Unanswered:
        return None
    records = answer.all(DS)
    # A server of the child that knows no parent says so in the child's own name (RFC 4035, 3.1.4.1).
    if not records and answer.authority == zone:
        return None
    return records


def _digests(records: Sequence[DS] | None) -> tuple[int, ...] | None:
    return None if records is None else tuple(sorted({int(record.digest_type) for record in records}))


def _zone_key(key: DNSKEY) -> ZoneKey:
    name = dns.dnssec.algorithm_to_text(key.algorithm)
    return ZoneKey(dns.dnssec.key_id(key), int(key.algorithm), name, _bits(key))


def _bits(key: DNSKEY) -> int:
    known = {13: 256, 14: 384, 15: 256, 16: 456}
    if key.algorithm not in (1, 5, 7, 8, 10):
        return known.get(int(key.algorithm), 0)
    # RFC 3110: length of the exponent (one byte, or 0 and two), exponent, modulus.
    head, rest = key.key[:1], key.key[1:]
    if head == b"\0":
        head, rest = rest[:2], rest[2:]
    return int.from_bytes(rest[int.from_bytes(head, "big") :], "big").bit_length()


def _signatures(zone: dns.name.Name, answer: Answer, keys: Sequence[DNSKEY]) -> list[Signature]:
    if answer.records is None or answer.aliases:
        return []
    found = []
    for signature in answer.signatures:
        if signature.signer == zone:
            verified = _verifies(zone, answer.records, signature, keys)
            covered = dns.rdatatype.to_text(signature.type_covered)
            begins = datetime.fromtimestamp(signature.inception, UTC)
            ends = datetime.fromtimestamp(signature.expiration, UTC)
            found.append(Signature(covered, begins, ends, verified))
    return found


def _chained(zone: dns.name.Name, answer: Answer, keys: Sequence[DNSKEY], parents: Iterable[DS]) -> bool:
    """Whether a key that the parent names signed the zone's keys."""
    named = [key for key in keys if any(_names(zone, record, key) for record in parents)]
    records = answer.records
    return records is not None and any(_verifies(zone, records, item, named) for item in answer.signatures)


def _names(zone: dns.name.Name, record: DS, key: DNSKEY) -> bool:
    if record.key_tag != dns.dnssec.key_id(key):
        return False
    try:
        made = dns.dnssec.make_ds(zone, key, record.digest_type, policy=dns.dnssec.allow_all_policy)
    except (dns.exception.DNSException, ValueError):
        return False
    return made.digest == record.digest


def _verifies(
    zone: dns.name.Name, records: dns.rrset.RRset, signature: RRSIG, keys: Sequence[DNSKEY]
) -> bool:
    if not keys:
        return False
    try:
        dns.dnssec.validate(
            records,
            (records.name, dns.rdataset.from_rdata(records.ttl, signature)),
            {zone: dns.rdataset.from_rdata_list(records.ttl, keys)},
            now=signature.inception,
            policy=dns.dnssec.allow_all_policy,
        )
    except ImportError as error:
        raise NotCollected("dns_domains: signatures cannot be checked: pip install 'drscan[dns]'") from error
    except Exception:  # cryptography adds many of its own to dnspython's; all mean that it does not fit
        return False
    return True
