"""Kernel settings that are in force now, read from /proc/sys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.facts.spec import NotCollected, Output, Probe, fact
from scanner.facts.text import whole

_KEYS = """
kernel.randomize_va_space kernel.yama.ptrace_scope kernel.kptr_restrict kernel.dmesg_restrict
kernel.unprivileged_bpf_disabled kernel.kexec_load_disabled kernel.sysrq kernel.perf_event_paranoid
kernel.core_pattern fs.suid_dumpable
net.ipv4.ip_forward net.ipv4.tcp_syncookies net.ipv4.icmp_echo_ignore_broadcasts
net.ipv4.icmp_ignore_bogus_error_responses
net.ipv4.conf.*.accept_redirects
net.ipv4.conf.all.secure_redirects net.ipv4.conf.default.secure_redirects
net.ipv4.conf.*.send_redirects
net.ipv4.conf.all.accept_source_route net.ipv4.conf.default.accept_source_route
net.ipv4.conf.all.log_martians net.ipv4.conf.default.log_martians net.ipv4.conf.*.rp_filter
net.ipv6.conf.all.disable_ipv6 net.ipv6.conf.default.disable_ipv6 net.ipv6.conf.all.forwarding
net.ipv6.conf.*.accept_redirects
net.ipv6.conf.all.accept_source_route net.ipv6.conf.default.accept_source_route
net.ipv6.conf.all.accept_ra net.ipv6.conf.default.accept_ra
"""


@dataclass(frozen=True, slots=True)
class Sysctl:
    """Values by dotted key. A key that this kernel does not have is missing."""

    values: Mapping[str, str]

    def number(self, key: str) -> int | None:
        """The value as an integer, or None when the kernel has no such key."""
        return whole(self.values.get(key, "").strip())


def _path(key: str) -> str:
    return "/proc/sys/" + key.replace(".", "/")


def _parse(output: Output) -> Sysctl:
    pairs = (line.partition(":") for line in output.lines if line.startswith("/proc/sys/"))
    values = {path[len("/proc/sys/") :].replace("/", "."): value for path, _, value in pairs}
    if not values:
        raise NotCollected("/proc/sys cannot be read")
    return Sysctl(values)


# `.` matches no empty line, so an empty core_pattern is missing rather than empty.
SYSCTL = Probe("sysctl", f"grep -s . {' '.join(map(_path, _KEYS.split()))} /dev/null; true")


@fact(SYSCTL)
def sysctl(output: Output) -> Sysctl:
    """The settings that checks ask for; interface names that hold a dot come out with it."""
    return _parse(output)


_LINKS = " ".join(f"/proc/sys/fs/protected_{kind}" for kind in ("hardlinks", "symlinks", "fifos", "regular"))

# Kernels before 5.16 show these files to root only.
LINK_PROTECTION = Probe(
    "link-protection",
    f"[ -d /proc/sys/fs ] || exit 0\ngrep . {_LINKS} 2>/dev/null || R grep . {_LINKS}; true",
)


@fact(LINK_PROTECTION)
def link_protection(output: Output) -> Sysctl:
    """fs.protected_hardlinks, _symlinks, _fifos, _regular."""
    return _parse(output)


@dataclass(frozen=True, slots=True)
class CoreDumps:
    """What limits core dumps besides fs.suid_dumpable.

    limits: `file:line` texts that set a hard core limit of 0 for everyone (limits.conf(5)).
    storage: `Storage=` of coredump.conf(5), empty when it is not set.
    """

    limits: tuple[str, ...]
    storage: str


CORE_DUMPS = Probe(
    "core-dumps",
    r"""
grep -nsE '^[[:space:]]*\*[[:space:]]+(hard|-)[[:space:]]+core[[:space:]]+0[[:space:]]*(#.*)?$' \
    /etc/security/limits.conf /etc/security/limits.d/*.conf /dev/null
S coredump
grep -hsE '^[[:space:]]*Storage[[:space:]]*=' /usr/lib/systemd/coredump.conf.d/*.conf \
    /etc/systemd/coredump.conf /etc/systemd/coredump.conf.d/*.conf
true
""",
)


@fact(CORE_DUMPS)
def core_dumps(output: Output) -> CoreDumps:
    """The last Storage= wins, as in systemd."""
    sections = output.sections()
    limits = tuple(line for line in sections.get("", "").split("\n") if line.strip())
    settings = [line for line in sections.get("coredump", "").split("\n") if "=" in line]
    return CoreDumps(limits, settings[-1].partition("=")[2].strip().lower() if settings else "")
