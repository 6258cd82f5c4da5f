"""TLS seen from outside, each check once good and once bad."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.outside import tls, tls_certificates
from scanner.check import Check
from scanner.facts.certificates import Certificate
from scanner.facts.tls import ClearService, ServedCertificate, Suite, TlsServer, TlsServers, Version
from scanner.model import Port, Status

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LEAF = Certificate(
    "443/tcp", "CN=portal", "CN=CA", ("portal.office.example",), NOW - timedelta(days=9),
    NOW + timedelta(days=99), "EC", 256, "sha256", False, False, "ab",
)  # fmt: skip
SERVED = ServedCertificate(LEAF)
GCM = Suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
TLS13 = Version("TLSv1.3", (Suite("TLS_AES_128_GCM_SHA256"),))
GOOD = TlsServer(
    Port(443), versions=(Version("TLSv1.2", (GCM,)), TLS13), groups=("X25519", "secp256r1"),
    hybrid="X25519MLKEM768", dh_bits=2048, certificates=(SERVED,),
)  # fmt: skip


def accepting(*suites: str, version: str = "TLSv1.2") -> TlsServer:
    return replace(GOOD, versions=(Version(version, tuple(map(Suite, suites))),))


def status(check: Check, server: TlsServer) -> Status:
    clock = {"now": NOW} if "now" in check.needs else {}
    return check.function(tls_servers=TlsServers((server,)), **clock).status


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (tls.no_ssl, accepting("SSL_CK_RC4_128_WITH_MD5", version="SSLv2")),
        (tls.no_ssl, accepting("TLS_RSA_WITH_AES_128_CBC_SHA", version="SSLv3")),
        (tls.no_old_tls, accepting("TLS_RSA_WITH_AES_128_CBC_SHA", version="TLSv1.0")),
        (tls.tls13, accepting(GCM.name)),
        (tls.no_unprotected_suites, accepting("TLS_ECDHE_RSA_WITH_NULL_SHA")),
        (tls.no_unprotected_suites, accepting("TLS_DH_anon_WITH_AES_128_CBC_SHA")),
        (tls.no_unprotected_suites, accepting("TLS_RSA_EXPORT1024_WITH_RC4_56_SHA")),
        (tls.no_broken_suites, accepting("TLS_RSA_WITH_3DES_EDE_CBC_SHA")),
        (tls.no_broken_suites, accepting("TLS_RSA_WITH_RC4_128_SHA")),
        (tls.no_broken_suites, accepting("TLS_RSA_WITH_NULL_MD5")),
        (tls.authenticated_encryption, accepting("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA")),
        (tls.forward_secrecy, accepting("TLS_RSA_WITH_AES_128_GCM_SHA256")),
        (tls.strong_groups, replace(GOOD, dh_bits=1024)),
        (tls.strong_groups, replace(GOOD, groups=("secp192r1",))),
        (tls.no_known_holes, replace(GOOD, heartbleed=True)),
        (tls.no_known_holes, replace(GOOD, early_ccs=True)),
        (tls.no_known_holes, replace(GOOD, robot=True)),
        (tls.no_compression, replace(GOOD, compression=True)),
        (tls.no_compression, replace(GOOD, insecure_renegotiation=True)),
        (tls.post_quantum, replace(GOOD, hybrid="")),
    ],
)
def test_protocol(check: Check, bad: TlsServer) -> None:
    assert status(check, GOOD) is Status.PASS
    assert status(check, bad) is Status.FAIL


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (tls_certificates.valid_now, {"not_after": NOW - timedelta(days=1)}),
        (tls_certificates.valid_now, {"not_before": NOW + timedelta(days=1)}),
        (tls_certificates.expires_in_a_month, {"not_after": NOW + timedelta(days=29)}),
        (tls_certificates.expires_in_two_weeks, {"not_after": NOW + timedelta(days=13)}),
        (tls_certificates.expires_in_a_week, {"not_after": NOW + timedelta(days=6)}),
        (tls_certificates.strong_key, {"key_type": "RSA", "bits": 1024}),
        (tls_certificates.strong_key, {"key_type": "DSA", "bits": 2048}),
        (tls_certificates.strong_signature, {"signature_hash": "sha1"}),
        (tls_certificates.short_lived, {"not_before": NOW - timedelta(days=300)}),
    ],
)
def test_certificate(check: Check, bad: dict[str, object]) -> None:
    leaf = replace(LEAF, **bad)  # type: ignore[arg-type]
    assert status(check, GOOD) is Status.PASS
    assert status(check, replace(GOOD, certificates=(replace(SERVED, leaf=leaf),))) is Status.FAIL


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (tls_certificates.right_name, {"names_asset": False}),
        (tls_certificates.trusted, {"chain_fault": "self signed certificate"}),
        (tls_certificates.chain_in_order, {"ordered": False}),
        (tls_certificates.stapled, {"responder": True}),
    ],
)
def test_presentation(check: Check, bad: dict[str, object]) -> None:
    assert status(check, GOOD) is Status.PASS
    served = replace(SERVED, **bad)  # type: ignore[arg-type]
    assert status(check, replace(GOOD, certificates=(SERVED, served))) is Status.FAIL


def test_an_intermediate_counts_and_a_root_is_not_verified() -> None:
    weak = replace(LEAF, subject="CN=CA", signature_hash="sha1", self_signed=True)
    server = replace(GOOD, certificates=(replace(SERVED, issuers=(weak,)),))
    assert status(tls_certificates.strong_signature, server) is Status.FAIL
    root = replace(server, certificates=(replace(SERVED, issuers=(replace(weak, authority=True),)),))
    assert status(tls_certificates.strong_signature, root) is Status.PASS


def test_starttls() -> None:
    clear = (ClearService(Port(25), "smtp", "250 HELP"),)
    upgraded = replace(GOOD, port=Port(587), starttls="smtp")
    judge = tls.starttls_offered.function
    assert judge(TlsServers((upgraded,))).status is Status.PASS
    assert judge(TlsServers((upgraded,), clear)).status is Status.FAIL
    assert judge(TlsServers((GOOD,))).status is Status.NOTAPPLICABLE
    assert (
        judge(TlsServers((GOOD,), unread=("25/tcp (smtp): the connection was cut",))).status is Status.UNKNOWN
    )


@pytest.mark.parametrize(
    ("check", "blind"),
    [
        (tls.no_ssl, {"versions": None}),
        (tls.no_ssl, {"silent": ("SSLv3",)}),
        (tls.tls13, {"versions": (Version("TLSv1.2", (GCM,)),), "silent": ("TLSv1.3",)}),
        (tls.no_broken_suites, {"silent": ("TLSv1.0",)}),
        (tls.authenticated_encryption, {"versions": None}),
        (tls.forward_secrecy, {"versions": None}),
        (tls.forward_secrecy, {"silent": ("TLSv1.0",)}),
        (tls.strong_groups, {"groups": None}),
        (tls.strong_groups, {"dh_bits": None}),
        (tls.no_known_holes, {"robot": None}),
        (tls.post_quantum, {"hybrid": None}),
        (tls_certificates.valid_now, {"certificates": None}),
        (tls_certificates.right_name, {"certificates": (replace(SERVED, names_asset=None),)}),
        (tls_certificates.trusted, {"certificates": (replace(SERVED, chain_fault=None),)}),
    ],
)
def test_what_could_not_be_told_is_no_pass(check: Check, blind: dict[str, object]) -> None:
    assert status(check, replace(GOOD, **blind)) is Status.UNKNOWN  # type: ignore[arg-type]


def test_a_port_that_could_not_be_looked_at_is_no_pass() -> None:
    seen = TlsServers((GOOD,), unread=("8443/tcp: no answer within the time limit",))
    assert tls.no_ssl.function(seen).status is Status.UNKNOWN
    assert tls.no_ssl.function(TlsServers(())).status is Status.NOTAPPLICABLE
