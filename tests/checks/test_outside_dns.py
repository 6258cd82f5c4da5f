"""DNS, DNSSEC and mail, each check once good and once bad, and where the answer must be `unknown`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.outside import dns, dnssec, email
from scanner.check import Check
from scanner.facts.dns import (
    Dkim,
    DkimKey,
    Dmarc,
    DnsDomains,
    Dnssec,
    DnsServer,
    Domain,
    HostName,
    MailServer,
    NameServer,
    Signature,
    Spf,
    View,
    Zone,
    ZoneKey,
)  # fmt: skip
from scanner.model import Asset, Result, Status

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ASSET = Asset("portal.example", rto=timedelta(hours=1))
RESOLVER = Asset("resolver.example", services=("resolver",))
SIGNATURE = Signature("DNSKEY", NOW - timedelta(days=3), NOW + timedelta(days=11), True)
SIGNED = Dnssec((ZoneKey(7, 13, "ECDSAP256SHA256", 256),), (2,), True, (SIGNATURE,))
SERVERS = (
    NameServer("ns1.example", ("192.0.2.1",), (View("192.0.2.1", True, 7, False),)),
    NameServer("ns2.example", ("198.51.100.1",), (View("198.51.100.1", True, 7, False),)),
)
ZONE = Zone("example", 2419200, SERVERS, SIGNED)
NAME = HostName("portal.example", True, (), ("192.0.2.7",), 300, True)
DOMAIN = Domain(
    "example",
    True,
    "example",
    caa=("issue ca.example",),
    mail_servers=(MailServer("mail.example", True, False, False),),
    spf=Spf(("v=spf1 mx -all",), 1, "-"),
    dkim=Dkim((DkimKey("s1", "rsa", 2048),), True),
    dmarc=Dmarc(
        "example", ("v=DMARC1; p=reject; rua=mailto:a@example",), "reject", 100, ("mailto:a@example",)
    ),
    mta_sts=("v=STSv1; id=1",),
    tls_rpt=("v=TLSRPTv1; rua=mailto:a@example",),
)
GOOD = DnsDomains("192.0.2.53 port 53", (DOMAIN,), (ZONE,), (NAME,))
QUIET = DnsServer("192.0.2.1", False, "")


def domain(**changes: Any) -> DnsDomains:
    return replace(GOOD, domains=(replace(DOMAIN, **changes),))


def zone(**changes: Any) -> DnsDomains:
    return replace(GOOD, zones=(replace(ZONE, **changes),))


def name(**changes: Any) -> DnsDomains:
    return replace(GOOD, names=(replace(NAME, **changes),))


def signing(**changes: Any) -> DnsDomains:
    return zone(dnssec=replace(SIGNED, **changes))


def signature(**changes: Any) -> DnsDomains:
    return signing(signatures=(replace(SIGNATURE, **changes),))


def view(**changes: Any) -> DnsDomains:
    return zone(servers=(SERVERS[0], replace(SERVERS[1], views=(replace(SERVERS[1].views[0], **changes),))))


def spf(**changes: Any) -> DnsDomains:
    return domain(spf=replace(DOMAIN.spf, **changes))  # type: ignore[type-var]


def dkim(**changes: Any) -> DnsDomains:
    return domain(dkim=replace(DOMAIN.dkim, **changes))  # type: ignore[type-var]


def dmarc(**changes: Any) -> DnsDomains:
    return domain(dmarc=replace(DOMAIN.dmarc, **changes))  # type: ignore[type-var]


def judged(check: Check, facts: DnsDomains) -> Result:
    given = {"dns_domains": facts, "asset": ASSET, "now": NOW}
    return check(**{need: given[need] for need in check.needs})


@pytest.mark.parametrize(
    ("check", "bad", "message"),
    [
        (dns.domains_exist, domain(exists=False), "does not exist"),
        (dns.separate_name_servers, zone(servers=SERVERS[:1]), "only 1 name server"),
        (
            dns.separate_name_servers,
            zone(servers=(SERVERS[0], replace(SERVERS[1], addresses=("192.0.2.9",)))),
            "all name servers are in 192.0.2.0/24",
        ),
        (dns.name_servers_agree, view(authoritative=None), "no answer from ns2.example (198.51.100.1)"),
        (dns.name_servers_agree, view(authoritative=False), "not served by ns2.example (198.51.100.1)"),
        (dns.name_servers_agree, view(serial=6), "the name servers have different versions"),
        (dns.no_open_transfer, view(transfer=True), "given to this machine by ns2.example (198.51.100.1)"),
        (dns.ttl_fits_rto, name(ttl=1801), "its TTL is too long for the RTO"),
        (dns.ttl_fits_rto, name(ttl=1801, exact=False), "its TTL is too long for the RTO"),
        (dns.secondaries_last, zone(expire=604799), "its SOA expire time is too short"),
        (
            dns.nothing_dangles,
            name(exists=False, aliases=("old.cloud.test",)),
            "the target is gone: portal.example → old.cloud.test",
        ),
        (
            dns.nothing_dangles,
            domain(mail_servers=(MailServer("mail.gone.test", False),)),
            "the target is gone: MX → mail.gone.test",
        ),
        (
            dns.nothing_dangles,
            zone(servers=(SERVERS[0], NameServer("ns.gone.test", ()))),
            "the target is gone: NS → ns.gone.test",
        ),
        (dns.caa, domain(caa=("iodef mailto:a@example",)), "any authority may issue"),
        (dnssec.signed, signing(keys=()), "not signed"),
        (dnssec.signed, signing(digests=()), "signed, but the parent has no DS record for it"),
        (
            dnssec.signatures_hold,
            signature(expiration=NOW - timedelta(seconds=1)),
            "the signatures of DNSKEY have expired",
        ),
        (dnssec.signatures_hold, signature(verified=False), "the signatures of DNSKEY are wrong"),
        (
            dnssec.signatures_hold,
            signing(chained=False),
            "no key that the parent's DS records name has signed it",
        ),
        (dnssec.signatures_hold, signing(refused=True), "the resolver refuses it as forged"),
        (
            dnssec.signatures_hold,
            signing(keys=(), signatures=()),
            "the parent says that it is signed, but it has no keys",
        ),
        (
            dnssec.signatures_renewed,
            signature(expiration=NOW + timedelta(hours=23)),
            "the signatures of DNSKEY are about to expire",
        ),
        (
            dnssec.strong_keys,
            signing(keys=(ZoneKey(7, 5, "RSASHA1", 1024),), digests=(1,)),
            "algorithm RSASHA1, an RSA key of 1024 bits, only weak digests in the parent's DS records",
        ),
        (email.spf_valid, spf(records=()), "no SPF record"),
        (email.spf_valid, spf(problem="it needs 11 lookups"), "it needs 11 lookups"),
        (email.spf_strict, spf(default="?"), "SPF ends with ?all"),
        (email.spf_strict, spf(default=""), "SPF has no `all` at its end"),
        (email.spf_strict, spf(everyone=True), "SPF lets everybody send"),
        (email.dkim_published, dkim(missing=("s2",)), "no DKIM key for the declared selectors s2"),
        (email.dkim_published, domain(dkim=Dkim(none=True)), "no usable DKIM key"),
        (email.dkim_strong, dkim(keys=(DkimKey("s1", "rsa", 1024),)), "short DKIM keys: s1"),
        (email.dmarc_enforced, domain(dmarc=Dmarc()), "no DMARC record"),
        (email.dmarc_enforced, dmarc(policy="none"), "the DMARC policy is none"),
        (email.dmarc_enforced, dmarc(percent=50), "the DMARC policy counts for a part of the mail only"),
        (email.dmarc_reports, dmarc(reports=()), "DMARC has no address for reports"),
        (email.mail_encrypted, domain(mta_sts=()), "neither MTA-STS nor DANE"),
        (email.tls_reports, domain(tls_rpt=()), "no TLS-RPT record"),
    ],
)  # fmt: skip
def test_check(check: Check, bad: DnsDomains, message: str) -> None:
    assert judged(check, GOOD).status is Status.PASS
    result = judged(check, bad)
    assert (result.status, result.message.partition(": ")[2]) == (Status.FAIL, message)


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        (dns.name_servers_agree, zone(servers=(replace(SERVERS[0], views=()),))),
        (dns.no_open_transfer, view(transfer=None)),
        (dns.ttl_fits_rto, name(exact=False)),
        (dns.nothing_dangles, domain(mail_servers=None)),
        (dnssec.signed, signing(digests=None)),
        (dnssec.signatures_hold, signing(signatures=())),
        (email.spf_valid, spf(unread=("_spf.other.test",))),
        (email.dkim_published, domain(dkim=Dkim())),
        (email.mail_encrypted, domain(mta_sts=(), mail_servers=(MailServer("mail.example", True, True),))),
        # One domain is well, of the other nothing is known.
        (email.dmarc_enforced, replace(GOOD, domains=(DOMAIN, Domain("other.test")))),
    ],
)
def test_what_could_not_be_seen_is_unknown(check: Check, facts: DnsDomains) -> None:
    assert judged(check, facts).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        (dnssec.signatures_hold, signing(keys=(), digests=(), signatures=())),
        (email.dkim_published, spf(records=("v=spf1 -all",))),
        (email.mail_encrypted, domain(mail_servers=())),
        # The parent's DMARC policy already refuses mail of a name that has none.
        (email.spf_valid, domain(name="portal.example", mail_servers=(), spf=Spf())),
    ],
)
def test_what_has_no_meaning_is_not_applicable(check: Check, facts: DnsDomains) -> None:
    assert judged(check, facts).status is Status.NOTAPPLICABLE


def test_dane_serves_instead_of_mta_sts() -> None:
    secure = domain(mta_sts=(), mail_servers=(MailServer("mail.example", True, True, True),))
    assert judged(email.mail_encrypted, secure).status is Status.PASS


def test_a_new_signature_beside_an_expired_one_is_enough() -> None:
    old = replace(SIGNATURE, expiration=NOW - timedelta(days=1))
    assert judged(dnssec.signatures_hold, signing(signatures=(old, SIGNATURE))).status is Status.PASS


def test_ttl_needs_an_rto() -> None:
    assert dns.ttl_fits_rto(GOOD, Asset("a")).status is Status.NOTCHECKED


def test_recursion_is_for_resolvers() -> None:
    open_resolver = replace(QUIET, recursion=True)
    assert dns.no_open_recursion(QUIET, ASSET).status is Status.PASS
    assert dns.no_open_recursion(open_resolver, ASSET).status is Status.FAIL
    assert dns.no_open_recursion(open_resolver, RESOLVER).status is Status.PASS


def test_version() -> None:
    assert dns.version_hidden(QUIET).status is Status.PASS
    assert dns.version_hidden(replace(QUIET, version="9.18.1-Debian")).status is Status.FAIL
    assert dns.version_hidden(replace(QUIET, version=None)).status is Status.NOTAPPLICABLE
