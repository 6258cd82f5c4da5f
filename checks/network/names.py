"""Name servers and the notice people see before they log in."""

from __future__ import annotations

from scanner.check import check, failed, passed, unknown
from scanner.model import Evidence, Result


@check(
    "NET-001",
    severity="medium",
    controls=["nist-800-53:SC-22", "cis-v8:4.9"],
    tags=["network", "availability"],
)
def two_name_servers(name_servers: tuple[str, ...], least: int = 2) -> Result:
    """At least two name servers are set.

    Why: when the only name server is down, mail, log-ins, backups and updates stop with it.
    Fix: add a second `nameserver` line through your network settings (netplan, NetworkManager,
    /etc/network/interfaces), not in /etc/resolv.conf by hand.
    """
    seen = Evidence("/etc/resolv.conf", "\n".join(f"nameserver {server}" for server in name_servers[:10]))
    if name_servers and all(server.startswith("127.") or server == "::1" for server in name_servers):
        return unknown("A name server on this host answers; which servers it asks is not known", seen)
    if len(name_servers) < least:
        return failed(f"Name servers set: {', '.join(name_servers) or 'none'}", seen)
    return passed(f"Name servers set: {', '.join(name_servers[:10])}", seen)


@check("NET-002", severity="low", controls=["nist-800-53:AC-8", "cis-v8:4.1"], tags=["network", "banner"])
def login_notice(
    banners: dict[str, str],
    words: tuple[str, ...] = ("authori", "permi", "prohib", "monitor", "private", "restrict"),
) -> Result:
    """People are told before log-in that only authorised use is allowed.

    Why: without a notice it is hard to act against misuse, and the standard text names the
    system and its version to strangers.
    Fix: write your office's notice to /etc/issue and /etc/issue.net; no `\\m`, `\\r`, `\\s` or `\\v`.
    """
    faults = []
    for path in ("/etc/issue", "/etc/issue.net"):
        text = banners.get(path, "")
        if not any(word in text.lower() for word in words):
            faults.append(f"{path} has no notice")
        elif any(mark in text for mark in ("\\m", "\\r", "\\s", "\\v")):
            faults.append(f"{path} shows the system's version")
    seen = (Evidence(path, text[:500]) for path, text in banners.items() if path != "/etc/motd")
    return failed("; ".join(faults), *seen) if faults else passed("A notice is shown before log-in", *seen)
