"""TLS as clients meet it: versions, suites and keys that protect what is sent."""

from __future__ import annotations

from collections.abc import Iterable

from checks.outside.tls_judge import judge
from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.tls import BROKEN, UNPROTECTED, TlsServer, TlsServers
from scanner.model import Evidence, Result

_ENCRYPTION = [
    "nist-800-53:SC-8(1)", "nist-800-53:SC-13", "cis-v8:3.10", "iso-27001:A.8.24", "csf-2.0:PR.DS-02",
    "nis2:21.2h",
]  # fmt: skip
_FLAWS = ["nist-800-53:SI-2", "nist-800-53:SC-8(1)", "cis-v8:7.7", "iso-27001:A.8.8", "nis2:21.2e"]
_TAGS = ["outside", "tls"]


@check("TLS-001", severity="high", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def no_ssl(tls_servers: TlsServers) -> Result:
    """No port accepts SSL 2 or SSL 3.

    Why: both are broken by design (DROWN, POODLE): what is sent, passwords too, can be read on the way.
    Fix: allow `TLSv1.2 TLSv1.3` only: `ssl_protocols` in nginx, `SSLProtocol` in Apache,
    `smtpd_tls_protocols = >=TLSv1.2` in Postfix; replace what cannot.
    """
    return judge(
        tls_servers, lambda s: _accepted(s, "SSLv2", "SSLv3"), "SSL is accepted", "No port accepts SSL"
    )


@check("TLS-002", severity="medium", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def no_old_tls(tls_servers: TlsServers) -> Result:
    """No port accepts TLS 1.0 or TLS 1.1.

    Why: they rest on MD5 and SHA-1 and are forbidden (RFC 8996, NIST SP 800-52 r2).
    Fix: allow `TLSv1.2 TLSv1.3` only: `ssl_protocols` in nginx, `SSLProtocol` in Apache,
    `smtpd_tls_protocols = >=TLSv1.2` in Postfix, `ssl_min_protocol_version` in PostgreSQL.
    """
    return judge(
        tls_servers,
        lambda s: _accepted(s, "TLSv1.0", "TLSv1.1"),
        "TLS 1.0 or 1.1 is accepted",
        "No port accepts TLS 1.0 or 1.1",
    )


@check("TLS-003", severity="low", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def tls13(tls_servers: TlsServers) -> Result:
    """Every TLS port offers TLS 1.3.

    Why: it leaves out all that was attacked in earlier versions; NIST SP 800-52 r2 asks for it since 2024.
    Fix: add `TLSv1.3` to the protocols; software that does not know it needs OpenSSL 1.1.1 or newer.
    """

    def missing(server: TlsServer) -> Iterable[str] | None:
        if server.versions is None or "TLSv1.3" in server.silent:
            return None
        names = [version.name for version in server.versions]
        return () if "TLSv1.3" in names else [f"accepts {', '.join(names)}"]

    return judge(tls_servers, missing, "TLS 1.3 is not offered", "Every TLS port offers TLS 1.3")


@check("TLS-004", severity="critical", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def no_unprotected_suites(tls_servers: TlsServers) -> Result:
    """No port accepts suites without encryption or without proof of the server.

    Why: with NULL, anonymous and EXPORT suites anyone on the way reads or changes the traffic at will.
    Fix: set the suites to `HIGH:!aNULL:!eNULL:!EXPORT` or better: `ssl_ciphers` in nginx,
    `SSLCipherSuite` in Apache, `smtpd_tls_mandatory_exclude_ciphers = aNULL` in Postfix.
    """
    return judge(
        tls_servers,
        lambda s: _faulty(s, UNPROTECTED),
        "Suites that do not protect are accepted",
        "Every accepted suite encrypts and proves the server",
    )


@check("TLS-005", severity="high", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def no_broken_suites(tls_servers: TlsServers) -> Result:
    """No port accepts suites with RC4, 3DES or other broken ciphers.

    Why: there are known attacks on them that recover passwords and session cookies.
    Fix: set the suites to `HIGH:!aNULL:!3DES:!RC4:!MD5` or better: `ssl_ciphers` in nginx,
    `SSLCipherSuite` in Apache, `tls_high_cipherlist` in Postfix.
    """
    return judge(
        tls_servers,
        lambda s: _faulty(s, BROKEN),
        "Suites with a broken cipher are accepted",
        "No broken cipher is accepted",
    )


@check("TLS-006", severity="medium", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def authenticated_encryption(tls_servers: TlsServers) -> Result:
    """Every TLS port offers suites with authenticated encryption.

    Why: with CBC suites alone, a client cannot avoid the padding attacks made on them (Lucky 13 and others).
    Fix: add suites with GCM or ChaCha20: `ECDHE+AESGCM:ECDHE+CHACHA20`.
    """

    def only_cbc(server: TlsServer) -> Iterable[str] | None:
        if not server.suites or (
            server.silent and not any(s.authenticated_encryption for s in server.suites)
        ):
            return None
        good = any(suite.authenticated_encryption for suite in server.suites)
        return () if good else [suite.name for suite in server.suites]

    return judge(
        tls_servers,
        only_cbc,
        "Only suites without authenticated encryption are offered",
        "Authenticated encryption is offered everywhere",
    )


@check("TLS-007", severity="medium", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def forward_secrecy(tls_servers: TlsServers) -> Result:
    """Every session has a key of its own (forward secrecy).

    Why: with the RSA key exchange, who steals the server's key later can open all traffic recorded before.
    Fix: allow ECDHE and DHE suites only: `ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM`, or add `!kRSA`.
    """

    def static(server: TlsServer) -> Iterable[str] | None:
        found = [suite.name for suite in server.suites if not suite.forward_secret]
        return None if not found and (server.versions is None or server.silent) else found

    return judge(
        tls_servers,
        static,
        "Suites without forward secrecy are accepted",
        "Every accepted suite has forward secrecy",
    )


@check("TLS-008", severity="medium", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def strong_groups(tls_servers: TlsServers, dh_bits: int = 2048, ec_bits: int = 224) -> Result:
    """Keys are exchanged in groups that cannot be broken.

    Why: a 1024-bit Diffie-Hellman group can be broken by a state, and many servers share one (Logjam).
    Fix: `openssl dhparam -out dh.pem 2048` and `ssl_dhparam`, or ECDHE suites only; take curves below
    224 bits out of `ssl_ecdh_curve` or `SSLOpenSSLConfCmd Groups`.
    """

    def weak(server: TlsServer) -> Iterable[str] | None:
        found = [group for group in server.groups or () if _curve_bits(group) < ec_bits]
        if server.dh_bits and server.dh_bits < dh_bits:
            found.append(f"DH {server.dh_bits} bits")
        blind = server.groups is None or server.dh_bits is None or server.versions is None
        return None if not found and (blind or server.silent) else found

    return judge(
        tls_servers, weak, "Weak groups are accepted for the key exchange", "Every group seen is strong"
    )


@check("TLS-009", severity="critical", controls=_FLAWS, platforms=(), tags=_TAGS)
def no_known_holes(tls_servers: TlsServers) -> Result:
    """No port is open to Heartbleed, early CCS or ROBOT.

    Why: with these, a stranger reads the server's memory, keys included, or decrypts recorded sessions.
    Fix: update OpenSSL or the device's firmware, restart the service, replace its key and certificate; for
    ROBOT, turn off the RSA key exchange (`!kRSA`).
    """

    def holes(server: TlsServer) -> Iterable[str] | None:
        return _true(
            ("Heartbleed (CVE-2014-0160)", server.heartbleed),
            ("early CCS (CVE-2014-0224)", server.early_ccs),
            ("ROBOT (VU#144389)", server.robot),
        )

    return judge(tls_servers, holes, "A known hole is open", "No known hole was found")


@check("TLS-010", severity="medium", controls=_FLAWS, platforms=(), tags=_TAGS)
def no_compression(tls_servers: TlsServers) -> Result:
    """No port accepts TLS compression or renegotiates insecurely.

    Why: compression gives away session cookies (CRIME); with insecure renegotiation an attacker can put
    words before those of the user (CVE-2009-3555).
    Fix: turn TLS compression off (`SSLCompression off`) and update the TLS library.
    """

    def flaws(server: TlsServer) -> Iterable[str] | None:
        return _true(
            ("TLS compression", server.compression),
            ("insecure renegotiation", server.insecure_renegotiation),
        )

    return judge(
        tls_servers, flaws, "Old protocol flaws are open", "No compression, no insecure renegotiation"
    )


@check("TLS-011", severity="high", controls=_ENCRYPTION, platforms=(), tags=_TAGS)
def starttls_offered(tls_servers: TlsServers) -> Result:
    """Mail, directory, database and file services that speak clear text offer TLS.

    Why: without it, mail, passwords and records cross the network for everyone on the way to read.
    Fix: give the service a certificate and turn TLS on: `smtpd_tls_security_level = may` in Postfix,
    `ssl = required` in Dovecot, `ssl = on` in PostgreSQL, `olcTLSCertificateFile` in OpenLDAP.
    """
    offering = [server for server in tls_servers.servers if server.starttls]
    if tls_servers.clear:
        places = ", ".join(map(str, tls_servers.clear[:10]))
        evidence = (Evidence(f"STARTTLS on {found}", found.answer) for found in tls_servers.clear[:20])
        return failed(f"TLS is not offered: {places}", *evidence)
    if tls_servers.unread:
        return unknown("Some ports could not be looked at", Evidence("TLS", "\n".join(tls_servers.unread)))
    if not offering:
        return not_applicable("No service that is upgraded to TLS was found")
    return passed(f"TLS is offered: {', '.join(map(str, offering[:10]))}")


@check(
    "TLS-012",
    severity="info",
    controls=["nist-800-53:SC-13", "cis-v8:3.10"],
    platforms=(),
    tags=[*_TAGS, "informational"],
)
def post_quantum(tls_servers: TlsServers) -> Result:
    """Every TLS port offers a post-quantum key exchange.

    Why: traffic that must stay secret for long can be recorded today and opened by a later quantum computer.
    Fix: update to OpenSSL 3.5 or newer, which offers `X25519MLKEM768` by itself; nothing else to set.
    """

    def classical(server: TlsServer) -> Iterable[str] | None:
        if server.hybrid is None:
            return None
        return () if server.hybrid else [f"groups: {', '.join(server.groups or ()) or 'unknown'}"]

    return judge(
        tls_servers,
        classical,
        "No post-quantum key exchange is offered",
        "A post-quantum key exchange is offered everywhere",
    )


def _accepted(server: TlsServer, *names: str) -> Iterable[str] | None:
    if server.versions is None:
        return None
    found = [version.name for version in server.versions if version.name in names]
    return None if not found and set(names) & set(server.silent) else found


def _faulty(server: TlsServer, table: dict[str, str]) -> Iterable[str] | None:
    if server.versions is None:
        return None
    found = [f"{suite.name}: {why}" for suite in server.suites for why in suite.faults(table)]
    return None if not found and server.silent else found


def _curve_bits(group: str) -> int:
    digits = "".join(character for character in group.lstrip("X") if character.isdigit())
    # `secp256r1`: the last digit is the curve's number; X25519 and X448 are strong whatever theirs say.
    return int(digits[:3]) if digits and not group.startswith("X") else 256


def _true(*flags: tuple[str, bool | None]) -> Iterable[str] | None:
    found = [name for name, flag in flags if flag]
    return None if not found and any(flag is None for _, flag in flags) else found
