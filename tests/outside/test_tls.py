"""TLS as real servers speak it: OpenSSL's s_server and a mail server, with good and with bad settings."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.facts.exposure import OpenPort
from scanner.facts.spec import Absent
from scanner.facts.tls import ServedCertificate, TlsServer, TlsServers
from scanner.model import Asset, Connection, Port, Status
from scanner.outside.target import server_names
from tests.outside.tls_hosts import (
    ADDRESS,
    CHECKS,
    MODERN,
    NAME,
    Pair,
    judged,
    look,
    make,
    ocsp_answer,
    s_server,
    smtp,
)

pytest.importorskip("sslyze", reason="needs drscan[tls]")

# No software in Debian 12 offers SSL, has these holes, compresses, or offers post-quantum groups.
NEVER_BAD = {"TLS-001", "TLS-009", "TLS-010"}
NEVER_GOOD = {"TLS-012"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def ca(folder: Path) -> Iterator[Pair]:
    """A CA that this machine trusts."""
    pair = make(folder, "ca", subject="Office CA", names=(), authority=True, days=(-9, 900))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(pair.pem))
        yield pair


@pytest.fixture(scope="module")
def good(folder: Path, ca: Pair) -> TlsServers:
    pair = make(folder, "good", issuer=ca, responder=True)
    stapling = ("-status_file", ocsp_answer(folder, pair, ca))
    with (
        s_server(pair, "-cipher", MODERN, *stapling) as web,
        smtp(make(folder, "mail", issuer=ca)) as mail,
    ):
        return look(web, mail)


@pytest.fixture(scope="module")
def bad(folder: Path, ca: Pair) -> TlsServers:
    dh = folder / "dh.pem"
    subprocess.run(
        ["openssl", "dhparam", "-dsaparam", "-out", str(dh), "1024"], check=True, capture_output=True
    )
    expired = make(
        folder, "expired", names=("other.office.example",), days=(-900, -1), bits=1024, responder=True
    )
    everything = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-no_tls1_3", "-dhparam", dh)
    soon = make(folder, "soon", issuer=ca, days=(-9, 5), bits=2048)
    with (
        s_server(expired, *everything, "-cert_chain", ca.pem) as old,
        s_server(soon, "-cipher", "ECDHE-RSA-AES128-SHA", "-no_tls1_3") as cbc,
        s_server(sha1_signed(folder, ca), "-cipher", "DEFAULT:@SECLEVEL=0") as sha1,
        smtp(None) as mail,
    ):
        return look(old, cbc, sha1, mail)


def openssl(*argv: str | Path) -> None:
    subprocess.run(["openssl", *argv], check=True, capture_output=True)


def sha1_signed(folder: Path, ca: Pair) -> Pair:
    """cryptography signs no certificate with SHA-1; OpenSSL does."""
    pair = make(folder, "sha1", bits=2048)
    signed = folder / "sha1-signed.pem"
    openssl("x509", "-in", pair.pem, "-CA", ca.pem, "-CAkey", ca.key, "-sha1", "-out", signed)
    return replace(pair, pem=signed)


def certificate(server: TlsServer) -> ServedCertificate:
    assert server.certificates
    return server.certificates[0]


@pytest.mark.parametrize("id", sorted(CHECKS.keys() - NEVER_GOOD))
def test_good_servers_pass(id: str, good: TlsServers) -> None:
    result = judged(id, good)
    assert result.status is Status.PASS, result


@pytest.mark.parametrize("id", sorted(CHECKS.keys() - NEVER_BAD))
def test_bad_servers_fail(id: str, bad: TlsServers) -> None:
    result = judged(id, bad)
    assert result.status is Status.FAIL, result


def test_what_is_seen_of_a_good_server(good: TlsServers) -> None:
    web = next(server for server in good.servers if not server.starttls)
    assert web.versions
    assert [version.name for version in web.versions] == ["TLSv1.2", "TLSv1.3"]
    assert {"X25519", "secp256r1"} <= set(web.groups or ())
    assert web.hybrid == ""
    seen = certificate(web)
    assert (seen.leaf.names, seen.leaf.key_type, seen.chain_fault) == ((NAME,), "EC", "")
    assert not good.unread and not good.clear


def test_what_is_seen_of_a_bad_server(bad: TlsServers) -> None:
    old = next(server for server in bad.servers if server.dh_bits == 1024)
    names = {suite.name for suite in old.suites}
    assert {"TLS_RSA_WITH_NULL_MD5", "TLS_DH_anon_WITH_AES_128_CBC_SHA"} <= names
    assert certificate(old).chain_fault == "self signed certificate"
    assert [found.protocol for found in bad.clear] == ["smtp"]


def test_two_certificates_of_one_server(folder: Path, ca: Pair) -> None:
    curve, rsa = make(folder, "curve", issuer=ca), make(folder, "rsa", issuer=ca, bits=2048)
    with s_server(curve, "-dcert", rsa.pem, "-dkey", rsa.key) as port:
        (server,) = look(port).servers
    assert sorted(one.leaf.key_type for one in server.certificates or ()) == ["EC", "RSA"]


def test_a_wildcard_and_an_address(folder: Path, ca: Pair) -> None:
    pair = make(folder, "wild", issuer=ca, names=("*.office.example",))
    with s_server(pair) as port:
        assert certificate(look(port).servers[0]).names_asset is True
        assert certificate(look(port, host="a.b.office.example").servers[0]).names_asset is False
        assert certificate(look(port, host=ADDRESS).servers[0]).names_asset is None


def test_a_server_that_asks_for_a_client_certificate(folder: Path, ca: Pair) -> None:
    with s_server(make(folder, "mutual", issuer=ca), "-Verify", "2", "-cipher", MODERN) as port:
        seen = look(port)
    assert judged("TLS-002", seen).status is Status.PASS
    assert judged("TLS-018", seen).status is Status.PASS


def test_no_port_speaks_tls() -> None:
    with pytest.raises(Absent):
        look(OpenPort(Port(22), service="ssh"))


def test_server_names() -> None:
    named = Asset("db1.office.example", Connection(host="10.0.0.1"), domains=("office.example", "a b", "ü"))
    assert server_names(named) == ("db1.office.example", "office.example")
    assert server_names(replace(named, connection=Connection(host="db1"))) == ("db1", *server_names(named))
