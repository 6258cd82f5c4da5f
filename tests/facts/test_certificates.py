"""Certificates made with OpenSSL 3.0, recorded on two Debian 12 hosts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scanner.facts.certificates import Certificates, certificates, exposed_keys
from scanner.facts.spec import Output

RECORDED = Path(__file__).parent / "recorded/certificates"


def read(name: str) -> Certificates:
    return certificates.parse(Output((RECORDED / f"{name}.txt").read_bytes()))


def test_an_old_certificate() -> None:
    old = next(c for c in read("weak").found if c.path == "/etc/nginx/old.crt")
    assert (old.key_type, old.bits, old.signature_hash) == ("RSA", 1024, "sha1")
    assert (old.not_before, old.not_after) == (
        datetime(2021, 1, 1, tzinfo=UTC),
        datetime(2022, 1, 1, tzinfo=UTC),
    )
    # `openssl req -x509` calls every certificate a CA; without the key usage it is none.
    assert old.self_signed and not old.authority


def test_an_authority_and_what_it_issued() -> None:
    by_path = {c.path: c for c in read("hardened").found}
    ca, portal = by_path["/etc/ssl/office/ca.pem"], by_path["/etc/ssl/office/portal.pem"]
    assert ca.authority and ca.self_signed
    assert (portal.key_type, portal.bits, portal.names) == ("EC", 256, ("portal.office.example",))
    assert portal.issuer == ca.subject and not portal.self_signed and not portal.authority


def test_letsencrypt_as_grep_prints_it() -> None:
    pem = (RECORDED / "weak.txt").read_text().split("\x1d/etc/nginx/old.crt\n")[1].split("\x1d")[0]
    path = "/etc/letsencrypt/live/portal/cert.pem"
    text = "".join(f"{path}:{line}\n" for line in pem.strip().split("\n"))
    assert [c.path for c in certificates.parse(Output(text.encode())).found] == [path]


def test_what_could_not_be_read_is_named() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    text = f"\x1e/etc/nginx/secret.pem\n\x1d/etc/nginx/bad.pem\n{pem}"
    seen = certificates.parse(Output(text.encode(), denied=True, truncated=True))
    assert seen.found == ()
    assert seen.unread == (
        "/etc/nginx/secret.pem",
        "/etc/nginx/bad.pem",
        "/etc/letsencrypt/live",
        "the rest of the certificate files",
    )


def test_exposed_keys() -> None:
    assert exposed_keys.parse(Output(b"/etc/nginx/portal.key\n")) == ("/etc/nginx/portal.key",)
    assert exposed_keys.parse(Output()) == ()
