"""SSH servers as an attacker on the network sees them, before any login.

These see what the server really offers, whatever its configuration says. Whether two assets share a host key
is not judged here, because a check sees one asset: the fingerprints are in the evidence of SSV-006.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from checks.outside.listening import judge
from checks.outside.ssh_algorithms import (
    CIPHERS,
    HOST_KEYS,
    KEY_EXCHANGES,
    MACS,
    Opinion,
    opinions,
)
from checks.outside.wording import few
from scanner.check import check, failed, informational
from scanner.facts.ssh_server import SshServer, SshServers
from scanner.model import Evidence, Result

_TAGS = ["outside", "ssh"]
_CRYPTOGRAPHY = [
    "nist-800-53:SC-8(1)", "nist-800-53:SC-13", "nist-800-53:AC-17(2)", "cis-v8:3.10",
    "iso-27001:A.8.24", "csf-2.0:PR.DS-02", "nis2:21.2h",
]  # fmt: skip


def _judge(
    ssh: SshServers,
    look: Callable[[SshServer], Mapping[str, str] | None],
    bad: str,
    good: str,
    show: Callable[[SshServer], str],
    verdict: Callable[..., Result] = failed,
) -> Result:
    return judge(ssh.servers, ssh.unread, look, bad, good, show, verdict)


def _weak(
    ssh: SshServers, what: str, table: Sequence[Opinion], names: Callable[[SshServer], Sequence[str]]
) -> Result:
    """Fail for every weak name; on a pass, show what is held against the others."""

    def look(server: SshServer) -> Mapping[str, str] | None:
        if not names(server):
            return None
        held = opinions(names(server), table, "weak")
        return {name: f"{name}: {opinion.reason} ({opinion.source})" for name, opinion in held.items()}

    def show(server: SshServer) -> str:
        cautions = opinions(names(server), table, "caution")
        said = [f"; {name}: {opinion.reason} ({opinion.source})" for name, opinion in cautions.items()]
        return ", ".join(names(server)) + "".join(said)

    return _judge(ssh, look, f"Weak {what} are offered", f"No weak {what} are offered", show)


@check(
    "SSV-001",
    severity="high",
    controls=["nist-800-53:SC-8(1)", "nist-800-53:SC-13", "nist-800-53:CM-7", "cis-v8:4.6", "nis2:21.2h"],
    platforms=(),
    tags=_TAGS,
)
def protocol_two(ssh_servers: SshServers) -> Result:
    """SSH servers speak protocol 2 only.

    Why: protocol 1 lets someone on the way read and change a session; it was given up in 2006.
    Fix: update the SSH server; on old OpenSSH set `Protocol 2` in /etc/ssh/sshd_config and reload sshd. On a
    network device turn version 1 off (Cisco: `ip ssh version 2`).
    """
    return _judge(
        ssh_servers,
        lambda s: {} if s.protocol == "2.0" else {f"protocol {s.protocol}": s.banner},
        "The obsolete SSH protocol 1 is spoken",
        "Only SSH protocol 2 is spoken",
        lambda s: s.banner,
    )


@check("SSV-002", severity="high", controls=_CRYPTOGRAPHY, platforms=(), tags=_TAGS)
def key_exchanges(ssh_servers: SshServers, group_bits: int = 2048) -> Result:
    """SSH servers offer no weak key exchange.

    Why: SHA-1 and 1024-bit groups are within reach of well-equipped attackers, also for recorded traffic.
    Fix: set `KexAlgorithms -*-sha1,*group1-*` in /etc/ssh/sshd_config and reload sshd; where the group is too
    short, delete the lines of /etc/ssh/moduli whose fifth column is under 2047.
    """
    short = [s for s in ssh_servers.servers if 0 < (s.group_exchange_bits or 0) < group_bits]
    if short:
        return failed(
            f"The group of a key exchange is shorter than {group_bits} bits on {few(s.port for s in short)}",
            *(Evidence(str(s), f"group exchange with {s.group_exchange_bits} bits") for s in short),
        )
    return _weak(ssh_servers, "key exchanges", KEY_EXCHANGES, lambda s: s.key_exchanges)


@check("SSV-003", severity="high", controls=_CRYPTOGRAPHY, platforms=(), tags=_TAGS)
def ciphers(ssh_servers: SshServers) -> Result:
    """SSH servers offer no weak cipher.

    Why: CBC, RC4 and 64-bit block ciphers let a listener recover parts of a session.
    Fix: set `Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr` in
    /etc/ssh/sshd_config and reload sshd.
    """
    return _weak(ssh_servers, "ciphers", CIPHERS, lambda s: s.ciphers)


@check("SSV-004", severity="medium", controls=_CRYPTOGRAPHY, platforms=(), tags=_TAGS)
def macs(ssh_servers: SshServers) -> Result:
    """SSH servers offer no weak message authentication code.

    Why: codes with MD5 or SHA-1 are the first to give way when someone alters a session on its way.
    Fix: set `MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com` in
    /etc/ssh/sshd_config and reload sshd.
    """
    return _weak(ssh_servers, "message authentication codes", MACS, lambda s: s.macs)


@check("SSV-005", severity="medium", controls=_CRYPTOGRAPHY, platforms=(), tags=_TAGS)
def host_key_algorithms(ssh_servers: SshServers) -> Result:
    """SSH servers prove who they are with current signatures.

    Why: a signature with SHA-1 or DSA can be forged, and then an impostor receives what people type.
    Fix: set `HostKeyAlgorithms -ssh-rsa,ssh-dss` in /etc/ssh/sshd_config and reload sshd; RSA keys stay in
    use with rsa-sha2-256 and rsa-sha2-512.
    """
    return _weak(ssh_servers, "host key algorithms", HOST_KEYS, lambda s: s.host_key_algorithms)


@check(
    "SSV-006",
    severity="high",
    controls=["nist-800-53:SC-12", "nist-800-53:SC-13", "cis-v8:3.10", "iso-27001:A.8.24", "nis2:21.2h"],
    platforms=(),
    tags=_TAGS,
)
def host_keys(ssh_servers: SshServers, rsa_bits: int = 2048) -> Result:
    """SSH servers have strong host keys.

    Why: who computes a short private key can pose as this server to everyone who logs in.
    Fix: delete the weak key under /etc/ssh with its .pub, run `ssh-keygen -A`, reload sshd, and tell the
    users the new fingerprint. On a network device: `crypto key generate rsa modulus 3072` or its like.
    """

    def look(server: SshServer) -> Mapping[str, str] | None:
        short = {
            f"{key.kind} with {key.bits} bits": str(key)
            for key in server.host_keys
            if key.kind == "ssh-dss" or (key.kind == "ssh-rsa" and (key.bits or 0) < rsa_bits)
        }
        return short if short or (server.host_keys and not server.unread_keys) else None

    return _judge(
        ssh_servers,
        look,
        "Weak host keys",
        "All host keys are strong",
        lambda s: "\n".join(map(str, s.host_keys)),
    )


@check(
    "SSV-007",
    severity="medium",
    controls=["nist-800-53:SC-8(1)", "nist-800-53:SI-2", "cis-v8:7.3", "csf-2.0:PR.DS-02", "nis2:21.2e"],
    platforms=(),
    tags=_TAGS,
)
def terrapin(ssh_servers: SshServers) -> Result:
    """SSH servers withstand the Terrapin attack (CVE-2023-48795).

    Why: someone on the way can cut messages off the start of a session, and so turn its protections off.
    Fix: update the SSH server (OpenSSH 9.6, or your distribution's repaired package); until then set
    `Ciphers -chacha20-poly1305@openssh.com,*-cbc` in /etc/ssh/sshd_config and reload sshd.
    """

    def look(server: SshServer) -> Mapping[str, str] | None:
        if not server.key_exchanges:
            return None
        if server.strict_key_exchange:
            return {}
        exposed = [name for name in server.ciphers if name.startswith("chacha20-poly1305")]
        if any("-etm@" in name for name in server.macs):
            exposed += [name for name in server.ciphers if name.endswith("-cbc")]
        return {name: f"{name} without strict key exchange" for name in exposed}

    return _judge(
        ssh_servers,
        look,
        "Sessions can be cut at their start",
        "The start of a session cannot be cut",
        lambda s: "strict key exchange" if s.strict_key_exchange else "no cipher that Terrapin works on",
    )


@check(
    "SSV-009",
    severity="info",
    controls=["nist-800-53:SC-13", "nist-800-53:SC-12", "cis-v8:3.10", "iso-27001:A.8.24"],
    platforms=(),
    tags=[*_TAGS, "informational"],
)
def post_quantum(ssh_servers: SshServers) -> Result:
    """SSH servers offer a key exchange that quantum computers do not break.

    Why: sessions recorded today can be read once such a computer exists.
    Fix: update to OpenSSH 9.0 or later, and do not leave sntrup761 and mlkem768 out of `KexAlgorithms`.
    """

    def look(server: SshServer) -> Mapping[str, str] | None:
        if not server.key_exchanges:
            return None
        if any(re.search("mlkem|sntrup761", name) for name in server.key_exchanges):
            return {}
        return {"only classical key exchanges": ", ".join(server.key_exchanges)}

    return _judge(
        ssh_servers,
        look,
        "Recorded sessions may be read one day",
        "A post-quantum key exchange is offered",
        lambda s: ", ".join(s.key_exchanges),
        informational,
    )
