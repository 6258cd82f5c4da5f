"""Kernel modules that a server does not need stay out."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.check import check, failed, passed
from scanner.facts.kernel_modules import FILESYSTEMS, PROTOCOLS, REMOVABLE, KernelModules
from scanner.model import Evidence, Result


def _kept_out(kernel_modules: KernelModules, names: Iterable[str]) -> Result:
    loaded, loadable, seen = [], [], []
    for name in names:
        rule = kernel_modules.blocked_by(name)
        if name in kernel_modules.loaded:
            loaded.append(name)
        elif rule:
            seen.append(Evidence(rule.file, f"{rule.kind} {rule.module} {rule.command}".strip(), rule.line))
        elif kernel_modules.available is None or name in kernel_modules.available:
            loadable.append(name)
    parts = [f"loaded: {', '.join(loaded)}"] * bool(loaded) + [f"loadable: {', '.join(loadable)}"] * bool(
        loadable
    )
    if parts:
        return failed("; ".join(parts).capitalize(), *seen)
    return passed("None of them can be loaded by itself", *seen)


@check(
    "KRN-005",
    severity="low",
    controls=["nist-800-53:CM-7", "cis-v8:4.8"],
    tags=["kernel", "hardening"],
)
def rare_filesystems(kernel_modules: KernelModules) -> Result:
    """File systems that no server uses cannot be mounted.

    Why: their code is little tested, and a prepared disk image or stick reaches it.
    Fix: for cramfs, freevxfs, hfs, hfsplus and jffs2 each write `install NAME /bin/false` to
    /etc/modprobe.d/unused.conf, then `modprobe -r NAME`.
    """
    return _kept_out(kernel_modules, FILESYSTEMS)


@check(
    "KRN-006",
    severity="medium",
    controls=["nist-800-53:CM-7", "cis-v8:4.8"],
    tags=["kernel", "hardening"],
)
def rare_protocols(kernel_modules: KernelModules, used: tuple[str, ...] = ()) -> Result:
    """Network protocols that nothing here uses cannot be loaded.

    Why: any local user can have DCCP, RDS, SCTP or TIPC loaded, and each has had holes that give root.
    Fix: for each write `install NAME /bin/false` to /etc/modprobe.d/unused.conf, then `modprobe -r NAME`;
    name those in use under `used` in the profile.
    """
    return _kept_out(kernel_modules, [name for name in PROTOCOLS if name not in used])


@check(
    "KRN-007",
    severity="low",
    controls=["nist-800-53:MP-7", "nist-800-53:CM-7", "cis-v8:10.3", "iso-27001:A.7.10"],
    tags=["kernel", "hardening"],
)
def removable_storage(kernel_modules: KernelModules) -> Result:
    """USB sticks and FireWire disks do not work on servers.

    Why: whoever is in the room for a minute carries data out or malware in.
    Fix: write `install usb-storage /bin/false` and `install firewire-core /bin/false` to
    /etc/modprobe.d/unused.conf. Do not, where backups go to USB disks.
    """
    return _kept_out(kernel_modules, REMOVABLE)
