"""STARTTLS with real servers, each with TLS set up and without: Dovecot, OpenLDAP, vsftpd, PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from scanner.model import Status
from tests.outside.tls_hosts import ADDRESS, Pair, free_port, judged, look, make, started, upgraded

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="these servers are started as root")
pytest.importorskip("sslyze", reason="needs drscan[tls]")

Server = Callable[[Path, Pair | None], AbstractContextManager[int]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: the servers' own users must be able to enter it, and socket paths must be short."""
    with tempfile.TemporaryDirectory(prefix="tls") as path:
        Path(path).chmod(0o755)
        yield Path(path)


def dovecot(protocol: str) -> Server:
    @contextlib.contextmanager
    def run(folder: Path, pair: Pair | None) -> Iterator[int]:
        port = free_port()
        tls = f"ssl = yes\nssl_cert = <{pair.pem}\nssl_key = <{pair.key}\n" if pair else "ssl = no\n"
        secure = "imaps" if protocol == "imap" else "pop3s"
        (folder / "dovecot.conf").write_text(
            f"protocols = {protocol}\nlisten = {ADDRESS}\nbase_dir = {folder}/run\nlog_path = /dev/null\n"
            f"{tls}"
            f"service {protocol}-login {{\n inet_listener {protocol} {{\n port = {port}\n }}\n"
            f" inet_listener {secure} {{\n port = 0\n }}\n}}\npassdb {{\n driver = pam\n}}\n"
        )
        with started("dovecot", "-F", "-c", folder / "dovecot.conf", port=port):
            yield port

    return run


@contextlib.contextmanager
def slapd(folder: Path, pair: Pair | None) -> Iterator[int]:
    port = free_port()
    tls = f"TLSCertificateFile {pair.pem}\nTLSCertificateKeyFile {pair.key}\n" if pair else ""
    (folder / "slapd.conf").write_text(f"pidfile {folder}/pid\n{tls}")
    address = f"ldap://{ADDRESS}:{port}"
    with started("slapd", "-d", "0", "-f", folder / "slapd.conf", "-h", address, port=port):
        yield port


@contextlib.contextmanager
def vsftpd(folder: Path, pair: Pair | None) -> Iterator[int]:
    port = free_port()
    tls = f"ssl_enable=YES\nrsa_cert_file={pair.pem}\nrsa_private_key_file={pair.key}\n" if pair else ""
    (folder / "empty").mkdir()
    (folder / "vsftpd.conf").write_text(
        f"listen=YES\nlisten_ipv6=NO\nlisten_address={ADDRESS}\nlisten_port={port}\nbackground=NO\n"
        f"secure_chroot_dir={folder}/empty\n{tls}"
    )
    with started("vsftpd", folder / "vsftpd.conf", port=port):
        yield port


@contextlib.contextmanager
def postgres(folder: Path, pair: Pair | None) -> Iterator[int]:
    port, data = free_port(), folder / "data"
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    shutil.chown(folder, "postgres")
    as_owner = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    subprocess.run(
        [*as_owner, programs / "initdb", "-D", data, "-A", "trust"], check=True, capture_output=True
    )
    options = ["-c", f"listen_addresses={ADDRESS}", "-c", f"unix_socket_directories={folder}", "-p", port]
    if pair:
        shutil.chown(pair.key, "postgres")
        pair.key.chmod(0o600)
        options += ["-c", "ssl=on", "-c", f"ssl_cert_file={pair.pem}", "-c", f"ssl_key_file={pair.key}"]
    with started(*as_owner, programs / "postgres", "-D", data, *options, port=port):
        yield port


SERVERS: dict[str, tuple[str, str, Server]] = {
    "imap": ("dovecot", "imap", dovecot("imap")),
    "pop3": ("dovecot", "pop3", dovecot("pop3")),
    "ldap": ("slapd", "ldap", slapd),
    "ftp": ("vsftpd", "ftp", vsftpd),
    "postgresql": ("initdb", "postgres", postgres),
}


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> tuple[str, str, Server]:
    program, protocol, run = SERVERS[request.param]
    if not (shutil.which(program) or [*Path("/usr/lib/postgresql").glob(f"*/bin/{program}")]):
        pytest.skip(f"needs {program}")
    return request.param, protocol, run


def test_upgraded(server: tuple[str, str, Server], folder: Path) -> None:
    service, protocol, run = server
    with run(folder, make(folder, "server", bits=2048)) as port:
        seen = look(upgraded(port, service))
    (found,) = seen.servers
    assert found.starttls == protocol
    assert found.certificates
    assert found.versions
    assert found.versions[-1].name == "TLSv1.3"
    assert judged("TLS-011", seen).status is Status.PASS
    assert judged("TLS-003", seen).status is Status.PASS


def test_not_offered(server: tuple[str, str, Server], folder: Path) -> None:
    service, protocol, run = server
    with run(folder, None) as port:
        seen = look(upgraded(port, service))
    assert [(found.port.number, found.protocol) for found in seen.clear] == [(port, protocol)]
    assert judged("TLS-011", seen).status is Status.FAIL
    assert judged("TLS-002", seen).status is Status.NOTAPPLICABLE
