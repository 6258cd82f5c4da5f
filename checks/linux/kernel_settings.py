"""Kernel settings against exploits and leaks."""

from __future__ import annotations

from collections.abc import Collection

from scanner.check import check, failed, not_applicable, passed
from scanner.facts.sysctl import CoreDumps, Sysctl
from scanner.model import Evidence, Result


def required(sysctl: Sysctl, keys: Collection[str], allowed: Collection[int], bad: str) -> Result:
    """Pass when every key that this kernel has is set to one of the allowed values."""
    found = {key: value for key in keys if (value := sysctl.number(key)) is not None}
    if not found:
        return not_applicable(f"This kernel has no setting {', '.join(keys)}")
    seen = Evidence("/proc/sys", "\n".join(f"{key} = {value}" for key, value in found.items()))
    wrong = [f"{key} = {value}" for key, value in found.items() if value not in allowed]
    if wrong:
        more = f" and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        return failed(f"{bad}: {', '.join(wrong[:10])}{more}", seen)
    return passed(", ".join(f"{key} = {value}" for key, value in list(found.items())[:4]), seen)


@check(
    "SYS-001", severity="high", controls=["nist-800-53:SI-16", "cis-v8:10.5"], tags=["kernel", "hardening"]
)
def address_space_randomised(sysctl: Sysctl) -> Result:
    """Programs are loaded at random addresses.

    Why: with fixed addresses an exploit that works once works on every machine.
    Fix: `echo kernel.randomize_va_space=2 >/etc/sysctl.d/60-aslr.conf && sysctl --system`.
    """
    return required(sysctl, ["kernel.randomize_va_space"], {2}, "Addresses are not fully randomised")


@check(
    "SYS-002", severity="medium", controls=["nist-800-53:AC-6", "cis-v8:10.5"], tags=["kernel", "hardening"]
)
def tracing_restricted(sysctl: Sysctl) -> Result:
    """A program cannot read the memory of another that it did not start.

    Why: one compromised program of a user takes keys and passwords out of all the others.
    Fix: `echo kernel.yama.ptrace_scope=1 >/etc/sysctl.d/60-ptrace.conf && sysctl --system`.
    """
    keys = ["kernel.yama.ptrace_scope"]
    if sysctl.number(keys[0]) is None:
        return failed("This kernel cannot restrict tracing: it was built without Yama")
    return required(sysctl, keys, {1, 2, 3}, "Any program may trace any other of its user")


@check("SYS-003", severity="low", controls=["nist-800-53:SI-16", "cis-v8:10.5"], tags=["kernel", "hardening"])
def kernel_addresses_hidden(sysctl: Sysctl) -> Result:
    """Kernel addresses are hidden from ordinary users.

    Why: they tell an exploit where to strike, in spite of address randomisation.
    Fix: `echo kernel.kptr_restrict=1 >/etc/sysctl.d/60-kptr.conf && sysctl --system`.
    """
    return required(sysctl, ["kernel.kptr_restrict"], {1, 2}, "Kernel addresses are visible")


@check(
    "SYS-004",
    severity="low",
    controls=["nist-800-53:SI-11", "nist-800-53:AC-6", "cis-v8:10.5"],
    tags=["kernel", "hardening"],
)
def kernel_log_restricted(sysctl: Sysctl) -> Result:
    """Only administrators read the kernel log.

    Why: it holds addresses and hardware details that help an attacker with an ordinary account.
    Fix: `echo kernel.dmesg_restrict=1 >/etc/sysctl.d/60-dmesg.conf && sysctl --system`.
    """
    return required(sysctl, ["kernel.dmesg_restrict"], {1}, "Everyone may read the kernel log")


@check(
    "SYS-005",
    severity="medium",
    controls=["nist-800-53:AC-6", "nist-800-53:CM-7", "cis-v8:10.5"],
    tags=["kernel", "hardening"],
)
def bpf_privileged(sysctl: Sysctl) -> Result:
    """Ordinary users cannot load BPF programs into the kernel.

    Why: BPF has been the way to root in many kernel exploits.
    Fix: `echo kernel.unprivileged_bpf_disabled=1 >/etc/sysctl.d/60-bpf.conf && sysctl --system`.
    """
    keys = ["kernel.unprivileged_bpf_disabled"]
    return required(sysctl, keys, {1, 2}, "Every user may load BPF programs")


@check(
    "SYS-006", severity="medium", controls=["nist-800-53:SI-11", "cis-v8:10.5"], tags=["kernel", "hardening"]
)
def privileged_programs_dump_safely(sysctl: Sysctl) -> Result:
    """Programs that run with more rights than their caller leave no readable core dump.

    Why: the dump holds what only root may see, such as password hashes, in a file of the caller.
    Fix: `echo fs.suid_dumpable=0 >/etc/sysctl.d/60-suid.conf && sysctl --system`.
    """
    return required(sysctl, ["fs.suid_dumpable"], {0, 2}, "Privileged programs dump core for their caller")


@check(
    "SYS-007", severity="medium", controls=["nist-800-53:AC-6", "cis-v8:10.5"], tags=["kernel", "hardening"]
)
def links_protected(link_protection: Sysctl) -> Result:
    """Links in shared folders cannot lead privileged programs astray.

    Why: a link planted in /tmp makes a program of root overwrite or open up any file the attacker
    likes.
    Fix: set `fs.protected_hardlinks=1` and `fs.protected_symlinks=1` in /etc/sysctl.d and run
    `sysctl --system`.
    """
    keys = ["fs.protected_hardlinks", "fs.protected_symlinks"]
    return required(link_protection, keys, {1}, "Links are not protected")


@check("SYS-008", severity="low", controls=["nist-800-53:AC-6", "cis-v8:10.5"], tags=["kernel", "hardening"])
def shared_files_protected(link_protection: Sysctl) -> Result:
    """Files and pipes planted in shared folders are not opened for writing by others.

    Why: a program that expects to create its file in /tmp writes into the attacker's instead.
    Fix: set `fs.protected_fifos=1` and `fs.protected_regular=1` in /etc/sysctl.d and run `sysctl --system`.
    """
    keys = ["fs.protected_fifos", "fs.protected_regular"]
    return required(link_protection, keys, {1, 2}, "Planted files are not refused")


@check(
    "SYS-009",
    severity="low",
    controls=["nist-800-53:CM-7", "nist-800-53:SI-7", "cis-v8:4.8"],
    tags=["kernel", "hardening"],
)
def kexec_disabled(sysctl: Sysctl) -> Result:
    """The running kernel cannot be replaced without a restart.

    Why: kexec starts another kernel past the boot loader and secure boot.
    Fix: `echo kernel.kexec_load_disabled=1 >/etc/sysctl.d/60-kexec.conf && sysctl --system`, unless
    kdump is in use.
    """
    return required(sysctl, ["kernel.kexec_load_disabled"], {1}, "Another kernel can be loaded")


# Documentation/admin-guide/sysrq.rst: 1 allows everything, 8 dumps memory and registers, 64 signals
# (kills) processes. Syncing, remounting and rebooting (16, 32, 128) are for emergencies.
_DANGEROUS_SYSRQ = 8 | 64


@check("SYS-010", severity="low", controls=["nist-800-53:CM-7", "cis-v8:4.8"], tags=["kernel", "hardening"])
def sysrq_limited(sysctl: Sysctl) -> Result:
    """The magic SysRq key neither dumps memory nor kills programs.

    Why: whoever reaches the keyboard or the serial console needs no login for it.
    Fix: `echo kernel.sysrq=176 >/etc/sysctl.d/60-sysrq.conf && sysctl --system`, or 0 for none.
    """
    value = sysctl.number("kernel.sysrq")
    if value is None:
        return not_applicable("This kernel has no SysRq key")
    seen = Evidence("/proc/sys", f"kernel.sysrq = {value}")
    if value == 1 or value & _DANGEROUS_SYSRQ:
        return failed(f"SysRq allows memory dumps or killing programs: kernel.sysrq = {value}", seen)
    return passed(f"kernel.sysrq = {value}", seen)


@check(
    "SYS-020",
    severity="low",
    controls=["nist-800-53:SI-11", "nist-800-53:SC-28", "cis-v8:10.5"],
    tags=["kernel", "hardening"],
)
def core_dumps_limited(core_dumps: CoreDumps, sysctl: Sysctl) -> Result:
    """Crashing programs leave no memory image on disk.

    Why: the image holds keys, passwords and personal data, and fills the disk.
    Fix: `echo '* hard core 0' >/etc/security/limits.d/60-core.conf`; with systemd-coredump also
    `Storage=none` in /etc/systemd/coredump.conf. A crash reporter (apport, abrt) takes the image in spite
    of the limit: `systemctl disable --now apport abrtd`.
    """
    pattern = sysctl.values.get("kernel.core_pattern", "").strip()
    seen = Evidence("/proc/sys/kernel/core_pattern", pattern)
    limits = Evidence("/etc/security/limits.conf", "\n".join(core_dumps.limits))
    if "systemd-coredump" in pattern:
        if core_dumps.storage == "none":
            return passed("systemd-coredump stores nothing", seen)
        return failed("systemd-coredump stores memory images", seen)
    if pattern == "|/bin/false":
        return passed("Core dumps are discarded", seen)
    # core(5): the limit does not hold for an image that is piped to a program.
    if pattern.startswith("|"):
        return failed("A crash reporter takes memory images", seen)
    if core_dumps.limits:
        return passed("The core file size is limited to 0 for everyone", limits, seen)
    return failed("Nothing limits core dumps", seen)


@check("SYS-021", severity="low", controls=["nist-800-53:AC-6", "cis-v8:10.5"], tags=["kernel", "hardening"])
def performance_events_restricted(sysctl: Sysctl) -> Result:
    """Ordinary users cannot measure the kernel.

    Why: performance events leak what other programs do and have been a way to root.
    Fix: `echo kernel.perf_event_paranoid=2 >/etc/sysctl.d/60-perf.conf && sysctl --system`.
    """
    return required(sysctl, ["kernel.perf_event_paranoid"], {2, 3, 4}, "Users may measure the kernel")
