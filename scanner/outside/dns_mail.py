"""Reads what a domain publishes about its mail: MX, DKIM, DMARC, MTA-STS and TLS reporting."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

import dns.exception
import dns.name
from dns.rdtypes.ANY.MX import MX

from scanner.facts.dns import Dkim, DkimKey, Dmarc, Domain, MailServer
from scanner.outside import spf
from scanner.outside.dns_client import AUTHENTIC, Client, ServerAddress, Unanswered, clip, printable

MAX_MAIL_SERVERS = 8
MAX_SELECTORS = 12
# What mail services and the packages of distributions use when nobody chooses: among them those of Google,
# Microsoft 365, Mailchimp, Fastmail and Proton.
USUAL_SELECTORS = (
    "default", "mail", "dkim", "google", "selector1", "selector2", "s1", "s2", "k1", "fm1", "protonmail",
)  # fmt: skip
# Labels, the root's among them, of the shortest name asked for DMARC. RFC 7489 stops at the organisation's
# domain, for which one needs a list; climbing further finds nothing where a registry publishes nothing.
DMARC_LEAST_LABELS = 3


def read(
    domain: Domain, client: Client, resolver: ServerAddress, name: dns.name.Name, selectors: tuple[str, ...]
) -> Domain:
    """The domain with all that it publishes about mail. selectors: of its DKIM keys; usual ones if empty."""
    mail_servers, null_mx = _mail_servers(client, resolver, name)
    return replace(
        domain,
        mail_servers=mail_servers,
        null_mx=null_mx,
        spf=spf.read(name, lambda where: client.texts(resolver, where, "v=spf1")),
        dkim=_dkim(client, resolver, name, selectors),
        dmarc=_dmarc(client, resolver, name),
        mta_sts=_texts(client, resolver, "_mta-sts", name, "v=STSv1"),
        tls_rpt=_texts(client, resolver, "_smtp._tls", name, "v=TLSRPTv1"),
    )


def tags(text: str) -> dict[str, str]:
    """The `tag=value; tag=value` list that DKIM and DMARC records are; of a repeated tag the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";")[:50]:
        tag, _, value = part.partition("=")
        found.setdefault(tag.strip().lower(), value.strip())
    return found


def _below(prefix: str, name: dns.name.Name) -> dns.name.Name:
    """The name with labels in front. Raises Unanswered when that is no name."""
    try:
        return dns.name.from_text(prefix, name)
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        raise Unanswered(f"{printable(prefix)!r} is not a name") from error


def _texts(
    client: Client, resolver: ServerAddress, prefix: str, name: dns.name.Name, start: str
) -> tuple[str, ...] | None:
    try:
        return tuple(clip(text) for text in client.texts(resolver, _below(prefix, name), start))
    except Unanswered:
        return None


def _mail_servers(
    client: Client, resolver: ServerAddress, name: dns.name.Name
) -> tuple[tuple[MailServer, ...] | None, bool]:
    """The targets of MX, and whether there is a null MX (RFC 7505)."""
    try:
        records = client.ask(resolver, name, "MX").all(MX)
    except Unanswered:
        return None, False
    targets = sorted({record.exchange for record in records} - {dns.name.root})[:MAX_MAIL_SERVERS]
    null_mx = bool(records) and not targets
    return tuple(_mail_server(client, resolver, target) for target in targets), null_mx


def _mail_server(client: Client, resolver: ServerAddress, target: dns.name.Name) -> MailServer:
    exists: bool | None = None
    tlsa: bool | None = None
    secure = False
    try:
        exists = client.ask(resolver, target, "A").exists
        answer = client.ask(resolver, _below("_25._tcp", target), "TLSA", AUTHENTIC)
        tlsa, secure = answer.records is not None, answer.authenticated
    except Unanswered:
        pass
    return MailServer(clip(printable(target)), exists, tlsa, secure)


def _dkim(
    client: Client, resolver: ServerAddress, name: dns.name.Name, declared: tuple[str, ...]
) -> Dkim | None:
    """The keys of the declared selectors, or of the usual ones when none is declared."""
    keys: list[DkimKey] = []
    missing: list[str] = []
    try:
        # Where this name does not exist, nothing below it does (RFC 8020).
        if not client.ask(resolver, _below("_domainkey", name), "TXT").exists:
            return Dkim(declared=bool(declared), missing=tuple(map(printable, declared)), none=True)
        for selector in (declared or USUAL_SELECTORS)[:MAX_SELECTORS]:
            texts = client.texts(resolver, _below(f"{selector}._domainkey", name))
            found = [text for text in texts if "p" in tags(text)]
            keys += [dkim_key(printable(selector), text) for text in found[:1]]
            if declared and not found:
                missing.append(printable(selector))
    except Unanswered:
        return None
    return Dkim(tuple(keys), bool(declared), tuple(missing))


def dkim_key(selector: str, text: str) -> DkimKey:
    """The key in a DKIM record. Never raises: what is wrong with it is in `problem`."""
    values = tags(text)
    kind = clip(values.get("k", "rsa").lower())
    try:
        raw = base64.b64decode("".join(values["p"].split()), validate=True)
    except (binascii.Error, ValueError):
        return DkimKey(selector, kind, 0, "the key is not base64")
    if not raw:
        return DkimKey(selector, kind, 0)
    if kind == "ed25519":
        return DkimKey(selector, kind, 256, "" if len(raw) == 32 else "the key has the wrong length")
    if kind != "rsa":
        return DkimKey(selector, kind, 0, "the kind of key is not known to receivers")
    return _rsa_key(selector, raw)


def _rsa_key(selector: str, raw: bytes) -> DkimKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(raw)
    except Exception:  # many unrelated types for malformed keys
        return DkimKey(selector, "rsa", 0, "the key cannot be read")
    if not isinstance(key, RSAPublicKey):
        return DkimKey(selector, "rsa", 0, "the key is not an RSA key")
    return DkimKey(selector, "rsa", key.key_size)


def _dmarc(client: Client, resolver: ServerAddress, name: dns.name.Name) -> Dmarc | None:
    """The DMARC record that receivers use for `name`: its own or the nearest parent's."""
    where = name
    try:
        while True:
            records = client.texts(resolver, _below("_dmarc", where), "v=DMARC1")
            if records or len(where.labels) <= DMARC_LEAST_LABELS:
                break
            where = where.parent()
    except Unanswered:
        return None
    return dmarc(clip(printable(where)), records, inherited=where != name)


def dmarc(found_at: str, records: tuple[str, ...], *, inherited: bool) -> Dmarc:
    """Records as read. inherited: they are a parent's, whose `sp` goes before `p` (RFC 7489, 6.3)."""
    if not records:
        return Dmarc()
    values = tags(records[0])
    policy = values.get("p", "")
    if inherited:
        policy = values.get("sp", policy)
    percent = values.get("pct", "100")
    reports = tuple(clip(uri.strip()) for uri in values.get("rua", "").split(",")[:10] if uri.strip())
    return Dmarc(
        found_at,
        tuple(clip(record) for record in records),
        clip(policy.lower()),
        int(percent) if percent.isdecimal() and len(percent) <= 3 else 100,
        reports,
    )
