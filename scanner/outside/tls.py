"""TLS on every port of an asset that should speak it: at once, or after STARTTLS.

Each port is first greeted by our own bounded code, which sorts out what stalls, talks something else or
offers no upgrade; sslyze then looks at the rest, in a process of its own that ends when its time is up.
"""

from __future__ import annotations

import importlib.util
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from scanner.facts.exposure import OpenPort
from scanner.facts.spec import Absent, NotCollected
from scanner.facts.tls import ClearService, Suite, TlsServer, TlsServers, Version
from scanner.model import Port
from scanner.outside.starttls import NotOffered
from scanner.outside.target import Target, server_names
from scanner.outside.tls_hello import NotTls, hybrid_group, speaks_tls
from scanner.outside.wire import reason

# IANA's ports for TLS at once, then those of common software (Proxmox 8006, Cockpit 9090, kubelet 10250).
_TLS_PORTS = frozenset(
    {443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 3269, 5061, 5671, 5986, 6443, 6514}
    | {8006, 8443, 8883, 9090, 9443, 10250}
)
# nmap's service names, and the usual ports, of what is upgraded by STARTTLS.
_UPGRADED = {
    "smtp": "smtp", "submission": "smtp", "imap": "imap", "pop3": "pop3", "ldap": "ldap", "ftp": "ftp",
    "postgresql": "postgres",
}  # fmt: skip
_UPGRADED_PORTS = {
    21: "ftp", 25: "smtp", 587: "smtp", 110: "pop3", 143: "imap", 389: "ldap", 3268: "ldap", 5432: "postgres",
}  # fmt: skip
_MOST_ENDPOINTS = 30
_HELLO_SECONDS = 5.0
# Half of what is left goes to TLS at most: other observers come after it.
_SCAN_SECONDS = 60.0
_TOGETHER = 3
_CONNECTIONS = 4
_MAX_ANSWER = 8 << 20
_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # RHEL, Fedora
    "/etc/ssl/ca-bundle.pem",  # SUSE
)


@dataclass(frozen=True, slots=True)
class _Endpoint:
    port: Port
    protocol: str
    certain: bool  # nmap says so, rather than the port number

    def __str__(self) -> str:
        return f"{self.port} ({self.protocol})" if self.protocol else str(self.port)


@dataclass(frozen=True, slots=True)
class _Greeted:
    """What the first connections to an endpoint showed: one of these, or none if it does not speak TLS."""

    endpoint: _Endpoint
    speaks: bool = False
    hybrid: str | None = None
    clear: str | None = None
    unread: str | None = None


def observe(target: Target) -> TlsServers:
    """What the asset's ports show of TLS, within half of the time that is left and a minute at most.

    Certificates are held against the CA file in SSL_CERT_FILE, or this machine's own.
    Raises Absent when no port speaks TLS or should, NotCollected when none of those could be looked at.
    """
    deadline = time.monotonic() + min(_SCAN_SECONDS, target.left / 2)
    names = server_names(target.asset)
    endpoints = [*_endpoints(target.ports.open())]
    with ThreadPoolExecutor(8) as pool:
        greeted = [
            *pool.map(lambda e: _greet(target.address, e, names, deadline), endpoints[:_MOST_ENDPOINTS])
        ]
    speaking = {g.endpoint.port.number: g for g in greeted if g.speaks}
    clear = tuple(
        ClearService(g.endpoint.port, g.endpoint.protocol, g.clear) for g in greeted if g.clear is not None
    )
    unread = [f"{g.endpoint}: {g.unread}" for g in greeted if g.unread is not None]
    unread += [f"{e}: more than {_MOST_ENDPOINTS} ports speak TLS" for e in endpoints[_MOST_ENDPOINTS:]]
    if not (speaking or clear or unread):
        raise Absent("No port speaks TLS")
    servers = []
    for found in _scan(target.address, names, speaking, deadline):
        if isinstance(found, TlsServer):
            servers.append(found)
        else:
            unread.append(found)
    if not (servers or clear):
        raise NotCollected("tls_servers: " + "; ".join(unread[:5]))
    return TlsServers(tuple(sorted(servers, key=lambda s: s.port.number)), clear, tuple(unread))


def _endpoints(ports: Iterable[OpenPort]) -> Iterator[_Endpoint]:
    for found in ports:
        number = found.port.number
        if found.tls:
            yield _Endpoint(found.port, "", certain=True)
        elif found.service in _UPGRADED:
            yield _Endpoint(found.port, _UPGRADED[found.service], certain=True)
        elif number in _UPGRADED_PORTS:
            yield _Endpoint(found.port, _UPGRADED_PORTS[number], certain=False)
        elif number in _TLS_PORTS:
            yield _Endpoint(found.port, "", certain=False)


def _greet(address: str, endpoint: _Endpoint, names: tuple[str, ...], deadline: float) -> _Greeted:
    where = (address, endpoint.port.number, endpoint.protocol, names[0] if names else None)
    try:
        speaks_tls(*where, min(deadline, time.monotonic() + _HELLO_SECONDS))
    except NotOffered as answer:
        return _Greeted(endpoint, clear=str(answer))
    except NotTls:
        return _Greeted(endpoint, unread="it does not answer in TLS" if endpoint.certain else None)
    except OSError as error:
        return _Greeted(endpoint, unread=reason(error))
    try:
        hybrid = hybrid_group(*where, min(deadline, time.monotonic() + _HELLO_SECONDS))
    except (NotOffered, NotTls, OSError):
        return _Greeted(endpoint, speaks=True)
    return _Greeted(endpoint, speaks=True, hybrid=hybrid)


def _scan(
    address: str, names: tuple[str, ...], speaking: Mapping[int, _Greeted], deadline: float
) -> Iterator[TlsServer | str]:
    """A server for each endpoint, or why there is none."""
    if not speaking:
        return
    if importlib.util.find_spec("sslyze") is None:
        raise NotCollected("tls_servers: sslyze is not installed: pip install 'drscan[tls]'")
    job = {
        "address": address,
        "name": names[0] if names else address,
        "ca_file": _ca_file(),
        "together": _TOGETHER,
        "connections": _CONNECTIONS,
        "endpoints": [(port, greeted.endpoint.protocol) for port, greeted in speaking.items()],
    }
    missing = dict(speaking)
    for line in _run(json.dumps(job), max(0.1, deadline - time.monotonic())).splitlines():
        try:
            answer = json.loads(line)
            greeted = missing[answer["port"]]
            found = _server(answer, greeted, names, address)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # cut off in the middle: it stays missing
        del missing[answer["port"]]
        yield found
    yield from (f"{greeted.endpoint}: the TLS scan did not come to an end" for greeted in missing.values())


def _run(job: str, seconds: float) -> bytes:
    """What the child prints until it ends, or until the time is up and it is killed."""
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "scanner.outside.tls_scan"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
    ) as child:  # fmt: skip
        timer = Timer(seconds, child.kill)
        timer.start()
        try:
            assert child.stdin and child.stdout  # noqa: S101 - both are pipes, as asked for above
            child.stdin.write(job.encode())
            child.stdin.close()
            return child.stdout.read(_MAX_ANSWER)
        except OSError:
            return b""
        finally:
            timer.cancel()
            child.kill()


def _server(
    answer: dict[str, Any], greeted: _Greeted, names: tuple[str, ...], address: str
) -> TlsServer | str:
    endpoint = greeted.endpoint
    if answer["error"]:
        return f"{endpoint}: {answer['error']}"
    suites, silent = answer["suites"], tuple(answer["silent"])
    versions = tuple(Version(name, tuple(map(Suite, suites[name]))) for name in suites if suites[name])
    return TlsServer(
        endpoint.port,
        endpoint.protocol,
        versions=versions or None,
        silent=silent,
        groups=None if answer["groups"] is None else tuple(answer["groups"]),
        hybrid=greeted.hybrid,
        dh_bits=answer["dh_bits"],
        certificates=_certificates(endpoint, answer["certificates"], names, address),
        heartbleed=answer["heartbleed"],
        early_ccs=answer["early_ccs"],
        robot=answer["robot"],
        compression=answer["compression"],
        insecure_renegotiation=answer["insecure_renegotiation"],
    )


def _certificates(endpoint: _Endpoint, found: Any, names: tuple[str, ...], address: str) -> Any:
    if not found:
        return None
    from scanner.outside.tls_chain import served

    certificates = tuple(served(str(endpoint), one, names, address) for one in found)
    return None if None in certificates else certificates


def _ca_file() -> str | None:
    paths = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *_CA_FILES)
    return next((path for path in paths if path and Path(path).is_file()), None)
