"""How the asset was started: kernel command line, firmware, boot loader password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact


@dataclass(frozen=True, slots=True)
class Boot:
    """cmdline: the kernel's parameters. secure_boot: None where the firmware does not tell."""

    cmdline: tuple[str, ...]
    firmware: Literal["uefi", "bios"]
    secure_boot: bool | None


BOOT = Probe(
    "boot",
    """
cat /proc/cmdline
if [ -d /sys/firmware/efi ]; then
S uefi
od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c 2>/dev/null
fi
true
""",
)


@fact(BOOT)
def boot(output: Output) -> Boot:
    """Secure boot is the byte after the attributes of the UEFI variable `SecureBoot`
    (UEFI specification 2.10, section 3.3): 1 means on."""
    sections = output.sections()
    cmdline = tuple(sections.get("", "").split())
    if "uefi" not in sections:
        if not cmdline:
            raise NotCollected("/proc/cmdline cannot be read")
        return Boot(cmdline, "bios", None)
    state = {"1": True, "0": False}.get(sections["uefi"].strip())
    return Boot(cmdline, "uefi", state)


@dataclass(frozen=True, slots=True)
class Grub:
    """password: changing a boot entry or opening GRUB's command line asks for one."""

    password: bool


# The hash never leaves the asset: awk sends three figures. RHEL's grub.cfg always holds a
# password line with the variable ${GRUB2_PASSWORD}, which counts only when user.cfg sets it.
GRUB = Probe(
    "grub",
    "[ -d /boot/grub ] || [ -d /boot/grub2 ] || { echo 0 0 0; exit; }\n"
    "R cat /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/grub2/user.cfg"
    " /boot/efi/EFI/redhat/grub.cfg /boot/efi/EFI/redhat/user.cfg 2>/dev/null"
    r""" | awk '
/^[ \t]*set superusers=/ { users = 1 }
/^[ \t]*password(_pbkdf2)?[ \t][^$]*$/ { password = 1 }
/^GRUB2_PASSWORD=./ { users = password = 1 }
END { print NR, users + 0, password + 0 }'
""",
)


@fact(GRUB)
def grub(output: Output) -> Grub:
    """Absent where no GRUB configuration exists (another boot loader, or a container)."""
    figures = output.text.split()
    if len(figures) != 3 or not figures[0].isdigit():
        raise NotCollected("the GRUB configuration cannot be read")
    if figures[0] == "0":
        raise Absent("no GRUB configuration in /boot")
    return Grub(password=figures[1:] == ["1", "1"])
