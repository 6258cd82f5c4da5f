"""SSH servers as anyone on the network sees them, before a login."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.spec import observed
from scanner.model import Port

STRICT_KEX = "kex-strict-s-v00@openssh.com"


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key as the server showed it. kind: its algorithm name; bits: None when not known.

    fingerprint: as `ssh-keygen -l` prints it. That the server also holds the private key is not proved here.
    """

    kind: str
    bits: int | None
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.kind} {self.bits or '?'} bits {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class SshServer:
    """One SSH server. The texts come from the asset.

    protocol, software, comment: the parts of `banner` (RFC 4253, section 4.2). ciphers, macs, compression:
    both directions together. group_exchange_bits: the smallest Diffie-Hellman group it handed out, None if it
    offers none. auth_methods: with what a login may begin, None when that could not be learned.
    unread_keys, unread_login: why a host key or the methods could not be seen, in plain words.
    """

    port: Port
    banner: str
    protocol: str = "2.0"
    software: str = ""
    comment: str = ""
    key_exchanges: tuple[str, ...] = ()
    host_key_algorithms: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    compression: tuple[str, ...] = ()
    host_keys: tuple[HostKey, ...] = ()
    group_exchange_bits: int | None = None
    auth_methods: tuple[str, ...] | None = None
    unread_keys: tuple[str, ...] = ()
    unread_login: str = ""

    def __str__(self) -> str:
        return f"SSH server on {self.port}"

    @property
    def missing(self) -> str:
        """What could not be seen of it, in plain words."""
        return "; ".join(filter(None, (*self.unread_keys, self.unread_login)))

    @property
    def strict_key_exchange(self) -> bool:
        """It has the countermeasure against prefix truncation (Terrapin, CVE-2023-48795)."""
        return STRICT_KEX in self.key_exchanges


@dataclass(frozen=True, slots=True)
class SshServers:
    """The SSH servers of one asset. unread: ports that should speak SSH and did not, with the reason."""

    servers: tuple[SshServer, ...]
    unread: tuple[str, ...] = ()


ssh_servers = observed("ssh_servers", SshServers)
