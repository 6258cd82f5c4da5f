"""Mail: can others send in the office's name, and does its own mail travel protected?"""

from __future__ import annotations

from collections.abc import Callable

from checks.outside.dns_judge import Finding, Skipped, Unseen, judge, known
from scanner.check import check
from scanner.facts.dns import DnsDomains, Domain
from scanner.model import Result


@check(
    "EML-001",
    severity="high",
    controls=["nist-800-53:SI-8", "cis-v8:9.5", "iso-27001:A.5.14"],
    platforms=(),
    tags=["outside", "mail"],
)
def spf_valid(dns_domains: DnsDomains) -> Result:
    """Each domain has one valid SPF record.

    Why: without it, or with one that receivers reject as invalid, anybody may send mail in the office's name.
    Fix: publish one TXT record such as `v=spf1 mx -all`, with at most 10 lookups; `v=spf1 -all` where no
    mail is sent.
    """

    def look(domain: Domain) -> Finding:
        spf = known(domain.spf, "SPF")
        seen = "\n".join(spf.records) or "no SPF record"
        if not spf.records:
            # Below the zone, a strict DMARC policy of the parent already covers a name without mail.
            if domain.zone != domain.name and not domain.mail_servers and _enforced(domain):
                raise Skipped
            return "no SPF record", seen
        if spf.problem:
            return spf.problem, seen
        if spf.unread:
            raise Unseen(f"{', '.join(spf.unread[:5])} could not be read")
        return "", seen

    return _judge(dns_domains, look, "Every domain has a valid SPF record")


@check(
    "EML-002",
    severity="high",
    controls=["nist-800-53:SI-8", "cis-v8:9.5", "iso-27001:A.5.14"],
    platforms=(),
    tags=["outside", "mail"],
)
def spf_strict(dns_domains: DnsDomains, endings: tuple[str, ...] = ("-", "~")) -> Result:
    """SPF tells receivers to distrust every sender that it does not list.

    Why: a record that ends in `+all` or `?all`, or lets in half the Internet, stops no forger.
    Fix: list your senders and end the record with `-all` (`~all` while you test).
    """

    def look(domain: Domain) -> Finding:
        spf = known(domain.spf, "SPF")
        if not spf.records:
            raise Skipped
        seen = "\n".join(spf.records)
        if spf.everyone:
            return "SPF lets everybody send", seen
        if spf.default not in endings:
            return f"SPF ends with {spf.default}all" if spf.default else "SPF has no `all` at its end", seen
        return "", seen

    return _judge(dns_domains, look, "SPF refuses senders that it does not list")


@check(
    "EML-003",
    severity="medium",
    controls=["nist-800-53:SI-8", "cis-v8:9.5", "iso-27001:A.5.14"],
    platforms=(),
    tags=["outside", "mail"],
)
def dkim_published(dns_domains: DnsDomains) -> Result:
    """Domains that send mail publish a DKIM key.

    Why: without a signature forwarded mail fails every test, and receivers cannot tell real mail from forged.
    Fix: sign with rspamd or OpenDKIM, publish `SELECTOR._domainkey`, and tag the asset `dkim:SELECTOR` in
    the inventory so that this very key is watched.
    """

    def look(domain: Domain) -> Finding:
        if not _sends(domain):
            raise Skipped
        dkim = known(domain.dkim, "DKIM")
        usable = [key for key in dkim.keys if key.bits and not key.problem]
        seen = "\n".join(f"{k.selector}: {k.kind} {k.bits} bits {k.problem}" for k in dkim.keys) or "no key"
        if dkim.missing:
            return f"no DKIM key for the declared selectors {', '.join(dkim.missing[:5])}", seen
        if usable:
            return "", seen
        if dkim.none or dkim.declared or dkim.keys:
            return "no usable DKIM key", seen
        raise Unseen("none of the usual selectors has a DKIM key; tag the asset `dkim:SELECTOR`")

    return _judge(dns_domains, look, "Domains that send mail publish a DKIM key")


@check(
    "EML-004",
    severity="medium",
    controls=["nist-800-53:SC-13", "cis-v8:9.5", "iso-27001:A.8.24", "nis2:21.2h"],
    platforms=(),
    tags=["outside", "mail", "crypto"],
)
def dkim_strong(dns_domains: DnsDomains, rsa_bits: int = 2048) -> Result:
    """DKIM keys are long enough.

    Why: a short key is broken in days, and then forged mail carries the office's own signature.
    Fix: make a new key of 2048 bits under a new selector, sign with it, and empty `p=` of the old one.
    """

    def look(domain: Domain) -> Finding:
        keys = [key for key in known(domain.dkim, "DKIM").keys if key.bits]
        if not keys:
            raise Skipped
        weak = [k.selector for k in keys if k.kind == "rsa" and k.bits < rsa_bits]
        seen = "\n".join(f"{key.selector}: {key.kind} {key.bits} bits" for key in keys)
        return f"short DKIM keys: {', '.join(weak)}" if weak else "", seen

    return _judge(dns_domains, look, "DKIM keys are long enough", "No DKIM key was found")


@check(
    "EML-005",
    severity="high",
    controls=["nist-800-53:SI-8", "cis-v8:9.5", "iso-27001:A.5.14"],
    platforms=(),
    tags=["outside", "mail"],
)
def dmarc_enforced(
    dns_domains: DnsDomains, policies: tuple[str, ...] = ("quarantine", "reject"), percent: int = 100
) -> Result:
    """DMARC tells receivers to refuse forged mail, all of it.

    Why: SPF and DKIM alone do not protect the sender that people see; without a policy forgeries
    are delivered.
    Fix: publish `_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@…"`; begin with `p=none` and read
    the reports.
    """

    def look(domain: Domain) -> Finding:
        dmarc = known(domain.dmarc, "DMARC")
        seen = "\n".join((f"_dmarc.{dmarc.found_at}", *dmarc.records)) if dmarc.records else "no DMARC record"
        if not dmarc.records:
            return "no DMARC record", seen
        if len(dmarc.records) > 1:
            return "several DMARC records, which receivers ignore", seen
        if dmarc.policy not in policies:
            return f"the DMARC policy is {dmarc.policy or 'missing'}", seen
        if dmarc.percent < percent:
            return "the DMARC policy counts for a part of the mail only", seen
        return "", seen

    return _judge(dns_domains, look, "DMARC refuses forged mail")


@check(
    "EML-006",
    severity="low",
    controls=["nist-800-53:SI-4", "cis-v8:9.5"],
    platforms=(),
    tags=["outside", "mail", "alerting"],
)
def dmarc_reports(dns_domains: DnsDomains) -> Result:
    """DMARC reports are sent to somebody.

    Why: the reports show who forges the office's mail, and which of its own senders would be refused.
    Fix: add `rua=mailto:dmarc@your.domain` to the DMARC record.
    """

    def look(domain: Domain) -> Finding:
        dmarc = known(domain.dmarc, "DMARC")
        if not dmarc.records:
            raise Skipped
        return "" if dmarc.reports else "DMARC has no address for reports", "\n".join(dmarc.records)

    return _judge(dns_domains, look, "DMARC reports are asked for", "No domain has a DMARC record")


@check(
    "EML-007",
    severity="medium",
    controls=["nist-800-53:SC-8", "cis-v8:3.10", "csf-2.0:PR.DS-02", "iso-27001:A.5.14", "nis2:21.2j"],
    platforms=(),
    tags=["outside", "mail", "tls"],
)
def mail_encrypted(dns_domains: DnsDomains) -> Result:
    """Other mail servers are told to deliver encrypted only, by MTA-STS or DANE.

    Why: without it anyone on the way can switch encryption off, unseen, and read or change the mail.
    Fix: publish `_mta-sts IN TXT "v=STSv1; id=1"` and the policy at https://mta-sts.DOMAIN/.well-known/
    mta-sts.txt; or, in a signed zone, TLSA records at _25._tcp of each mail server.
    """

    def look(domain: Domain) -> Finding:
        mail = known(domain.mail_servers, "MX")
        if not mail:
            raise Skipped
        policies = known(domain.mta_sts, "MTA-STS")
        tlsa = [f"{server.name} TLSA: {server.tlsa}, secure: {server.secure}" for server in mail]
        seen = "\n".join((*policies, *tlsa))
        if len(policies) == 1 or all(server.tlsa and server.secure for server in mail):
            return "", seen
        if len(policies) > 1:
            return "several MTA-STS records, which senders ignore", seen
        if any(server.tlsa is None for server in mail):
            raise Unseen("no answer for TLSA")
        if all(server.tlsa for server in mail):
            raise Unseen("the resolver does not say whether the TLSA records are signed")
        return "neither MTA-STS nor DANE", seen

    return _judge(dns_domains, look, "MTA-STS or DANE asks for encrypted delivery", "No domain takes mail")


@check(
    "EML-008",
    severity="low",
    controls=["nist-800-53:SI-4", "cis-v8:3.10", "csf-2.0:DE.CM-01"],
    platforms=(),
    tags=["outside", "mail", "tls", "alerting"],
)
def tls_reports(dns_domains: DnsDomains) -> Result:
    """Other mail servers report when they could not deliver encrypted.

    Why: when a certificate or policy is wrong, mail stays away, and only the sender's side knows why.
    Fix: publish `_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:tls-reports@your.domain"`.
    """

    def look(domain: Domain) -> Finding:
        if not known(domain.mail_servers, "MX"):
            raise Skipped
        records = known(domain.tls_rpt, "TLS-RPT")
        fault = "" if len(records) == 1 else "several TLS-RPT records" if records else "no TLS-RPT record"
        return fault, "\n".join(records) or "no TLS-RPT record"

    return _judge(dns_domains, look, "TLS reports are asked for", "No domain takes mail")


def _judge(
    dns: DnsDomains, look: Callable[[Domain], Finding], good: str, nothing: str = "No domain has mail"
) -> Result:
    existing = [domain for domain in dns.domains if domain.exists]
    return judge(dns, existing, look, good=good, nothing=nothing)


def _enforced(domain: Domain) -> bool:
    return domain.dmarc is not None and len(domain.dmarc.records) == 1 and domain.dmarc.policy == "reject"


def _sends(domain: Domain) -> bool:
    """Whether the domain sends mail, by its records; a bare `v=spf1 -all` says that it does not."""
    spf = known(domain.spf, "SPF")
    if spf.records:
        return spf.records[0].split()[1:] != ["-all"]
    return bool(known(domain.mail_servers, "MX"))
