"""Could the asset be looked at, and is it the asset that we know?"""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, passed
from scanner.model import Asset, Evidence, Reach, Result, Status

# Outcomes that end a connection before the host key is compared.
_BEFORE_HOST_KEY = ("unreachable", "no-common-algorithm", "misconfigured")
# Outcomes that may come at any time: what was seen before counts only when there is a trace of it.
_AT_ANY_TIME = ("deadline", "cut-off")


def _next_step(asset: Asset, outcome: str) -> str:
    """The command that tells an administrator more."""
    connection = asset.connection
    login = f"{connection.user + '@' if connection.user else ''}{connection.host}"
    shell = "" if connection.transport == "local" else f"ssh -p {connection.port} {login} "
    return {
        "unreachable": f"try: nc -vz {connection.host} {connection.port}",
        "auth-failed": f"try: ssh -v -p {connection.port} {login} true",
        "host-key-changed": "see CON-002",
        "host-key-revoked": "see CON-002",
        "host-key-unknown": f"type: drscan inventory trust {asset.name}",
        "no-common-algorithm": "see CON-003",
        "deadline": f"try: {shell}uptime",
        "cut-off": f"try: {shell}uptime",
    }.get(outcome, "type: drscan inventory validate")


_IN_WORDS = {
    "unreachable": "The asset does not answer",
    "auth-failed": "The asset refuses the login",
    "host-key-changed": "The asset showed another host key than the known one",
    "host-key-revoked": "The asset showed a revoked host key",
    "host-key-unknown": "The host key of the asset is not known yet",
    "no-common-algorithm": "The asset offers only obsolete SSH algorithms",
    "deadline": "The asset did not finish within its time limit",
    "cut-off": "The connection ended before everything was read",
    "misconfigured": "The connection settings of the asset cannot be used",
}


@check(
    "CON-001",
    severity="high",
    controls=["nist-800-53:CA-7", "nist-800-53:RA-5(3)", "cis-v8:7.5", "csf-2.0:ID.RA-01"],
    platforms=(),
    tags=["connection"],
)
def reached(asset: Asset, reach: Reach) -> Result:
    """The asset could be looked at.

    Why: nothing is known about an asset that is not looked at; it must not be counted as safe.
    Fix: follow the command in the message; a scan needs a route, a login, and a known host key.
    """
    if reach.ok:
        return passed("The asset was looked at to the end")
    words = _IN_WORDS.get(reach.outcome, reach.outcome)
    return Result(
        Status.ERROR,
        f"{words}; {_next_step(asset, reach.outcome)}",
        (Evidence("connection", reach.detail or reach.outcome),),
    )


@check(
    "CON-002",
    severity="critical",
    controls=["nist-800-53:IA-3", "nist-800-53:SC-23", "cis-v8:12.6", "iso-27001:A.8.20"],
    platforms=(),
    tags=["connection", "ssh"],
)
def host_key_known(asset: Asset, reach: Reach) -> Result:
    """The host key of the asset is the one that we know.

    Why: a changed key is what an impostor in the path shows; a login would hand over the session.
    Fix: ask the administrator of the asset for `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its
    console; only if it is the same, type `drscan inventory trust HOST`.
    """
    if asset.connection.transport == "local":
        return not_applicable("The asset is this machine; no host key is involved")
    shown = Evidence("SSH host key", " ".join(part for part in (reach.host_key, reach.detail) if part))
    if reach.outcome == "host-key-changed":
        return failed(
            "THE HOST KEY HAS CHANGED: this may be an impostor. Nothing was sent. Compare the fingerprint on "
            "the asset's console before you trust it",
            shown,
        )
    if reach.outcome == "host-key-revoked":
        return failed("THE HOST KEY IS REVOKED: this may be an impostor. Nothing was sent", shown)
    if reach.outcome == "host-key-unknown":
        return Result(
            Status.ERROR,
            f"The host key is not known yet; compare it, then type: drscan inventory trust {asset.name}",
            (shown,),
        )
    if reach.outcome in _BEFORE_HOST_KEY or (reach.outcome in _AT_ANY_TIME and not reach.host_key):
        return Result(
            Status.ERROR, f"The host key was not seen: {_IN_WORDS[reach.outcome].lower()}", (shown,)
        )
    return passed("The host key is the known one", *([shown] if reach.host_key else []))


@check(
    "CON-003",
    severity="medium",
    controls=["nist-800-53:SC-8(1)", "nist-800-53:SC-13", "cis-v8:3.10", "iso-27001:A.8.24", "nis2:21.2h"],
    platforms=(),
    tags=["crypto", "connection", "ssh"],
)
def no_legacy_algorithms(asset: Asset, reach: Reach) -> Result:
    """The asset can be reached with current SSH algorithms.

    Why: SHA-1 signatures and old key exchanges can be forged or read by a well equipped attacker.
    Fix: update the SSH server of the asset; until then set `ssh_legacy: true` for it, and only reach it
    through a trusted network.
    """
    if asset.connection.transport == "local":
        return not_applicable("The asset is this machine; no SSH is involved")
    if reach.outcome == "no-common-algorithm":
        return failed(
            "The asset offers only obsolete SSH algorithms; to scan it still, set `ssh_legacy: true` for it",
            Evidence("connection", reach.detail),
        )
    if reach.legacy:
        return failed("The asset is reached with obsolete SSH algorithms (`ssh_legacy: true`)")
    unseen = reach.outcome in _AT_ANY_TIME and not reach.host_key
    if unseen or reach.outcome in ("unreachable", "misconfigured"):
        words = _IN_WORDS[reach.outcome].lower()
        return Result(
            Status.ERROR, f"The algorithms were not seen: {words}", (Evidence("connection", reach.detail),)
        )
    return passed("Current SSH algorithms are enough")
