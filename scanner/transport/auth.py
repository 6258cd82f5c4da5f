"""Logging in: the keys, agent and password that may be offered, in the order OpenSSH uses."""

from __future__ import annotations

import getpass
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from scanner.model import Connection, Reach, SecretRef
from scanner.transport.base import Unreached

# paramiko prints handshake faults through logging's last-resort handler; we report them ourselves.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False

AGENT_SECONDS = 5.0
DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")


def _no_secrets(reference: SecretRef) -> str:
    raise LookupError(f"{reference}: no resolver for secrets is set")


@dataclass
class Credentials:
    """Where keys and passwords come from. A private key file is read once per scan."""

    resolve: Callable[[SecretRef], str] = _no_secrets
    use_agent: bool = True
    default_keys: tuple[str, ...] = DEFAULT_KEYS
    _keys: dict[str, paramiko.PKey | str] = field(default_factory=dict)

    def key(self, path: str) -> paramiko.PKey | str:
        """The private key at `path`, or the reason why it can't be used."""
        if path not in self._keys:
            self._keys[path] = _load(path)
        return self._keys[path]


def log_in(transport: paramiko.Transport, connection: Connection, credentials: Credentials) -> None:
    """Authenticate, or raise Unreached with all that was tried."""
    user = connection.user or getpass.getuser()
    tried: list[str] = []
    try:
        for label, key in _keys(connection, credentials):
            if isinstance(key, str):
                tried.append(f"{label}: {key}")
                continue
            try:
                if not transport.auth_publickey(user, key):
                    return
                tried.append(f"{label}: accepted, but a further factor is asked for")
            except paramiko.BadAuthenticationType:
                tried.append(f"{label}: the server takes no keys")
                break
            except paramiko.AuthenticationException:
                tried.append(f"{label}: refused")
        if connection.password:
            _with_password(transport, user, connection.password, credentials, tried)
            return
    except (paramiko.SSHException, EOFError, OSError) as error:
        tried.append(str(error) or "the connection was closed")
    raise Unreached(
        Reach(
            "auth-failed",
            f"{user}@{connection.host}: " + ("; ".join(tried) or "no key and no password to offer"),
        )
    )


def _with_password(
    transport: paramiko.Transport, user: str, reference: SecretRef, credentials: Credentials, tried: list[str]
) -> None:
    try:
        password = credentials.resolve(reference)
    except Exception as error:
        raise Unreached(Reach("misconfigured", f"password from {reference}: {error}")) from error
    try:
        transport.auth_password(user, password)
    except paramiko.AuthenticationException as error:
        tried.append(f"password from {reference}: refused")
        raise paramiko.SSHException(tried.pop()) from error


def _keys(connection: Connection, credentials: Credentials) -> Iterator[tuple[str, paramiko.PKey | str]]:
    for path in connection.identity_files:
        yield path, credentials.key(path)
    if credentials.use_agent:
        for key in _agent_keys(credentials):
            yield f"agent key {key.fingerprint}", key
    if not connection.identity_files:
        for path in credentials.default_keys:
            if Path(path).expanduser().exists():
                yield path, credentials.key(path)


def _agent_keys(credentials: Credentials) -> tuple[paramiko.AgentKey, ...]:
    """The agent's keys; none when it does not answer, and then it is not asked again in this scan."""
    if "SSH_AUTH_SOCK" not in os.environ:
        return ()
    found: list[paramiko.AgentKey] = []

    def ask() -> None:
        with suppress(paramiko.SSHException, OSError):
            agent = paramiko.Agent()
            # paramiko gives an agent's socket no time limit, and signing waits on it as well.
            if isinstance(agent._conn, socket.socket):  # type: ignore[attr-defined]
                agent._conn.settimeout(AGENT_SECONDS)  # type: ignore[attr-defined]
            found.extend(agent.get_keys())

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(AGENT_SECONDS)
    if asking.is_alive():
        credentials.use_agent = False
    return tuple(found)


def _load(path: str) -> paramiko.PKey | str:
    try:
        return paramiko.PKey.from_path(Path(path).expanduser())
    except FileNotFoundError:
        return "no such file"
    except PermissionError:
        return "may not be read"
    except (paramiko.PasswordRequiredException, TypeError):
        return "has a passphrase: load it into ssh-agent"
    except Exception as error:  # paramiko raises whatever its parsers raise
        return f"not a private key that can be used ({type(error).__name__})"
