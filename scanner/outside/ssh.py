"""Looking at SSH servers: what they say before a login, and with what they would let one begin.

To each server go one connection for each kind of host key (five at most), and one that asks for the method
"none" as user `nobody`, without a credential: the answer lists the methods (RFC 4252, section 5.2). OpenSSH
logs them as connections closed before authentication; so few stay below its penalties for such (since 9.8).
"""

from __future__ import annotations

import logging
import socket
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace

import paramiko

from scanner.facts.exposure import OpenPort
from scanner.facts.spec import Absent, NotCollected
from scanner.facts.ssh_server import HostKey, SshServer, SshServers
from scanner.model import Port
from scanner.outside.ssh_kex import Greeting, NotSsh, speakable
from scanner.outside.target import Target
from scanner.outside.wire import connect, left, reason

# paramiko prints handshake faults through logging's last-resort handler; they are reported as unread.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False

_SECONDS_A_CONNECTION = 8.0
_USER = "nobody"
# Signature algorithms by the kind of key they are made with, weak kinds first; so many are asked for at most.
_KINDS = (
    ("ssh-dss",),
    ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
    ("ecdsa-sha2-nistp256",),
    ("ecdsa-sha2-nistp384",),
    ("ecdsa-sha2-nistp521",),
    ("ssh-ed25519",),
    ("ssh-ed448",),
)
_MOST_KEYS = 5
_FAULTS = (OSError, EOFError, NotSsh)


def observe(target: Target) -> SshServers:
    """The SSH servers of the asset. Raises Absent when none listens, NotCollected when none could be read."""
    ports = [port for port in target.ports.open() if _is_ssh(port, target.asset.connection.port)]
    if not ports:
        raise Absent("No SSH server listens")
    servers: list[SshServer] = []
    unread: list[str] = []
    for port in ports:
        try:
            servers.append(_look(target, port.port))
        except _FAULTS as error:
            unread.append(f"{port.port}: {reason(error)}")
    if not servers:
        raise NotCollected(f"ssh_servers: {'; '.join(unread)}")
    return SshServers(tuple(servers), tuple(unread))


def _is_ssh(port: OpenPort, login: int) -> bool:
    if port.service in ("", "unknown", "tcpwrapped"):
        return port.port.number in (22, login)
    return port.service == "ssh"


def _look(target: Target, port: Port) -> SshServer:
    """Raises one of _FAULTS when not even the banner and the lists could be read."""
    with _greet(target, port) as first:
        lists = first.lists
        server = SshServer(port, first.banner, first.protocol, first.software, first.comment)
        if not first.two:
            return replace(server, unread_login="the server speaks protocol 1 only")
        keys = _host_keys(target, port, first)
    methods, unread_login = None, ""
    try:
        methods = _auth_methods(target, port)
    except (*_FAULTS, paramiko.SSHException) as error:
        unread_login = reason(error)
    return replace(
        server,
        key_exchanges=lists.key_exchanges,
        host_key_algorithms=lists.host_keys,
        ciphers=_both(lists.ciphers),
        macs=_both(lists.macs),
        compression=_both(lists.compression),
        host_keys=tuple(keys.found),
        group_exchange_bits=keys.group_bits,
        auth_methods=methods,
        unread_keys=tuple(keys.unread),
        unread_login=unread_login,
    )


@dataclass(slots=True)
class _Keys:
    found: list[HostKey] = field(default_factory=list)
    group_bits: int | None = None
    unread: list[str] = field(default_factory=list)


def _host_keys(target: Target, port: Port, first: Greeting) -> _Keys:
    """One key of each kind; the open connection serves for the first."""
    keys = _Keys()
    exchange = speakable(first.lists.key_exchanges)
    offered = first.lists.host_keys
    algorithms = [next((a for a in kind if a in offered), None) for kind in _KINDS]
    wanted = [algorithm for algorithm in algorithms if algorithm][:_MOST_KEYS]
    if not exchange or not wanted:
        keys.unread.append("no algorithm in common")
        return keys
    for number, algorithm in enumerate(wanted):
        try:
            with _greet(target, port) if number else first as greeting:
                key, bits = greeting.host_key(algorithm, exchange)
        except _FAULTS as error:
            keys.unread.append(f"{algorithm}: {reason(error)}")
            if isinstance(error, TimeoutError):
                break  # it would let every further connection wait as long
            continue
        keys.found.append(key)
        keys.group_bits = bits or keys.group_bits
    return keys


def _auth_methods(target: Target, port: Port) -> tuple[str, ...]:
    """With what a login may begin; `none` when nothing at all is asked for."""
    deadline = _deadline(target)
    with closing(connect(target.address, port.number, deadline)) as sock:
        transport = paramiko.Transport(sock)
        transport.banner_timeout = transport.handshake_timeout = left(deadline)
        transport.auth_timeout = _SECONDS_A_CONNECTION
        try:
            transport.start_client(timeout=left(deadline))
            return tuple(transport.auth_none(_USER)) or ("none",)
        except paramiko.BadAuthenticationType as refused:
            return tuple(name[:64] for name in refused.allowed_types[:20])
        finally:
            # Transport.close() waits for its thread, which would go on for as long as something is sent.
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            transport.close()
            transport.join(1)


def _greet(target: Target, port: Port) -> Greeting:
    return Greeting(target.address, port.number, _deadline(target))


def _deadline(target: Target) -> float:
    return min(target.deadline, time.monotonic() + _SECONDS_A_CONNECTION)


def _both(directions: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in directions for name in names))
