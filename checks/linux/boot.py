"""The machine starts what it should, and nobody at the console changes that."""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.boot import Boot, Grub
from scanner.model import Evidence, Result


@check(
    "BOOT-001",
    severity="medium",
    controls=["nist-800-53:AC-3", "nist-800-53:IA-2", "cis-v8:4.1"],
    tags=["boot", "physical"],
)
def boot_password(grub: Grub) -> Result:
    """Changing a boot entry asks for a password.

    Why: at the console one extra word in the boot entry gives a root shell without a login.
    Fix: `grub-mkpasswd-pbkdf2`, put `set superusers` and `password_pbkdf2` into /etc/grub.d/40_custom
    (with `--unrestricted` on the normal entries), then `update-grub`; on RHEL: `grub2-setpassword`.
    """
    if grub.password:
        return passed("GRUB asks for a password")
    return failed(
        "GRUB lets anyone at the console change the boot entry", Evidence("grub.cfg", "no password")
    )


@check(
    "BOOT-002",
    severity="low",
    controls=["nist-800-53:SI-7(9)", "nist-800-53:SI-7(10)", "cis-v8:4.1"],
    tags=["boot", "physical"],
)
def secure_boot(boot: Boot) -> Result:
    """The firmware starts only signed boot loaders and kernels.

    Why: malware in the boot loader survives a new installation and is invisible from inside.
    Fix: switch on Secure Boot in the firmware set-up, after `mokutil --sb-state` and a look at
    third-party kernel modules, which must be signed.
    """
    if boot.firmware == "bios":
        return not_applicable("The asset starts without UEFI")
    if boot.secure_boot is None:
        return unknown("The firmware does not tell whether Secure Boot is on")
    seen = Evidence("/sys/firmware/efi/efivars/SecureBoot", str(int(boot.secure_boot)))
    return passed("Secure Boot is on", seen) if boot.secure_boot else failed("Secure Boot is off", seen)


_OFF_SWITCHES = frozenset(
    {
        "mitigations=off", "nokaslr", "nopti", "pti=off", "nosmep", "nosmap", "spectre_v2=off",
        "nospectre_v1", "nospectre_v2", "mds=off", "l1tf=off", "selinux=0", "enforcing=0", "apparmor=0",
        "security=none", "audit=0", "audit=off", "module.sig_enforce=0", "systemd.debug-shell",
        "systemd.debug-shell=1", "systemd.debug_shell", "systemd.debug_shell=1",
    }
)  # fmt: skip


@check(
    "BOOT-003",
    severity="high",
    controls=["nist-800-53:CM-6", "nist-800-53:SI-16", "cis-v8:10.5"],
    tags=["boot", "hardening"],
)
def protections_on(boot: Boot) -> Result:
    """The kernel command line switches no protection off.

    Why: a word added for a test once leaves every start since then unprotected.
    Fix: remove it from GRUB_CMDLINE_LINUX in /etc/default/grub, `update-grub` (RHEL: `grubby
    --update-kernel=ALL --remove-args=WORD`), and restart.
    """
    words = boot.cmdline[: boot.cmdline.index("--")] if "--" in boot.cmdline else boot.cmdline
    found = [w for w in words if w in _OFF_SWITCHES or (w.startswith("init=/bin/") and w.endswith("sh"))]
    seen = Evidence("/proc/cmdline", " ".join(words))
    if found:
        return failed(f"The kernel was started with {', '.join(found[:10])}", seen)
    return passed("The kernel command line switches no protection off", seen)
