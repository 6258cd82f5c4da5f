"""Certificates as servers present them: valid, for this name, from a CA, strong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from checks.outside.tls_judge import judge
from scanner.check import check
from scanner.facts.certificates import Certificate
from scanner.facts.tls import ServedCertificate, TlsServer, TlsServers
from scanner.model import Result

_VALIDITY = ["nist-800-53:SC-17", "cis-v8:3.10", "nis2:21.2h"]
_IDENTITY = ["nist-800-53:SC-17", "nist-800-53:SC-23", "cis-v8:3.10", "iso-27001:A.8.24", "nis2:21.2h"]
_STRENGTH = ["nist-800-53:SC-13", "nist-800-53:SC-17", "cis-v8:3.10", "iso-27001:A.8.24", "nis2:21.2h"]
_TAGS = ["outside", "tls", "certificates"]


@check("TLS-013", severity="critical", controls=_VALIDITY, platforms=(), tags=_TAGS)
def valid_now(tls_servers: TlsServers, now: datetime) -> Result:
    """No server presents a certificate that is expired or not yet valid.

    Why: clients refuse it, so the service is down for all who check, and the others learn to click on.
    Fix: renew it (`certbot renew`, or ask your CA) and reload the service; if it is not yet valid, look at
    the clocks of server and CA.
    """
    return _each(
        tls_servers,
        lambda c: [_line(one) for one in c.chain if not one.not_before <= now <= one.not_after],
        "Certificates outside their validity",
        "Every certificate is valid now",
    )


@check("TLS-014", severity="medium", controls=_VALIDITY, platforms=(), tags=_TAGS)
def expires_in_a_month(tls_servers: TlsServers, now: datetime, days: int = 30) -> Result:
    """No server presents a certificate that expires within 30 days.

    Why: renewing takes time when a CA, a change board or a supplier is involved.
    Fix: start the renewal now; `certbot renew --dry-run` shows whether the automatic one works.
    """
    return _expiring(tls_servers, now, days)


@check("TLS-015", severity="high", controls=_VALIDITY, platforms=(), tags=_TAGS)
def expires_in_two_weeks(tls_servers: TlsServers, now: datetime, days: int = 14) -> Result:
    """No server presents a certificate that expires within 14 days.

    Why: an automatic renewal has already failed by then, and the service stops on a known date.
    Fix: renew it and find out why the automatic renewal did not (`systemctl status certbot.timer`).
    """
    return _expiring(tls_servers, now, days)


@check("TLS-016", severity="critical", controls=_VALIDITY, platforms=(), tags=_TAGS)
def expires_in_a_week(tls_servers: TlsServers, now: datetime, days: int = 7) -> Result:
    """No server presents a certificate that expires within 7 days.

    Why: after that the service is down for everybody who checks, and a weekend may lie before it.
    Fix: renew it today, by hand if need be, and reload the service.
    """
    return _expiring(tls_servers, now, days)


@check("TLS-017", severity="high", controls=_IDENTITY, platforms=(), tags=_TAGS)
def right_name(tls_servers: TlsServers) -> Result:
    """Servers present certificates for their own name.

    Why: clients refuse a certificate for another name; people who click on do so for an attacker's as well.
    Fix: issue it with the name as subject alternative name, or add the name that clients use to the asset's
    `domains` in the inventory.
    """

    def wrong(server: TlsServer) -> Iterable[str] | None:
        certificates = server.certificates
        if certificates is None or any(c.names_asset is None for c in certificates):
            return None
        return [
            f"is for {', '.join(c.leaf.names) or c.leaf.subject}" for c in certificates if not c.names_asset
        ]

    return judge(
        tls_servers, wrong, "Certificates for another name", "Every certificate is for the asset's name"
    )


@check("TLS-018", severity="high", controls=_IDENTITY, platforms=(), tags=_TAGS)
def trusted(tls_servers: TlsServers) -> Result:
    """Servers present certificates that lead to a trusted CA.

    Why: without a chain to a known CA nobody can tell the server from an attacker's.
    Fix: send the whole chain (`fullchain.pem`), or get a certificate from your CA. If your own CA issued it,
    add that to this machine (`update-ca-certificates`) or name its file in SSL_CERT_FILE.
    """

    def untrusted(server: TlsServer) -> Iterable[str] | None:
        certificates = server.certificates
        if certificates is None or any(c.chain_fault is None for c in certificates):
            return None
        return [f"{c.chain_fault}: {_line(c.leaf)}" for c in certificates if c.chain_fault]

    return judge(
        tls_servers, untrusted, "No chain to a trusted CA", "Every certificate leads to a trusted CA"
    )


@check("TLS-019", severity="low", controls=_IDENTITY, platforms=(), tags=_TAGS)
def chain_in_order(tls_servers: TlsServers) -> Result:
    """Servers send their chain in order.

    Why: clients in devices and programs refuse a chain that browsers still sort out by themselves.
    Fix: put the server's certificate first in the file, then the one that issued it, and so on.
    """
    return _each(
        tls_servers,
        lambda c: [] if c.ordered else [_line(one) for one in c.chain],
        "The chain is not in order",
        "Every chain is in order",
    )


@check("TLS-020", severity="high", controls=_STRENGTH, platforms=(), tags=_TAGS)
def strong_key(tls_servers: TlsServers, rsa_bits: int = 2048, ec_bits: int = 224) -> Result:
    """Servers present certificates with keys that cannot be broken.

    Why: who computes a short private key can pose as the service and read its traffic.
    Fix: issue it again with a new key: `openssl req -new -newkey rsa:3072 …`, or `-newkey ec`.
    """
    least = {"RSA": rsa_bits, "EC": ec_bits}

    def weak(certificate: Certificate) -> bool:
        return certificate.key_type == "DSA" or certificate.bits < least.get(certificate.key_type, 0)

    return _each(
        tls_servers,
        lambda c: [_line(one) for one in c.chain if weak(one)],
        "Certificates with a weak key",
        "Every certificate has a strong key",
    )


@check("TLS-021", severity="high", controls=_STRENGTH, platforms=(), tags=_TAGS)
def strong_signature(tls_servers: TlsServers) -> Result:
    """Servers present no certificate signed with MD5 or SHA-1.

    Why: such signatures can be forged, and current clients refuse them.
    Fix: issue the certificate again with SHA-256: `openssl x509 -req -sha256 …`.
    """
    # The signature of a root is never checked: it is trusted by being in the list.
    return _each(
        tls_servers,
        lambda c: [
            _line(one)
            for one in c.chain
            if one.signature_hash in ("md5", "sha1") and not (one.self_signed and one.authority)
        ],
        "Certificates signed with MD5 or SHA-1",
        "No certificate is signed with MD5 or SHA-1",
    )


@check("TLS-022", severity="info", controls=_VALIDITY, platforms=(), tags=[*_TAGS, "informational"])
def short_lived(tls_servers: TlsServers, days: int = 398) -> Result:
    """Servers present certificates that live no longer than 398 days.

    Why: browsers refuse longer ones from public CAs, and a renewal that comes once in years is forgotten.
    Fix: issue it for a year at most; better, renew by machine (ACME) every few weeks.
    """
    return _each(
        tls_servers,
        lambda c: [_line(c.leaf)] if c.leaf.not_after - c.leaf.not_before > timedelta(days=days) else [],
        f"Certificates valid for more than {days} days",
        f"No certificate is valid for more than {days} days",
    )


@check(
    "TLS-023",
    severity="info",
    controls=["nist-800-53:SC-17", "cis-v8:3.10"],
    platforms=(),
    tags=[*_TAGS, "informational"],
)
def stapled(tls_servers: TlsServers) -> Result:
    """Servers whose certificate names an OCSP responder send its answer along.

    Why: otherwise every client asks the CA, which then learns who visits, or does not notice a revocation.
    Fix: `ssl_stapling on` in nginx, `SSLUseStapling on` in Apache.
    """
    return _each(
        tls_servers,
        lambda c: [_line(c.leaf)] if c.responder and not c.stapled else [],
        "The answer of the OCSP responder is not sent along",
        "Every OCSP answer that is due is sent along",
    )


def _expiring(tls_servers: TlsServers, now: datetime, days: int) -> Result:
    limit = now + timedelta(days=days)
    return _each(
        tls_servers,
        lambda c: [_line(one) for one in c.chain if now <= one.not_after < limit],
        f"Certificates that expire within {days} days",
        f"No certificate expires within {days} days",
    )


def _each(
    tls_servers: TlsServers, faults: Callable[[ServedCertificate], list[str]], bad: str, good: str
) -> Result:
    def of_server(server: TlsServer) -> Iterable[str] | None:
        if server.certificates is None:
            return None
        return [line for certificate in server.certificates for line in faults(certificate)]

    return judge(tls_servers, of_server, bad, good)


def _line(c: Certificate) -> str:
    size = f" {c.bits} bits" if c.bits else ""
    return (
        f"subject {c.subject}; issuer {c.issuer}; valid {c.not_before:%Y-%m-%d} to {c.not_after:%Y-%m-%d}; "
        f"{c.key_type}{size}; {c.signature_hash or 'no'} hash; SHA-256 {c.fingerprint}"
    )
