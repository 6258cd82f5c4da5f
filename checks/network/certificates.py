"""Certificates that services use: valid, strong, issued; and their private keys kept to themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.certificates import Certificate, Certificates
from scanner.model import Evidence, Result

_VALIDITY = ["nist-800-53:SC-17", "cis-v8:3.10", "nis2:21.2h"]


@check("CRT-001", severity="high", controls=_VALIDITY, tags=["crypto", "certificates"])
def valid_now(certificates: Certificates, now: datetime) -> Result:
    """No certificate on the host is expired or not yet valid.

    Why: clients refuse an expired certificate, so the service is down for everybody who checks.
    Fix: renew it (`certbot renew`, or ask your CA), reload the service; delete files no longer used.
    """
    bad = [c for c in certificates.found if not c.not_before <= now <= c.not_after]
    return _judge(certificates, bad, "outside their validity", "Every certificate is valid now")


@check("CRT-002", severity="medium", controls=_VALIDITY, tags=["crypto", "certificates"])
def expires_soon(certificates: Certificates, now: datetime, days: int = 30) -> Result:
    """No certificate on the host expires soon.

    Why: renewing takes time when a CA, a change board or a supplier is involved.
    Fix: start the renewal now; `certbot renew --dry-run` shows whether the automatic one works.
    """
    return _expiring(certificates, now, days)


@check("CRT-003", severity="high", controls=_VALIDITY, tags=["crypto", "certificates"])
def expires_very_soon(certificates: Certificates, now: datetime, days: int = 14) -> Result:
    """No certificate on the host expires within two weeks.

    Why: an automatic renewal has already failed by then, and the service stops on a known date.
    Fix: renew it today and find out why the automatic renewal did not (`systemctl status certbot.timer`).
    """
    return _expiring(certificates, now, days)


@check(
    "CRT-004",
    severity="high",
    controls=["nist-800-53:SC-13", "cis-v8:3.10", "iso-27001:A.8.24", "nis2:21.2h"],
    tags=["crypto", "certificates"],
)
def strong_key(certificates: Certificates, rsa_bits: int = 2048, ec_bits: int = 224) -> Result:
    """Certificates use keys that cannot be broken.

    Why: who computes a short private key can pose as the service and read its traffic.
    Fix: issue it again with a new key: `openssl req -new -newkey rsa:3072 …`, or `-newkey ec`.
    """
    least = {"RSA": rsa_bits, "EC": ec_bits}
    bad = [c for c in certificates.found if c.key_type == "DSA" or c.bits < least.get(c.key_type, 0)]
    return _judge(certificates, bad, "with a weak key", "Every certificate has a strong key")


@check(
    "CRT-005",
    severity="high",
    controls=["nist-800-53:SC-13", "cis-v8:3.10", "iso-27001:A.8.24", "nis2:21.2h"],
    tags=["crypto", "certificates"],
)
def strong_signature(certificates: Certificates) -> Result:
    """Certificates are not signed with MD5 or SHA-1.

    Why: signatures with these hashes can be forged, and current clients refuse them.
    Fix: issue the certificate again with SHA-256: `openssl x509 -req -sha256 …`.
    """
    # The signature of a root is never checked: it is trusted by being in the list.
    bad = [
        c
        for c in certificates.found
        if c.signature_hash in ("md5", "sha1") and not (c.authority and c.self_signed)
    ]
    return _judge(certificates, bad, "signed with MD5 or SHA-1", "No certificate is signed with MD5 or SHA-1")


@check(
    "CRT-006",
    severity="high",
    controls=["nist-800-53:SC-12", "nist-800-53:AC-6", "cis-v8:3.3", "iso-27001:A.8.24"],
    tags=["crypto", "certificates"],
)
def keys_private(exposed_keys: tuple[str, ...]) -> Result:
    """Private keys can be read only by the services that use them.

    Why: whoever has an account on the host can copy the key and pose as the service elsewhere.
    Fix: `chmod 600 FILE` and give it to the service's user; then replace the key, it may be known.
    """
    if exposed_keys:
        return failed(
            f"Every user can read these private keys: {_some(exposed_keys)}",
            Evidence("find /etc/ssl and other service folders", "\n".join(exposed_keys)),
        )
    return passed("No private key in the service folders can be read by every user")


@check("CRT-007", severity="low", controls=_VALIDITY, tags=["crypto", "certificates"])
def issued(certificates: Certificates) -> Result:
    """Services use certificates issued by a CA.

    Why: users who must click through a warning for a self-signed certificate also do so for an attacker.
    Fix: get one from your CA or Let's Encrypt; delete a `snakeoil` certificate that nothing uses.
    """
    bad = [c for c in certificates.found if c.self_signed and not c.authority]
    return _judge(certificates, bad, "that are self-signed", "Every certificate is issued by a CA")


def _expiring(certificates: Certificates, now: datetime, days: int) -> Result:
    limit = now + timedelta(days=days)
    bad = [c for c in certificates.found if now <= c.not_after < limit]
    return _judge(
        certificates, bad, f"that expire within {days} days", f"No certificate expires within {days} days"
    )


def _judge(certificates: Certificates, bad: Sequence[Certificate], fault: str, good: str) -> Result:
    if bad:
        evidence = (Evidence(c.path, _describe(c)) for c in bad[:20])
        return failed(f"Certificates {fault}: {_some(sorted({c.path for c in bad}))}", *evidence)
    if certificates.unread:
        return unknown(f"Could not read {_some(certificates.unread)}; nothing wrong in the others")
    if not certificates.found:
        return not_applicable("No certificate of a service was found")
    return passed(good, *(Evidence(c.path, _describe(c)) for c in certificates.found[:20]))


def _describe(c: Certificate) -> str:
    size = f" {c.bits} bits" if c.bits else ""
    return (
        f"subject {c.subject}; issuer {c.issuer}; valid {c.not_before:%Y-%m-%d} to {c.not_after:%Y-%m-%d}; "
        f"{c.key_type}{size}; {c.signature_hash or 'no'} hash; SHA-256 {c.fingerprint}"
    )


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 10} more" if len(paths) > 10 else ""
    return ", ".join(paths[:10]) + more
