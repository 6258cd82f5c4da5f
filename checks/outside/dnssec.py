"""DNSSEC: are the zones signed, do the signatures hold, and will they hold tomorrow?"""

from __future__ import annotations

from datetime import datetime, timedelta

from checks.outside.dns_judge import Finding, Skipped, Unseen, judge, known
from scanner.check import check
from scanner.facts.dns import DnsDomains, Dnssec, Signature, Zone
from scanner.model import Result

# RFC 8624, 3.1 and 3.3, and RFC 9905 for SHA-1: must not be used to sign or to delegate.
_BROKEN_ALGORITHMS = {1: "RSA/MD5", 3: "DSA", 5: "RSA/SHA-1", 6: "DSA", 7: "RSA/SHA-1", 12: "GOST"}
_RSA = (5, 7, 8, 10)
_STRONG_DIGESTS = {2, 4}
_UNSIGNED = "No zone of the declared domains is signed"


@check(
    "DNS-011",
    severity="medium",
    controls=["nist-800-53:SC-20", "cis-v8:12.6", "csf-2.0:PR.DS-02", "iso-27001:A.8.20"],
    platforms=(),
    tags=["outside", "dns", "dnssec"],
)
def signed(dns_domains: DnsDomains) -> Result:
    """Each zone is signed with DNSSEC, and its parent says so.

    Why: unsigned answers can be forged on the way, and people are led to a copy of the service.
    Fix: BIND: `dnssec-policy default; inline-signing yes;` in the zone, then give the DS record
    (`dig @localhost ZONE CDS`) to the registrar.
    """

    def look(zone: Zone) -> Finding:
        dnssec = zone.dnssec
        keys = known(dnssec.keys, "DNSKEY")
        seen = _keys(dnssec)
        if not keys:
            return "not signed", seen
        if not known(dnssec.digests, "DS"):
            return "signed, but the parent has no DS record for it", seen
        return "", seen

    return judge(
        dns_domains, dns_domains.zones, look, good="Every zone is signed", nothing="No zone was found"
    )


@check(
    "DNS-012",
    severity="high",
    controls=["nist-800-53:SC-20", "cis-v8:12.6", "csf-2.0:PR.DS-02"],
    platforms=(),
    tags=["outside", "dns", "dnssec", "availability"],
)
def signatures_hold(dns_domains: DnsDomains, now: datetime) -> Result:
    """The DNSSEC signatures of each signed zone are valid now.

    Why: with a broken or expired signature the whole domain is gone for everybody who validates, and that
    is most people; it looks like a failure of the service.
    Fix: sign again (BIND: `rndc sign ZONE`; Knot: `knotc zone-sign ZONE`); after a change of keys give
    the new DS record to the registrar. `delv ZONE SOA` tells when it is well.
    """

    def look(zone: Zone) -> Finding:
        dnssec = zone.dnssec
        if not dnssec.keys:
            if dnssec.digests:
                return "the parent says that it is signed, but it has no keys", _keys(dnssec)
            known(dnssec.keys, "DNSKEY")
            raise Skipped
        broken = sorted(_covered(dnssec) - _covered(dnssec, now))
        seen = "\n".join((_keys(dnssec), *map(_describe, dnssec.signatures)))
        if broken:
            expired = set(broken) <= {s.covered for s in dnssec.signatures if s.expiration < now}
            return f"the signatures of {', '.join(broken)} {'have expired' if expired else 'are wrong'}", seen
        if dnssec.digests and dnssec.chained is False:
            return "no key that the parent's DS records name has signed it", seen
        if dnssec.refused:
            return "the resolver refuses it as forged", seen
        if "DNSKEY" not in _covered(dnssec):
            raise Unseen("the resolver does not pass on signatures")
        return "", seen

    return judge(dns_domains, dns_domains.zones, look, good="The signatures are valid", nothing=_UNSIGNED)


@check(
    "DNS-013",
    severity="high",
    controls=["nist-800-53:SC-20", "cis-v8:12.6", "csf-2.0:PR.DS-02"],
    platforms=(),
    tags=["outside", "dns", "dnssec", "availability"],
)
def signatures_renewed(dns_domains: DnsDomains, now: datetime, days: float = 1) -> Result:
    """DNSSEC signatures are renewed well before they expire.

    Why: a signer that has stopped takes the domain off the network within days, with no other sign before.
    Fix: see that the signing service runs (BIND: `rndc dnssec -status ZONE`) and that its primary
    is reachable.
    """

    def look(zone: Zone) -> Finding:
        # Signatures that are invalid already belong to DNS-012.
        good = [signature for signature in zone.dnssec.signatures if _valid(signature, now)]
        if not good:
            raise Skipped
        last = {s.covered: s.expiration for s in sorted(good, key=lambda s: s.expiration)}
        late = sorted(kind for kind, end in last.items() if end - now < timedelta(days=days))
        seen = "\n".join(f"{kind} until {end:%Y-%m-%d %H:%M} UTC" for kind, end in sorted(last.items()))
        return f"the signatures of {', '.join(late)} are about to expire" if late else "", seen

    return judge(
        dns_domains, dns_domains.zones, look, good="The signatures are renewed in time", nothing=_UNSIGNED
    )


@check(
    "DNS-014",
    severity="medium",
    controls=["nist-800-53:SC-13", "cis-v8:12.6", "iso-27001:A.8.24", "nis2:21.2h"],
    platforms=(),
    tags=["outside", "dns", "dnssec", "crypto"],
)
def strong_keys(dns_domains: DnsDomains, rsa_bits: int = 2048) -> Result:
    """Zones are signed with algorithms and keys that cannot be forged.

    Why: a signature of SHA-1 or of a short key can be made by others, and newer resolvers take it for none.
    Fix: roll over to algorithm 13 (BIND: `dnssec-policy default;` and follow `rndc dnssec -status ZONE`).
    """

    def look(zone: Zone) -> Finding:
        keys = zone.dnssec.keys
        if not keys:
            raise Skipped
        faults = {f"algorithm {k.algorithm_name}" for k in keys if k.algorithm in _BROKEN_ALGORITHMS}
        faults |= {f"an RSA key of {k.bits} bits" for k in keys if k.algorithm in _RSA and k.bits < rsa_bits}
        digests = zone.dnssec.digests
        if digests and not _STRONG_DIGESTS & set(digests):
            faults.add("only weak digests in the parent's DS records")
        return ", ".join(sorted(faults)), _keys(zone.dnssec)

    return judge(
        dns_domains, dns_domains.zones, look, good="Zones are signed with strong keys", nothing=_UNSIGNED
    )


def _valid(signature: Signature, now: datetime) -> bool:
    return signature.verified and signature.inception <= now <= signature.expiration


def _covered(dnssec: Dnssec, now: datetime | None = None) -> set[str]:
    """The record types that are signed; with `now`, those with at least one valid signature."""
    return {s.covered for s in dnssec.signatures if now is None or _valid(s, now)}


def _keys(dnssec: Dnssec) -> str:
    keys = [f"DNSKEY {k.tag} {k.algorithm_name} {k.bits} bits" for k in dnssec.keys or ()]
    digests = ", ".join(map(str, dnssec.digests or ())) or "none"
    return "\n".join([*(keys or ["no DNSKEY"]), f"DS digest types: {digests}"])


def _describe(signature: Signature) -> str:
    verified = "verified" if signature.verified else "not made by the zone's keys"
    return (
        f"{signature.covered} {signature.inception:%Y-%m-%d} to {signature.expiration:%Y-%m-%d}, {verified}"
    )
