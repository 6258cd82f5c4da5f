"""The operating system is supported, and what runs is what is installed."""

from __future__ import annotations

from datetime import datetime, timedelta

from checks.linux.lifecycle import ROLLING, lifecycle
from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.kernel import CpuVulnerability, Kernel, release_order
from scanner.facts.os_release import OsRelease
from scanner.model import Evidence, Result


def _support(os_release: OsRelease, now: datetime, days: int, extended: bool) -> Result:
    source = Evidence("/etc/os-release", os_release.pretty)
    if os_release.id in ROLLING:
        return not_applicable(f"{os_release.name} has no releases that end", source)
    known = lifecycle(os_release.id, os_release.version, os_release.name)
    if known is None:
        return unknown(f"The end of support of {os_release.pretty} is not known to drscan", source)
    end = known.ends(extended)
    offer = f" ({known.offer})" if known.extended == end else ""
    text = f"{os_release.pretty} gets security updates until {end.isoformat()}{offer}"
    if now.date() + timedelta(days=days) <= end:
        return passed(text, source)
    if now.date() > end:
        text = f"{os_release.pretty} has had no security updates since {end.isoformat()}"
    more = (
        f"; {known.offer} would last until {known.extended}"
        if known.extended and end < known.extended
        else ""
    )
    return failed(text + more, source)


@check(
    "OS-001",
    severity="critical",
    controls=["nist-800-53:SA-22", "nist-800-53:SI-2", "cis-v8:2.2", "iso-27001:A.8.8"],
    tags=["packages", "lifecycle"],
)
def supported(os_release: OsRelease, now: datetime, has_extended_support: bool = False) -> Result:
    """The operating system still gets security updates.

    Why: holes found after the end of support stay open for good, and attackers look for such systems.
    Fix: upgrade to a supported release, or buy extended support and set `has_extended_support` in the
    profile.
    """
    return _support(os_release, now, 0, has_extended_support)


@check(
    "OS-002",
    severity="medium",
    controls=["nist-800-53:SA-22", "cis-v8:2.2"],
    tags=["packages", "lifecycle"],
)
def support_lasts(
    os_release: OsRelease, now: datetime, days: int = 180, has_extended_support: bool = False
) -> Result:
    """Support of the operating system lasts long enough to plan the next upgrade.

    Why: an upgrade of a server needs budget, tests and a window; after the last day it is an emergency.
    Fix: plan the upgrade to the next release now, with a date and an owner.
    """
    return _support(os_release, now, days, has_extended_support)


@check(
    "KRN-001",
    severity="high",
    controls=["nist-800-53:SI-2", "cis-v8:7.3", "iso-27001:A.8.8"],
    tags=["kernel", "patching"],
)
def newest_kernel(kernel: Kernel) -> Result:
    """The running kernel is the newest that is installed.

    Why: a kernel update closes nothing until the machine has started with it.
    Fix: restart in the next maintenance window: `systemctl reboot`.
    """
    running = Evidence("uname -r; uname -v", f"{kernel.release} {kernel.version}")
    if not kernel.installed:
        return not_applicable("No kernel is installed here: the platform provides it", running)
    newest = max(kernel.installed, key=release_order)
    if release_order(kernel.release) < release_order(newest):
        return failed(
            f"Kernel {kernel.release} is running although {newest} is installed",
            running,
            Evidence("/boot", "\n".join(kernel.installed)),
        )
    # Debian names its package version in `uname -v`; the release often stays the same when it changes.
    built = kernel.version.partition("Debian ")[2].split(" ")[0]
    packaged = kernel.packaged
    if built and packaged and built != packaged:
        return failed(
            f"Kernel {kernel.release} is running as of {built} although {packaged} is installed", running
        )
    return passed("The newest installed kernel is running", running)


@check(
    "KRN-002",
    severity="medium",
    controls=["nist-800-53:SI-2", "cis-v8:7.3"],
    tags=["kernel", "patching"],
)
def no_restart_pending(kernel: Kernel) -> Result:
    """No installed update waits for a restart.

    Why: programs in memory keep the holes that the update closed on disk.
    Fix: restart in the next maintenance window: `systemctl reboot`.
    """
    if not kernel.reboot_required:
        if not kernel.reboot_signs:
            return not_applicable(
                "Nothing on the host marks that a restart is needed; KRN-001 looks at kernels"
            )
        return passed("The distribution asks for no restart")
    names = ", ".join(kernel.reboot_packages[:10])
    return failed(
        "A restart is needed to finish updates" + (f" of {names}" if names else ""),
        Evidence("/run/reboot-required.pkgs", "\n".join(kernel.reboot_packages) or "(empty)"),
    )


@check(
    "KRN-003",
    severity="low",
    controls=["nist-800-53:SI-2", "cis-v8:7.3"],
    tags=["kernel", "patching", "recovery"],
)
def restarted_lately(kernel: Kernel, max_days: int = 365) -> Result:
    """The asset was restarted within the last year.

    Why: kernel updates since then are not in force, and nobody knows whether the machine still starts:
    a start that fails should fail in a planned window, not after a power cut.
    Fix: restart it in a maintenance window and see that every service comes back.
    """
    if kernel.uptime is None:
        return unknown("The time since the last start cannot be read")
    seen = Evidence("/proc/uptime", f"{kernel.uptime // 86400} days")
    if kernel.uptime > max_days * 86400:
        return failed(f"The asset was not restarted for more than {max_days} days", seen)
    return passed(f"The asset was restarted within the last {max_days} days", seen)


@check(
    "KRN-004",
    severity="medium",
    controls=["nist-800-53:SI-2", "cis-v8:7.3"],
    tags=["kernel", "patching"],
)
def cpu_faults_mitigated(cpu_vulnerabilities: tuple[CpuVulnerability, ...]) -> Result:
    """Known faults of the processor are mitigated.

    Why: through Spectre, MDS and their kin one program or virtual machine reads another's memory.
    Fix: install kernel, microcode (`intel-microcode`, `amd64-microcode`) and hypervisor updates, and
    remove `mitigations=off` from the kernel command line.
    """
    open_ones = [v for v in cpu_vulnerabilities if v.state.startswith(("Vulnerable", "KVM: Vulnerable"))]
    source = "/sys/devices/system/cpu/vulnerabilities"
    if open_ones:
        seen = Evidence(source, "\n".join(f"{v.name}: {v.state}" for v in open_ones))
        return failed(f"Not mitigated: {', '.join(v.name for v in open_ones[:10])}", seen)
    seen = Evidence(source, "\n".join(f"{v.name}: {v.state}" for v in cpu_vulnerabilities))
    return passed("The kernel reports no fault that is not mitigated", seen)
