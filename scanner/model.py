"""The nouns of drscan: what an asset is, what a check concludes, what supports it.

This module imports nothing of ours, so every layer may import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal


class Status(StrEnum):
    """Result states of XCCDF 1.2 (NIST IR 7275 r4, section 6.6.4.2) that drscan uses."""

    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    ERROR = "error"
    UNKNOWN = "unknown"
    NOTAPPLICABLE = "notapplicable"
    NOTCHECKED = "notchecked"
    INFORMATIONAL = "informational"


class Severity(StrEnum):
    """How much harm a failed check can lead to. Ordered by `rank`."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical; larger is worse."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation that supports a result.

    source: the file path or command it was read from; line: 1-based, only for files.
    text comes from the target and is not trusted: escape it wherever it is shown.
    """

    source: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a check concluded about one asset.

    `message` is part of change detection, so it carries no figure that moves by itself
    (an age, a fill level); such figures belong in `evidence`.
    """

    status: Status
    message: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept, never the secret: `env:NAME`, `file:PATH`, `keyring:SERVICE/USER`."""

    scheme: Literal["env", "file", "keyring"]
    locator: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.locator}"


@dataclass(frozen=True, slots=True)
class Port:
    """A transport-layer port, printed as `443/tcp`."""

    number: int
    protocol: Literal["tcp", "udp"] = "tcp"

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class BackupDeclaration:
    """A backup that the inventory says exists; checks hold it against what the host shows.

    path: folder on the asset that holds the backups or the local repository;
    pattern: glob of the files that count; sources: what is backed up;
    location: where the copy lives; max_age: oldest acceptable newest copy.
    """

    name: str
    tool: str
    path: str | None = None
    pattern: str = "*"
    sources: tuple[str, ...] = ()
    repository: str | None = None
    location: Literal["onsite", "offsite", "both"] | None = None
    encrypted: bool | None = None
    immutable: bool | None = None
    max_age: timedelta | None = None
    last_verified: date | None = None
    last_restore_test: date | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach an asset. Mirrors Ansible's connection variables.

    transport `network`: no host but the network that `host` names, seen from outside only.
    """

    transport: Literal["ssh", "local", "network"] = "ssh"
    host: str = "localhost"
    port: int = 22
    user: str | None = None
    identity_files: tuple[str, ...] = ()
    password: SecretRef | None = None
    proxy_jump: tuple[str, ...] = ()
    jump_identity_files: tuple[tuple[str, ...], ...] = ()
    host_key_alias: str | None = None
    become: bool = False
    become_method: Literal["sudo", "doas"] = "sudo"
    ssh_legacy: bool = False


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Leave to look at a network from outside: whose, and until which day (inclusive).

    network: in CIDR form; discover: also look there for hosts that the inventory does not know.
    """

    network: str
    authorised_by: str
    until: date
    discover: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    """One thing the office owns and must be able to get back."""

    name: str
    connection: Connection = Connection()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owner: str | None = None
    tier: int | None = None
    zone: str | None = None
    classification: str | None = None
    services: tuple[str, ...] = ()
    expected_ports: tuple[Port, ...] = ()
    backups: tuple[BackupDeclaration, ...] = ()
    rto: timedelta | None = None
    rpo: timedelta | None = None
    scope: tuple[Authorisation, ...] = ()
    domains: tuple[str, ...] = ()
    resolver: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How the attempt to look at an asset ended. Given to checks as the parameter `reach`.

    outcome: `ok`, or why nothing (or not everything) could be read. detail: one plain line.
    host_key: SHA256 fingerprint that the server presented, as `ssh-keygen -l` prints it.
    """

    outcome: Literal[
        "ok",
        "unreachable",
        "auth-failed",
        "host-key-changed",
        "host-key-unknown",
        "host-key-revoked",
        "no-common-algorithm",
        "deadline",
        "cut-off",
        "misconfigured",
    ]
    detail: str = ""
    host_key: str | None = None
    legacy: bool = False

    @property
    def ok(self) -> bool:
        """True when the batch ran to its end."""
        return self.outcome == "ok"


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """What is known of a check without running it; stored and exported with its findings."""

    id: str
    title: str
    why: str
    fix: str
    severity: Severity
    controls: tuple[str, ...]
    platforms: tuple[str, ...] = ("linux",)
    tags: tuple[str, ...] = ()
    tunables: Mapping[str, Any] = field(default_factory=dict)
