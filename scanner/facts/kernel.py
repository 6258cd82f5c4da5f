"""The running kernel, the kernels installed beside it, and what it does about CPU faults."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact
from scanner.facts.text import whole


@dataclass(frozen=True, slots=True)
class Kernel:
    """system, release, version, machine as `uname` prints them.

    uptime: seconds, None where /proc/uptime is missing. installed: releases found on disk.
    reboot_required: the distribution says that a restart is needed; reboot_packages: which
    packages asked for it, where it says so. reboot_signs: something on the host leaves that sign when
    a restart is needed. packaged: version of the package that holds the running
    release now, on Debian and kin; empty elsewhere.
    """

    system: str
    release: str
    version: str
    machine: str
    uptime: int | None = None
    installed: tuple[str, ...] = ()
    reboot_required: bool = False
    reboot_packages: tuple[str, ...] = ()
    packaged: str = ""
    reboot_signs: bool = False


KERNEL = Probe(
    "kernel",
    """
uname -s; uname -r; uname -v; uname -m
S uptime
cat /proc/uptime 2>/dev/null
S images
for f in /boot/vmlinuz-* /boot/vmlinux-*; do [ -e "$f" ] && echo "${f##*/}"; done
S modules
for f in /lib/modules/*/modules.dep; do [ -e "$f" ] && f=${f%/*} && echo "${f##*/}"; done
S reboot
for f in /run/reboot-required /run/reboot-needed; do [ -e "$f" ] && echo "$f"; done
S reboot-signs
for f in /etc/kernel/postinst.d/unattended-upgrades /etc/kernel/postinst.d/update-notifier /etc/zypp; do
    [ -e "$f" ] && echo "$f"
done
S reboot-packages
cat /run/reboot-required.pkgs 2>/dev/null
S packaged
command -v dpkg-query >/dev/null 2>&1 && dpkg-query -W -f='${Version}' "linux-image-$(uname -r)" 2>/dev/null
true
""",
)


@fact(KERNEL)
def kernel(output: Output) -> Kernel:
    """Releases come from the kernel images in /boot; where images carry no version (Alpine),
    from the folders in /lib/modules."""
    sections = output.sections()
    names = sections.get("", "").split("\n")
    if len(names) < 4 or not names[0].strip():
        raise NotCollected("`uname` gave no answer")
    images = (line.partition("-")[2] for line in sections.get("images", "").split())
    installed = tuple(i for i in images if i[:1].isdigit() and "rescue" not in i)
    if not installed:
        installed = tuple(sections.get("modules", "").split())
    system, release, version, machine = (name.strip() for name in names[:4])
    return Kernel(
        system,
        release,
        version,
        machine,
        uptime=whole(sections.get("uptime", "").partition(".")[0]),
        installed=installed,
        reboot_required=bool(sections.get("reboot", "").strip()),
        reboot_packages=tuple(sorted(set(sections.get("reboot-packages", "").split()))),
        packaged=sections.get("packaged", "").strip(),
        reboot_signs=bool(sections.get("reboot-signs", "").strip()),
    )


def release_order(release: str) -> tuple[int, ...]:
    """A key that sorts kernel releases by age: the numbers before the first word.

    `6.1.0-28-amd64` gives (6, 1, 0, 28), `5.14.0-427.13.1.el9_4.x86_64` (5, 14, 0, 427, 13, 1).
    """
    head = re.match(r"[\d.+~-]{0,60}", release)
    return tuple(int(n) for n in re.findall(r"[0-9]{1,20}", head.group() if head else ""))


@dataclass(frozen=True, slots=True)
class CpuVulnerability:
    """One hardware fault as the kernel reports it: `Not affected`, `Mitigation: …`, `Vulnerable…`."""

    name: str
    state: str


CPU_VULNERABILITIES = Probe(
    "cpu-vulnerabilities", "grep -s . /sys/devices/system/cpu/vulnerabilities/* /dev/null; true"
)


@fact(CPU_VULNERABILITIES)
def cpu_vulnerabilities(output: Output) -> tuple[CpuVulnerability, ...]:
    """One entry a fault that the kernel knows. Absent on kernels before 4.15 and other systems."""
    pairs = (line.partition(":") for line in output.lines if ":" in line)
    found = tuple(CpuVulnerability(path.rpartition("/")[2], state) for path, _, state in pairs)
    if not found:
        raise Absent("the kernel does not report CPU vulnerabilities")
    return found
