"""Servers and certificates for the TLS tests, on loopback."""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from checks.outside import tls as protocol_checks
from checks.outside import tls_certificates as certificate_checks
from scanner.check import Check
from scanner.facts.exposure import OpenPort, PortScan
from scanner.facts.tls import TlsServers
from scanner.model import Asset, Connection, Port, Result
from scanner.outside.target import Target
from scanner.outside.tls import observe

CHECKS = {
    check.info.id: check
    for module in (protocol_checks, certificate_checks)
    for check in vars(module).values()
    if isinstance(check, Check)
}
ADDRESS = "127.0.5.43"
NAME = "portal.office.example"
MODERN = "ECDHE+AESGCM:ECDHE+CHACHA20"
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, written to `pem` and `key`."""

    certificate: x509.Certificate
    private: Any
    pem: Path
    key: Path


def make(
    folder: Path,
    stem: str,
    *,
    issuer: Pair | None = None,
    names: tuple[str, ...] = (NAME,),
    subject: str = NAME,
    days: tuple[int, int] = (-1, 90),
    bits: int = 0,
    authority: bool = False,
    responder: bool = False,
) -> Pair:
    """Issue a certificate. days: validity from today; bits: of an RSA key, 0 for a curve."""
    key: Any = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    usage = x509.KeyUsage(True, False, False, False, False, authority, authority, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(dns) for dns in names])
        builder = builder.add_extension(alternatives, critical=False)
    if responder:
        place = x509.UniformResourceIdentifier("http://ocsp.office.example")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    certificate = builder.sign(issuer.private if issuer else key, hashes.SHA256())
    pair = Pair(certificate, key, folder / f"{stem}.pem", folder / f"{stem}.key")
    pair.pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pair


def ocsp_answer(folder: Path, pair: Pair, issuer: Pair) -> Path:
    """A file with the answer "good" of the CA's OCSP responder."""
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            pair.certificate, issuer.certificate, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD,
            NOW, NOW + timedelta(days=7), None, None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, issuer.certificate)
        .sign(issuer.private, hashes.SHA256())
    )  # fmt: skip
    path = folder / "ocsp.der"
    path.write_bytes(answer.public_bytes(serialization.Encoding.DER))
    return path


def free_port() -> int:
    with socket.create_server((ADDRESS, 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def started(*argv: object, port: int) -> Iterator[int]:
    """Run a server and wait until it listens."""
    # A file, as a pipe that nobody reads would fill up and stop the server.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([str(a) for a in argv], stdout=log, stderr=log)
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), 1):
                    break
                if process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(f"{argv[0]}: {log.read().decode()}")
                time.sleep(0.05)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


@contextlib.contextmanager
def s_server(pair: Pair, *options: object) -> Iterator[int]:
    """`openssl s_server` on a port of its own."""
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"{ADDRESS}:{port}", "-cert", pair.pem, "-key", pair.key]
    with started(*command, "-www", "-quiet", *options, port=port):
        yield port


@contextlib.contextmanager
def answering(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server of our own: every connection goes to `handle` in a thread of its own."""

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            handle(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((ADDRESS, 0), backlog=100) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def judged(id: str, seen: TlsServers) -> Result:
    clock = {"now": NOW} if "now" in CHECKS[id].needs else {}
    return CHECKS[id].function(tls_servers=seen, **clock)


def asset(host: str = NAME) -> Asset:
    return Asset("portal", Connection(host=host))


def look(*ports: OpenPort | int, seconds: float = 60, host: str = NAME) -> TlsServers:
    """Observe these ports; a number stands for a port on which nmap heard TLS."""
    found = tuple(p if isinstance(p, OpenPort) else OpenPort(Port(p), tls=True) for p in ports)
    scan = PortScan(ADDRESS, True, found)
    return observe(Target(asset(host), ADDRESS, scan, time.monotonic() + seconds))


def upgraded(port: int, service: str) -> OpenPort:
    return OpenPort(Port(port), service=service)


@contextlib.contextmanager
def smtp(pair: Pair | None) -> Iterator[OpenPort]:
    """A mail server, with STARTTLS if it is given a certificate."""
    from aiosmtpd.controller import Controller

    context = None
    if pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.pem, pair.key)
        context.set_ciphers(MODERN)
    server = Controller(object(), ADDRESS, free_port(), tls_context=context)
    server.start()
    try:
        yield upgraded(server.port, "smtp")
    finally:
        server.stop()
