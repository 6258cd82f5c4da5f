"""SSH's cryptography: algorithms, host keys and the keys of people."""

from __future__ import annotations

from fnmatch import fnmatchcase

from checks.access.wording import modes, some
from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.accounts import Group, Users
from scanner.facts.files import FileModes
from scanner.facts.sshd import KEY_FOLDERS, PublicKey, SshdConfig
from scanner.model import Evidence, Result


def _algorithms(sshd: SshdConfig, keyword: str, what: str, weak: tuple[str, ...]) -> Result:
    value = sshd.get(keyword)
    if value is None or value.startswith("-"):
        return unknown(
            f"The {what} in use could not be told without `sshd -T`", Evidence(sshd.source, keyword)
        )
    found = [name for name in value.lstrip("+^").split(",") if any(fnmatchcase(name, bad) for bad in weak)]
    if found:
        return failed(f"Weak {what} are offered: {some(found)}", sshd.evidence(keyword))
    if value[:1] in ("+", "^"):
        return unknown(f"The {what} in use could not be told without `sshd -T`", sshd.evidence(keyword))
    return passed(f"No weak {what} are offered", sshd.evidence(keyword))


def _weak(key: PublicKey, least_rsa: int) -> bool:
    return key.kind.startswith("ssh-dss") or (
        key.kind == "ssh-rsa" and key.bits is not None and key.bits < least_rsa
    )


@check(
    "SSH-020",
    severity="high",
    controls=["nist-800-53:SC-8(1)", "nist-800-53:SC-13", "nist-800-53:AC-17(2)", "cis-v8:3.10",
              "iso-27001:A.8.24", "csf-2.0:PR.DS-02", "nis2:21.2h"], tags=["ssh", "crypto"]
)  # fmt: skip
def ciphers(
    sshd: SshdConfig,
    weak: tuple[str, ...] = ("*-cbc", "*-cbc@*", "arcfour*", "blowfish*", "cast128*", "3des*", "none"),
) -> Result:
    """SSH offers no weak cipher.

    Why: CBC, RC4 and 64-bit block ciphers let a listener recover parts of a session.
    Fix: set `Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr` in
    /etc/ssh/sshd_config and reload sshd.
    """
    return _algorithms(sshd, "ciphers", "ciphers", weak)


@check(
    "SSH-021",
    severity="medium",
    controls=["nist-800-53:SC-8(1)", "nist-800-53:SC-13", "nist-800-53:AC-17(2)", "cis-v8:3.10",
              "iso-27001:A.8.24", "csf-2.0:PR.DS-02", "nis2:21.2h"], tags=["ssh", "crypto"]
)  # fmt: skip
def macs(
    sshd: SshdConfig,
    weak: tuple[str, ...] = ("hmac-md5*", "hmac-sha1*", "hmac-ripemd160*", "umac-64*", "none"),
) -> Result:
    """SSH offers no weak message authentication code.

    Why: MD5, SHA-1 and 64-bit codes are the first to give way when someone alters a session on its way.
    Fix: set `MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512,hmac-sha2-256`
    in /etc/ssh/sshd_config and reload sshd.
    """
    return _algorithms(sshd, "macs", "message authentication codes", weak)


@check(
    "SSH-022",
    severity="high",
    controls=["nist-800-53:SC-8(1)", "nist-800-53:SC-13", "nist-800-53:AC-17(2)", "cis-v8:3.10",
              "iso-27001:A.8.24", "csf-2.0:PR.DS-02", "nis2:21.2h"], tags=["ssh", "crypto"]
)  # fmt: skip
def key_exchange(
    sshd: SshdConfig,
    weak: tuple[str, ...] = ("*-sha1", "*-sha1-*", "diffie-hellman-group1-*", "rsa1024*"),
) -> Result:
    """SSH offers no weak key exchange.

    Why: SHA-1 and 1024-bit groups are within reach of well-equipped attackers, also for recorded traffic.
    Fix: set `KexAlgorithms -*-sha1` in /etc/ssh/sshd_config and reload sshd; on RHEL, where the crypto
    policy sets the list, `update-crypto-policies --set DEFAULT:NO-SHA1`.
    """
    return _algorithms(sshd, "kexalgorithms", "key exchanges", weak)


@check(
    "SSH-023",
    severity="medium",
    controls=["nist-800-53:SC-12", "nist-800-53:SC-13", "cis-v8:3.10", "iso-27001:A.8.24"],
    tags=["ssh", "crypto"],
)
def host_keys(sshd: SshdConfig, least_rsa: int = 2048) -> Result:
    """SSH's host keys are strong.

    Why: with a DSA or short RSA key, someone else can pretend to be this host.
    Fix: delete the weak key under /etc/ssh with its .pub, run `ssh-keygen -A`, reload sshd, and tell
    the users the new fingerprint.
    """
    if not sshd.host_keys:
        return unknown("No public host key could be read from /etc/ssh")
    weak = [key for key in sshd.host_keys if _weak(key, least_rsa)]
    if weak:
        names = some(key.evidence.source for key in weak)
        return failed(f"Weak host keys: {names}", *(key.evidence for key in weak))
    return passed("All host keys are strong", *(key.evidence for key in sshd.host_keys))


@check(
    "SSH-024",
    severity="high",
    controls=["nist-800-53:SC-12", "nist-800-53:AC-3", "cis-v8:3.3", "iso-27001:A.8.24"],
    tags=["ssh", "crypto"],
)
def host_key_modes(file_modes: FileModes, groups: tuple[Group, ...]) -> Result:
    """Only root can read SSH's private host keys.

    Why: whoever has a copy of the key can pretend to be this host and collect passwords.
    Fix: `chown root:root /etc/ssh/ssh_host_*_key; chmod 600 /etc/ssh/ssh_host_*_key`, then make new keys if
    others could read them.
    """
    keys = [
        entry
        for path, entry in file_modes.found.items()
        if path.startswith("/etc/ssh/ssh_host_") and path.endswith("_key")
    ]
    if not keys:
        if any(path.startswith("/etc/ssh") for path in file_modes.hidden):
            return unknown("The private host keys in /etc/ssh could not be looked at")
        return not_applicable("There is no private host key in /etc/ssh")
    # RHEL up to 9 keeps them 0640 for a group that only the program ssh-keysign has.
    own = {group.gid for group in groups if group.name == "ssh_keys"}
    bad = [key for key in keys if key.uid != 0 or key.mode & (0o037 if key.gid in own else 0o077)]
    if bad:
        return failed(f"Others can read private host keys: {some(key.path for key in bad)}", *modes(bad))
    return passed("Private host keys are readable by root only", *modes(keys))


@check(
    "SSH-025",
    severity="high",
    controls=["nist-800-53:IA-5", "nist-800-53:SC-12", "cis-v8:4.6", "iso-27001:A.8.24"],
    tags=["ssh", "crypto"],
)
def user_keys(
    authorized_keys: tuple[PublicKey, ...],
    sshd: SshdConfig | None,
    users: Users,
    least_rsa: int = 2048,
) -> Result:
    """No weak key may log in.

    Why: DSA and short RSA keys can be computed from their public half.
    Fix: have the owner make a new key (`ssh-keygen -t ed25519`) and remove the old line from authorized_keys.
    """
    weak = [key for key in authorized_keys if _weak(key, least_rsa)]
    if weak:
        files = some(key.source for key in weak)
        return failed(f"Weak keys may log in: {files}", *(key.evidence for key in weak[:100]))
    far = [
        user.home
        for user in users.entries
        if user.uid >= 1000
        and user.can_log_in
        and user.home.rstrip("/").rpartition("/")[0] not in KEY_FOLDERS
    ]
    if far:
        return unknown(f"Keys in these home folders are not looked at: {some(far)}")
    return _elsewhere(sshd) or passed("No weak key may log in")


def _elsewhere(sshd: SshdConfig | None) -> Result | None:
    """Unknown when sshd may take keys from places that the search for keys does not know."""
    if sshd is None:
        return None
    if sshd.unread:
        return unknown(f"Where SSH takes keys from could not be read in full: {some(sshd.unread)}")
    for keyword in ("authorizedkeysfile", "authorizedkeyscommand"):
        blocks = [block.values.get(keyword, "") for block in sshd.matches]
        words = " ".join((*sshd.values.get(keyword, ()), *blocks)).split()
        places = {word.removeprefix("%h/") for word in words if word.lower() != "none"}
        other = places - {".ssh/authorized_keys", ".ssh/authorized_keys2"}
        if other:
            return unknown(
                f"SSH takes keys from a place not looked at: {some(other)}", sshd.evidence(keyword)
            )
    return None


@check(
    "SSH-026",
    severity="medium",
    controls=["nist-800-53:AC-6(5)", "nist-800-53:IA-5", "cis-v8:5.4", "iso-27001:A.8.2"],
    tags=["ssh"],
)
def root_keys(authorized_keys: tuple[PublicKey, ...], sshd: SshdConfig | None) -> Result:
    """No key opens root's account without limits.

    Why: such a key is full control over the host for whoever holds it, and nobody expires it.
    Fix: remove it from /root/.ssh/authorized_keys, or put `from="address",command="…"` before it.
    """
    free = [
        key
        for key in authorized_keys
        if key.source in ("/root/.ssh/authorized_keys", "/root/.ssh/authorized_keys2")
        and not ("from=" in key.options or "command=" in key.options)
    ]
    if free:
        return failed(
            "Keys open root's account without limits of address or command",
            *(key.evidence for key in free[:100]),
        )
    return _elsewhere(sshd) or passed("No key opens root's account without limits")
