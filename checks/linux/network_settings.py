"""Kernel settings against forged and misrouted traffic."""

from __future__ import annotations

from checks.linux.kernel_settings import required
from scanner.check import check, failed, not_applicable, passed
from scanner.facts.sysctl import Sysctl
from scanner.model import Evidence, Result


def _both(*names: str) -> list[str]:
    """The keys for all present interfaces and for those to come."""
    return [name.replace("*", which) for name in names for which in ("all", "default")]


def _ipv6(sysctl: Sysctl, *names: str) -> list[str]:
    off = sysctl.number("net.ipv6.conf.all.disable_ipv6") == 1
    return [] if off else _both(*names)


def _interfaces(sysctl: Sysctl, name: str) -> list[str]:
    """The key of every interface but loopback."""
    before, _, after = name.partition("*")
    skipped = {before + which + after for which in ("all", "default", "lo")}
    return [k for k in sysctl.values if k.startswith(before) and k.endswith(after) and k not in skipped]


@check(
    "SYS-011",
    severity="medium",
    controls=["nist-800-53:CM-7", "nist-800-53:SC-7", "cis-v8:4.8"],
    tags=["kernel", "hardening", "network"],
)
def not_forwarding(sysctl: Sysctl, is_router: bool = False) -> Result:
    """The asset does not pass packets from one network to another.

    Why: a host in two networks becomes the bridge around the firewall between them.
    Fix: set `net.ipv4.ip_forward=0` and `net.ipv6.conf.all.forwarding=0` in /etc/sysctl.d and run
    `sysctl --system`; for routers and container hosts set `is_router` in their profile.
    """
    if is_router:
        return not_applicable("The profile says that this asset routes")
    keys = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]
    return required(sysctl, keys, {0}, "Packets are forwarded")


@check(
    "SYS-012",
    severity="medium",
    controls=["nist-800-53:SC-7", "nist-800-53:CM-6", "cis-v8:4.1"],
    tags=["kernel", "hardening", "network"],
)
def redirects_refused(sysctl: Sysctl) -> Result:
    """ICMP redirects are not accepted.

    Why: anyone on the same network could reroute the traffic of this host through their own machine.
    Fix: set `net.ipv4.conf.all.accept_redirects=0` and `net.ipv4.conf.default.accept_redirects=0`, and
    the same for `net.ipv6`, in /etc/sysctl.d and run `sysctl --system`; an interface that is up already
    takes it at the next start, or by `sysctl net.ipv4.conf.NAME.accept_redirects=0`.
    """
    v4, v6 = "net.ipv4.conf.*.accept_redirects", "net.ipv6.conf.*.accept_redirects"
    keys = _both(v4) + _ipv6(sysctl, v6)
    # ip-sysctl.rst: without forwarding one of `all` and the interface is enough for IPv4; for IPv6 the
    # interface alone decides.
    if sysctl.number("net.ipv4.ip_forward") != 1:
        keys += _interfaces(sysctl, v4)
    if keys != _both(v4):
        keys += _interfaces(sysctl, v6)
    return required(sysctl, keys, {0}, "Redirects are accepted")


@check(
    "SYS-013",
    severity="low",
    controls=["nist-800-53:CM-7", "cis-v8:4.1"],
    tags=["kernel", "hardening", "network"],
)
def redirects_not_sent(sysctl: Sysctl) -> Result:
    """The asset sends no ICMP redirects.

    Why: only routers have a reason to; on another host they help an intruder to steer traffic.
    Fix: set `net.ipv4.conf.all.send_redirects=0` and `net.ipv4.conf.default.send_redirects=0` in
    /etc/sysctl.d and run `sysctl --system`; an interface that is up already takes it at the next start,
    or by `sysctl net.ipv4.conf.NAME.send_redirects=0`.
    """
    # ip-sysctl.rst: one of `all` and the interface is enough.
    keys = _both("net.ipv4.conf.*.send_redirects") + _interfaces(sysctl, "net.ipv4.conf.*.send_redirects")
    return required(sysctl, keys, {0}, "Redirects are sent")


@check(
    "SYS-014",
    severity="medium",
    controls=["nist-800-53:SC-7", "nist-800-53:CM-6", "cis-v8:4.1"],
    tags=["kernel", "hardening", "network"],
)
def source_routes_refused(sysctl: Sysctl) -> Result:
    """Packets that prescribe their own route are refused.

    Why: with them an attacker reaches hosts that the routers would otherwise keep out of reach.
    Fix: set `net.ipv4.conf.all.accept_source_route=0` and `net.ipv4.conf.default.accept_source_route=0`,
    and the same for `net.ipv6`, in /etc/sysctl.d and run `sysctl --system`.
    """
    v4 = _both("net.ipv4.conf.*.accept_source_route")
    v6 = _ipv6(sysctl, "net.ipv6.conf.*.accept_source_route")
    # Negative means never, for IPv6 (Documentation/networking/ip-sysctl.rst).
    return required(sysctl, v4 + v6, {0, -1}, "Source-routed packets are accepted")


@check(
    "SYS-015",
    severity="medium",
    controls=["nist-800-53:SC-7", "nist-800-53:CM-6", "cis-v8:4.1"],
    tags=["kernel", "hardening", "network"],
)
def reverse_path_filtered(sysctl: Sysctl) -> Result:
    """Packets with a forged sender address are dropped.

    Why: a forged sender passes rules that trust addresses and hides where an attack comes from.
    Fix: set `net.ipv4.conf.all.rp_filter=1` and `net.ipv4.conf.default.rp_filter=1` (2 on hosts with
    several routes) in /etc/sysctl.d and run `sysctl --system`.
    """
    prefix, suffix = "net.ipv4.conf.", ".rp_filter"
    found = {
        key[len(prefix) : -len(suffix)]: sysctl.number(key) or 0
        for key in sysctl.values
        if key.startswith(prefix) and key.endswith(suffix)
    }
    if not found:
        return not_applicable("This kernel has no reverse path filter")
    seen = Evidence("/proc/sys/net/ipv4/conf", "\n".join(f"{k}.rp_filter = {v}" for k, v in found.items()))
    # The kernel uses the greater of `all` and the interface's own value.
    general = found.get("all", 0)
    off = sorted(name for name, own in found.items() if name not in ("all", "lo") and not max(general, own))
    if off:
        return failed(f"Sender addresses are not verified on {', '.join(off[:10])}", seen)
    return passed("Sender addresses are verified on every interface", seen)


@check(
    "SYS-016",
    severity="medium",
    controls=["nist-800-53:SC-5", "cis-v8:4.1"],
    tags=["kernel", "hardening", "network"],
)
def syn_cookies(sysctl: Sysctl) -> Result:
    """A flood of half-open connections does not lock out real ones.

    Why: a single machine could otherwise make every service of this host unreachable.
    Fix: `echo net.ipv4.tcp_syncookies=1 >/etc/sysctl.d/60-syn.conf && sysctl --system`.
    """
    return required(sysctl, ["net.ipv4.tcp_syncookies"], {1, 2}, "SYN cookies are off")


@check(
    "SYS-017",
    severity="low",
    controls=["nist-800-53:AU-12", "nist-800-53:SI-4", "cis-v8:8.5"],
    tags=["kernel", "hardening", "network"],
)
def martians_logged(sysctl: Sysctl) -> Result:
    """Packets with impossible addresses are logged.

    Why: they are the first sign of forged traffic or of a wrong route.
    Fix: set `net.ipv4.conf.all.log_martians=1` and `net.ipv4.conf.default.log_martians=1` in
    /etc/sysctl.d and run `sysctl --system`.
    """
    return required(sysctl, _both("net.ipv4.conf.*.log_martians"), {1}, "Impossible packets are not logged")


@check(
    "SYS-018",
    severity="low",
    controls=["nist-800-53:SC-5", "cis-v8:4.1"],
    tags=["kernel", "hardening", "network"],
)
def broadcasts_ignored(sysctl: Sysctl) -> Result:
    """Pings to broadcast addresses and bogus ICMP errors are ignored.

    Why: the host would help to flood a third party, or fill its own log.
    Fix: set `net.ipv4.icmp_echo_ignore_broadcasts=1` and `net.ipv4.icmp_ignore_bogus_error_responses=1`
    in /etc/sysctl.d and run `sysctl --system`.
    """
    keys = ["net.ipv4.icmp_echo_ignore_broadcasts", "net.ipv4.icmp_ignore_bogus_error_responses"]
    return required(sysctl, keys, {1}, "Broadcast pings or bogus errors are answered")


@check(
    "SYS-019",
    severity="low",
    controls=["nist-800-53:SC-7", "nist-800-53:CM-6", "cis-v8:4.1"],
    tags=["kernel", "hardening", "network"],
)
def router_advertisements_refused(sysctl: Sysctl) -> Result:
    """A server does not let strangers configure its IPv6 network.

    Why: one forged router advertisement makes an attacker's machine the gateway.
    Fix: set `net.ipv6.conf.all.accept_ra=0` and `net.ipv6.conf.default.accept_ra=0` in /etc/sysctl.d and
    run `sysctl --system`, after giving the server its IPv6 address and gateway by hand.
    """
    keys = _ipv6(sysctl, "net.ipv6.conf.*.accept_ra")
    if not keys:
        return not_applicable("IPv6 is switched off")
    return required(sysctl, keys, {0}, "Router advertisements are accepted")
