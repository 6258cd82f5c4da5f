"""The host's own firewall: on, closed by default, there after a reboot, and one of it."""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, passed
from scanner.facts.daemons import Daemons
from scanner.facts.firewall import Firewall, PacketFilter, Verdict
from scanner.model import Evidence, Result

_MANAGERS = ("firewalld", "ufw", "nftables", "netfilter-persistent", "iptables", "shorewall", "ferm")


@check(
    "FW-001",
    severity="high",
    controls=["nist-800-53:SC-7", "cis-v8:4.4", "iso-27001:A.8.20", "csf-2.0:PR.IR-01"],
    tags=["network", "firewall"],
)
def active(packet_filter: PacketFilter) -> Result:
    """A firewall on the host filters incoming packets.

    Why: without one, every service that starts by mistake is open to whoever reaches the network.
    Fix: `apt install ufw && ufw allow OpenSSH && ufw enable`, or `dnf install firewalld &&
    systemctl enable --now firewalld`.
    """
    if packet_filter.ipv4 is None and packet_filter.ipv6 is None:
        return failed("No firewall rule filters incoming packets", _seen(packet_filter))
    return passed("A firewall filters incoming packets", _seen(packet_filter))


@check(
    "FW-002",
    severity="high",
    controls=["nist-800-53:SC-7(5)", "cis-v8:4.4", "iso-27001:A.8.20"],
    tags=["network", "firewall"],
)
def default_deny_ipv4(packet_filter: PacketFilter) -> Result:
    """Incoming IPv4 packets are refused unless a rule allows them.

    Why: a firewall that lets through what nobody thought of protects only what somebody thought of.
    Fix: `ufw default deny incoming`; with nftables `policy drop;` in the input chain; allow SSH first.
    """
    return _default_deny("IPv4", packet_filter.ipv4, packet_filter)


@check(
    "FW-003",
    severity="high",
    controls=["nist-800-53:SC-7(5)", "cis-v8:4.4", "iso-27001:A.8.20"],
    tags=["network", "firewall"],
)
def default_deny_ipv6(packet_filter: PacketFilter, firewall: Firewall) -> Result:
    """Incoming IPv6 packets are refused unless a rule allows them.

    Why: IPv6 is on by default; a firewall for IPv4 alone leaves a second door open beside the first.
    Fix: set `IPV6=yes` in /etc/default/ufw and reload; with nftables use a table of family `inet`.
    """
    if not firewall.ipv6:
        return not_applicable("No network interface has an IPv6 address")
    return _default_deny("IPv6", packet_filter.ipv6, packet_filter)


@check("FW-004", severity="high", controls=["nist-800-53:SC-7", "cis-v8:4.4"], tags=["network", "firewall"])
def survives_reboot(firewall: Firewall, daemons: Daemons) -> Result:
    """The firewall comes back after a reboot.

    Why: rules typed by hand are gone after the next power cut, and nobody notices.
    Fix: `systemctl enable nftables` (or firewalld, or `ufw enable`), with the rules in its configuration.
    """
    enabled = daemons.enabled(*_known(firewall))
    if not enabled:
        return failed("No firewall service starts at boot", _services(firewall, daemons))
    return passed(f"Started at boot: {', '.join(enabled)}", _services(firewall, daemons))


@check("FW-005", severity="medium", controls=["nist-800-53:CM-6", "cis-v8:4.4"], tags=["network", "firewall"])
def one_manager(firewall: Firewall, daemons: Daemons) -> Result:
    """Only one firewall manager is in charge.

    Why: two managers overwrite each other's rules; which one wins depends on the order of starting.
    Fix: keep one and turn the others off: `systemctl disable --now NAME`, or `ufw disable`.
    """
    names = _known(firewall)
    used = {*daemons.running(*names), *daemons.enabled(*names)}
    if not used:
        return not_applicable("No firewall manager is in use")
    if len(used) > 1:
        return failed(f"Several firewall managers are in use: {', '.join(sorted(used))}")
    return passed(f"Only {min(used)} is in use")


def _default_deny(family: str, verdict: Verdict | None, packet_filter: PacketFilter) -> Result:
    if verdict == "drop":
        return passed(f"{family} packets that no rule allows are refused", _seen(packet_filter))
    return failed(f"{family} packets that no rule names are let in", _seen(packet_filter))


def _known(firewall: Firewall) -> tuple[str, ...]:
    """ufw's service is enabled by its package; only `ufw enable` makes it do something."""
    return tuple(name for name in _MANAGERS if name != "ufw" or firewall.ufw)


def _seen(packet_filter: PacketFilter) -> Evidence:
    return Evidence(packet_filter.tool, "\n".join(packet_filter.lines) or "no rule in an input chain")


def _services(firewall: Firewall, daemons: Daemons) -> Evidence:
    names = _known(firewall)
    running, enabled = daemons.running(*names), daemons.enabled(*names)
    return Evidence(
        "service manager",
        f"running: {', '.join(running) or 'none'}; enabled: {', '.join(enabled) or 'none'}",
    )
