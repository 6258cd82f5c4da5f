"""Old servers that speak only SHA-1 era SSH, through the machine's own `ssh` client.

paramiko 5 can no longer speak these algorithms. The client is used only for assets that say
`ssh_legacy: true`, and that is itself a finding.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scanner.model import Connection, Reach
from scanner.transport.base import Collected, Limits, Streams, Unreached, ended
from scanner.transport.frame import Batch, decode
from scanner.transport.hostkeys import HostKey, KnownHosts
from scanner.transport.process import Ending, feed

_LEGACY = (
    "KexAlgorithms +diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,"
    "diffie-hellman-group1-sha1",
    "HostKeyAlgorithms +ssh-rsa",
    # In front: some servers announce rsa-sha2 and then take only SHA-1 signatures.
    "PubkeyAcceptedAlgorithms ^ssh-rsa",
    "Ciphers +aes128-cbc,aes256-cbc,3des-cbc",
    "MACs +hmac-sha1",
)
_FAULTS: tuple[tuple[bytes, str], ...] = (
    (b"REMOTE HOST IDENTIFICATION HAS CHANGED", "host-key-changed"),
    (b"is marked as revoked", "host-key-revoked"),
    (b"Host key verification failed", "host-key-unknown"),
    (b"host key is known", "host-key-unknown"),
    (b"Permission denied", "auth-failed"),
    (b"no matching", "no-common-algorithm"),
    (b"Unable to negotiate", "no-common-algorithm"),
)


def collect(connection: Connection, batch: Batch, limits: Limits, known_hosts: Sequence[Path]) -> Collected:
    """Run the batch with legacy algorithms allowed. Raises Unreached."""
    if connection.password:
        raise Unreached(
            Reach(
                "misconfigured",
                "ssh_legacy logs in with a key or the agent, not with a password",
                legacy=True,
            )
        )
    streams = Streams(limits.asset_bytes)
    deadline = time.monotonic() + limits.asset_seconds
    ending, code = _ssh(connection, limits, known_hosts, batch.script, streams, deadline)
    answer = decode(batch, streams.stdout, streams.stderr)
    if code == 255 and ending == "exited" and not answer.outputs:
        raise Unreached(_fault(streams.stderr, connection))
    reach = ended(ending, answer.complete, limits)
    return Collected(Reach(reach.outcome, reach.detail, legacy=True), answer.outputs, answer.platform)


def host_key(connection: Connection, limits: Limits) -> HostKey:
    """The key that the server presents, without trusting it or logging in to it. Raises Unreached."""
    streams = Streams(limits.asset_bytes)
    deadline = time.monotonic() + limits.connect_seconds * 2
    with tempfile.TemporaryDirectory(prefix="drscan-") as folder:
        learned = Path(folder) / "known_hosts"
        further = ("StrictHostKeyChecking accept-new", "PreferredAuthentications none")
        _ssh(connection, limits, [learned], b"", streams, deadline, further)
        found = KnownHosts.read([learned]).lines
    if not found:
        raise Unreached(_fault(streams.stderr, connection))
    return found[-1].key


def _ssh(
    connection: Connection,
    limits: Limits,
    known_hosts: Sequence[Path],
    script: bytes,
    streams: Streams,
    deadline: float,
    further: Sequence[str] = (),
) -> tuple[Ending, int]:
    """Run ssh with a configuration of ours alone: the user's may run commands (Match exec, ProxyCommand)."""
    argv = ["ssh", "-T", "-p", str(connection.port)]
    if connection.user:
        argv += ["-l", connection.user]
    if connection.proxy_jump:
        argv += ["-J", ",".join(connection.proxy_jump)]
    if connection.host_key_alias:
        argv += ["-o", f"HostKeyAlias={connection.host_key_alias}"]
    with tempfile.TemporaryDirectory(prefix="drscan-") as folder:
        config = Path(folder) / "config"
        # ssh gives the file to its jump hosts, too, but not what stands on the command line.
        config.write_text("\n".join(_config(connection, limits, known_hosts, further)) + "\n")
        argv += ["-F", str(config), "--", connection.host, "/bin/sh"]
        try:
            return feed(argv, script, streams, deadline=deadline, env={**os.environ, "LC_ALL": "C"})
        except FileNotFoundError as error:
            detail = "ssh_legacy needs the OpenSSH client: apt install openssh-client"
            raise Unreached(Reach("misconfigured", detail, legacy=True)) from error


def _config(
    connection: Connection, limits: Limits, known_hosts: Sequence[Path], further: Sequence[str]
) -> list[str]:
    files = " ".join(f'"{path.expanduser()}"' for path in known_hosts)
    return [
        *further,
        *_LEGACY,
        "BatchMode yes",
        "StrictHostKeyChecking yes",
        "UpdateHostKeys no",
        f"ConnectTimeout {limits.connect_seconds:g}",
        f"UserKnownHostsFile {files}",
        "GlobalKnownHostsFile none",
        *(f'IdentityFile "{path}"' for path in connection.identity_files),
    ]


def _fault(stderr: bytes, connection: Connection) -> Reach:
    outcome = next((name for needle, name in _FAULTS if needle in stderr), "unreachable")
    last = stderr.decode("utf-8", "replace").strip().splitlines()
    return Reach(outcome, last[-1] if last else f"{connection.host}: no answer", legacy=True)  # type: ignore[arg-type]
