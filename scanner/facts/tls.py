"""What speaks TLS on an asset, as any client sees it: versions, suites, groups, certificates."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.certificates import Certificate
from scanner.facts.spec import observed
from scanner.model import Port

# Parts of a suite's RFC name, and what is wrong with such a suite. Without protection: anyone on the way can
# read or change the traffic (RFC 9325, section 4.1). Broken: known attacks; NIST SP 800-52 r2 allows none.
UNPROTECTED = {
    "_NULL_": "does not encrypt",
    "_anon_": "does not prove who the server is",
    "EXPORT": "uses a key cut short for the export rules of the 1990s",
    "_DES40_": "uses a key of 40 bits",
}
BROKEN = {
    "_RC4_": "RC4 leaks the plain text (RFC 7465)",
    "_RC2_": "RC2 is obsolete",
    "_DES_": "DES has a key of 56 bits, or blocks of 64 (Sweet32)",
    "_3DES_": "3DES has blocks of 64 bits (Sweet32, CVE-2016-2183)",
    "_IDEA_": "IDEA has blocks of 64 bits (Sweet32)",
    "_28147_": "GOST 28147 has blocks of 64 bits",
    "_MD5_": "MD5 is broken",
}


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite by its IANA name."""

    name: str

    @property
    def forward_secret(self) -> bool:
        """A key stolen later does not open a recorded session. All suites of TLS 1.3 are of this kind."""
        return "_WITH_" not in self.name or any(part in self.name for part in ("DHE_", "_anon_"))

    @property
    def authenticated_encryption(self) -> bool:
        """It encrypts and authenticates in one step (AEAD), which closes the padding attacks on CBC."""
        return any(part in self.name for part in ("_GCM_", "_CCM", "_POLY1305", "_MGM"))

    def faults(self, table: dict[str, str]) -> tuple[str, ...]:
        """The reasons in the table (`UNPROTECTED` or `BROKEN`) that apply to it."""
        marked = f"_{self.name}_"
        return tuple(why for part, why in table.items() if part in marked)


@dataclass(frozen=True, slots=True)
class Version:
    """A protocol version that the server accepts, such as `TLSv1.2`, and the suites that it accepts in it."""

    name: str
    suites: tuple[Suite, ...]


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """A certificate as the server presents it. issuers: what else it sent, in its order.

    ordered: each certificate is followed by its issuer's. chain_fault: why no chain to a CA that this machine
    trusts could be built, "" when one could, None when that was not tried; expiry is no such fault.
    names_asset: it is valid for one of the asset's names, None when the inventory gives none.
    responder: it names an OCSP responder or demands stapling; stapled: the server sent an OCSP answer too.
    """

    leaf: Certificate
    issuers: tuple[Certificate, ...] = ()
    ordered: bool = True
    chain_fault: str | None = ""
    names_asset: bool | None = True
    responder: bool = False
    stapled: bool = False

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The certificate and what was sent with it."""
        return (self.leaf, *self.issuers)


@dataclass(frozen=True, slots=True)
class TlsServer:
    """One port that speaks TLS. starttls: the protocol it is upgraded from, "" if TLS from the first byte.

    versions: oldest first; certificates: one a key type, as a rule. groups: elliptic curves; hybrid: the
    post-quantum key exchange it chose from those standardised, "" if it takes none. dh_bits: smallest
    Diffie-Hellman group seen, 0 if it uses none. None stands for what could not be learned;
    silent: versions that may be accepted, because the server did not answer when asked.
    """

    port: Port
    starttls: str = ""
    versions: tuple[Version, ...] | None = ()
    silent: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = ()
    hybrid: str | None = ""
    dh_bits: int | None = 0
    certificates: tuple[ServedCertificate, ...] | None = ()
    heartbleed: bool | None = False
    early_ccs: bool | None = False
    robot: bool | None = False
    compression: bool | None = False
    insecure_renegotiation: bool | None = False

    def __str__(self) -> str:
        return f"{self.port} ({self.starttls})" if self.starttls else str(self.port)

    @property
    def suites(self) -> tuple[Suite, ...]:
        """Every suite it accepts in any version, each once."""
        return tuple(dict.fromkeys(suite for version in self.versions or () for suite in version.suites))


@dataclass(frozen=True, slots=True)
class ClearService:
    """A service that could be upgraded to TLS and does not offer it. answer: its own words, not trusted."""

    port: Port
    protocol: str
    answer: str

    def __str__(self) -> str:
        return f"{self.port} ({self.protocol})"


@dataclass(frozen=True, slots=True)
class TlsServers:
    """unread: ports that should speak TLS and could not be looked at, with the reason."""

    servers: tuple[TlsServer, ...]
    clear: tuple[ClearService, ...] = ()
    unread: tuple[str, ...] = ()


tls_servers = observed("tls_servers", TlsServers)
