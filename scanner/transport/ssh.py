"""One SSH session an asset through paramiko: connect, check the host key, log in, run one script.

Every wait is bounded, and a watchdog closes the connection at the asset's deadline whatever it
is waiting for.
"""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from scanner.model import Connection, Reach
from scanner.transport.auth import Credentials, log_in
from scanner.transport.base import Collected, Limits, Streams, Unreached, ended
from scanner.transport.frame import Batch, decode
from scanner.transport.hostkeys import HostKey, KnownHosts, lookup

# Offered by paramiko 5.1 by default and broken or deprecated: RFC 8758, RFC 9142, NIST SP 800-131A r2.
WEAK_ALGORITHMS = {
    "ciphers": ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc"],
    "macs": ["hmac-md5", "hmac-md5-96", "hmac-sha1", "hmac-sha1-96"],
}
# sshd's default MaxStartups begins to drop unauthenticated connections at 10.
LOGINS_PER_JUMP_HOST = 8
ATTEMPTS = 3


@dataclass
class SshTransport:
    """Collects from assets over SSH; safe to use from many threads, one asset each."""

    known_hosts: KnownHosts
    limits: Limits = field(default_factory=Limits)
    credentials: Credentials = field(default_factory=Credentials)
    _jump_slots: dict[str, threading.BoundedSemaphore] = field(
        default_factory=lambda: defaultdict(lambda: threading.BoundedSemaphore(LOGINS_PER_JUMP_HOST))
    )

    def collect(self, connection: Connection, batch: Batch) -> Collected:
        """Run the batch on the asset. Raises Unreached when no session could be had."""
        deadline = time.monotonic() + self.limits.asset_seconds
        streams = Streams(self.limits.asset_bytes)
        with self._session(connection, deadline) as (transport, host_key):
            ending = _run(transport, batch.script, streams, deadline)
        answer = decode(batch, streams.stdout, streams.stderr)
        reach = ended(ending, answer.complete, self.limits)
        return Collected(replace(reach, host_key=host_key), answer.outputs, answer.platform)

    def host_key(self, connection: Connection) -> HostKey:
        """The key that the server presents, without trusting it or logging in to it. Raises Unreached."""
        deadline = time.monotonic() + self.limits.asset_seconds
        with ExitStack() as stack:
            return _key_of(self._negotiate(connection, deadline, stack))

    @contextmanager
    def _session(self, connection: Connection, deadline: float) -> Iterator[tuple[paramiko.Transport, str]]:
        with ExitStack() as stack:
            transport = self._log_in(connection, deadline, stack)
            yield transport, _key_of(transport).fingerprint

    def _log_in(self, connection: Connection, deadline: float, stack: ExitStack) -> paramiko.Transport:
        transport = self._negotiate(connection, deadline, stack)
        self._verify(connection, _key_of(transport))
        transport.auth_timeout = max(0.1, deadline - time.monotonic())
        log_in(transport, connection, self.credentials)
        return transport

    def _negotiate(self, connection: Connection, deadline: float, stack: ExitStack) -> paramiko.Transport:
        """An encrypted, not yet authenticated transport, through the jump hosts if there are any."""
        open_socket = self._opener(connection, deadline, stack)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._handshake(connection, open_socket(), deadline, stack)
            except Unreached as error:
                # sshd under MaxStartups closes before its banner: asking again a little later helps.
                dropped = error.reach.outcome == "unreachable" and "banner" in error.reach.detail
                if not dropped or attempt == ATTEMPTS or time.monotonic() + 2 > deadline:
                    raise
                time.sleep(random.uniform(0.2, 0.5) * attempt)  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    def _opener(
        self, connection: Connection, deadline: float, stack: ExitStack
    ) -> Callable[[], socket.socket | paramiko.Channel]:
        hops = connection.proxy_jump
        if not hops:
            return lambda: _connect(connection, min(deadline, time.monotonic() + self.limits.connect_seconds))
        own = connection.jump_identity_files
        hop = replace(
            jump(hops[-1]),
            proxy_jump=hops[:-1],
            identity_files=(own[-1] if own else ()) or connection.identity_files,
            jump_identity_files=own[:-1],
        )
        # Only while logging in, which is what MaxStartups counts: a host that hangs must not hold the slot.
        slot = self._jump_slots[hops[-1]]
        if not slot.acquire(timeout=max(0.1, deadline - time.monotonic())):
            raise Unreached(Reach("deadline", f"waited too long for a place at {hops[-1]}"))
        try:
            transport = self._log_in(hop, deadline, stack)
        finally:
            slot.release()

        def through() -> paramiko.Channel:
            try:
                target = (connection.host, connection.port)
                return transport.open_channel(
                    "direct-tcpip", target, ("", 0), timeout=self.limits.connect_seconds
                )
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise Unreached(Reach("unreachable", f"through {hops[-1]}: {error}")) from error

        return through

    def _handshake(
        self,
        connection: Connection,
        sock: socket.socket | paramiko.Channel,
        deadline: float,
        stack: ExitStack,
    ) -> paramiko.Transport:
        transport = paramiko.Transport(sock, disabled_algorithms=WEAK_ALGORITHMS)
        stack.callback(transport.close)
        stack.enter_context(_closed_at(deadline, transport))
        left = max(0.1, min(self.limits.connect_seconds * 2, deadline - time.monotonic()))
        # start_client below keeps the time; paramiko's own limits only end its thread after that.
        transport.banner_timeout = transport.handshake_timeout = left + 1
        _prefer_known(transport, self.known_hosts.kinds(*lookup(connection)))
        try:
            transport.start_client(timeout=left)
        except IncompatiblePeer as error:
            raise Unreached(Reach("no-common-algorithm", str(error))) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Unreached(Reach("unreachable", _handshake_fault(error))) from error
        if not transport.initial_kex_done:
            # start_client returns without a word when its time is up.
            raise Unreached(
                Reach("unreachable", f"something listens, but no SSH handshake within {left:.0f} s")
            )
        return transport

    def _verify(self, connection: Connection, key: HostKey) -> None:
        verdict = self.known_hosts.verify(*lookup(connection), key)
        if verdict == "changed":
            detail = f"{connection.host} shows another {key.kind} host key than the one on file"
            raise Unreached(Reach("host-key-changed", detail, key.fingerprint))
        if verdict == "revoked":
            raise Unreached(
                Reach("host-key-revoked", f"the host key is marked @revoked: {key.kind}", key.fingerprint)
            )
        if verdict == "unknown":
            detail = f"no {key.kind} host key of {connection.host} is on file"
            raise Unreached(Reach("host-key-unknown", detail, key.fingerprint))


def jump(spec: str) -> Connection:
    """A connection from `[user@]host[:port]`, as ProxyJump spells a hop (ssh_config(5))."""
    user, _, rest = spec.rpartition("@")
    rest = rest.removeprefix("ssh://")
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.lstrip(":")
    else:
        host, _, port = rest.partition(":")
    return Connection(host=host, port=int(port or 22), user=user.removeprefix("ssh://") or None)


def _key_of(transport: paramiko.Transport) -> HostKey:
    key = transport.get_remote_server_key()
    return HostKey(key.get_name(), key.asbytes())


def _connect(connection: Connection, deadline: float) -> socket.socket:
    try:
        left = max(0.1, deadline - time.monotonic())
        sock = socket.create_connection((connection.host, connection.port), timeout=left)
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else (error.strerror or str(error))
        raise Unreached(
            Reach("unreachable", f"{connection.host} port {connection.port}: {reason.lower()}")
        ) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


@contextmanager
def _closed_at(deadline: float, transport: paramiko.Transport) -> Iterator[None]:
    watchdog = threading.Timer(max(0.0, deadline - time.monotonic()) + 1, transport.close)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _prefer_known(transport: paramiko.Transport, kinds: tuple[str, ...]) -> None:
    options = transport.get_security_options()
    signatures = [
        s for kind in kinds for s in (("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,))
    ]
    known = [signature for signature in signatures if signature in options.key_types]
    options.key_types = tuple(known) + tuple(kind for kind in options.key_types if kind not in known)


def _handshake_fault(error: Exception) -> str:
    text = str(error)
    if "Indecipherable" in text:
        return "something listens that does not speak SSH"
    if isinstance(error, EOFError) or "banner" in text:
        return f"something listens, but sends no SSH banner ({text or 'connection closed'})"
    return text or type(error).__name__


def _run(transport: paramiko.Transport, script: bytes, streams: Streams, deadline: float) -> str:
    """Feed the script to `sh` in one exec; return how it ended, as `process.feed` does."""
    left = max(0.1, deadline - time.monotonic())
    try:
        channel = transport.open_session(timeout=left)
        channel.settimeout(left)
        channel.exec_command("/bin/sh")
        channel.sendall(script)
        channel.shutdown_write()
        return _drain(channel, streams, deadline)
    except (paramiko.SSHException, EOFError, OSError):
        return "deadline" if time.monotonic() >= deadline else "exited"


def _drain(channel: paramiko.Channel, streams: Streams, deadline: float) -> str:
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN)
    while True:
        while channel.recv_ready():
            streams.feed(channel.recv(1 << 20))
        while channel.recv_stderr_ready():
            streams.feed(channel.recv_stderr(1 << 20), error=True)
        if streams.full:
            return "flood"
        if channel.eof_received or channel.closed:
            if not (channel.recv_ready() or channel.recv_stderr_ready()):
                return "exited"
            continue
        left = deadline - time.monotonic()
        if left <= 0:
            return "deadline"
        poll.poll(min(left, 1.0) * 1000)
