"""Recorded on Debian 12: two hosts of tests/fleet, one of them made to look neglected."""

from __future__ import annotations

import pytest

from scanner.facts.boot import Boot, Grub, boot, grub
from scanner.facts.kernel import CpuVulnerability, Kernel, cpu_vulnerabilities, kernel, release_order
from scanner.facts.kernel_modules import ModuleRule, kernel_modules
from scanner.facts.os_release import OsRelease, os_release
from scanner.facts.spec import Absent, NotCollected, Output
from scanner.facts.sysctl import core_dumps, link_protection, sysctl
from tests.facts.recording import recorded


def test_os_release() -> None:
    assert os_release.parse(recorded("os_release", "bookworm")) == OsRelease(
        "debian", "12", "Debian GNU/Linux", "Debian GNU/Linux 12 (bookworm)"
    )


def test_releases_before_os_release() -> None:
    # The text that CentOS 6 ships, from its centos-release package.
    found = os_release.parse(Output(b"\x1elegacy\nCentOS release 6.10 (Final)\n"))
    assert (found.id, found.version) == ("centos", "6.10")


def test_no_release_file() -> None:
    with pytest.raises(NotCollected):
        os_release.parse(Output(b"\x1elegacy\n"))


def test_kernel() -> None:
    assert kernel.parse(recorded("kernel", "restart_pending")) == Kernel(
        system="Linux",
        release="6.18.44-fc-v657",
        version="#1 SMP PREEMPT_DYNAMIC @0",
        machine="x86_64",
        uptime=40000000,
        installed=("99.0.0-1-amd64",),
        reboot_required=True,
        reboot_packages=("linux-image-amd64",),
    )


def test_images_without_a_version_leave_the_module_folders() -> None:
    # As Alpine names them: /boot/vmlinuz-lts and /lib/modules/6.6.58-0-lts.
    text = b"Linux\n6.6.58-0-lts\n#1-Alpine\nx86_64\n\x1eimages\nvmlinuz-lts\n\x1emodules\n6.6.58-0-lts\n"
    assert kernel.parse(Output(text)).installed == ("6.6.58-0-lts",)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("6.1.0-9-amd64", "6.1.0-28-amd64"),
        ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-503.11.1.el9_5.x86_64"),
        ("5.15.0-126-generic", "6.8.0-49-generic"),
        ("6.12.48+deb13-amd64", "6.12.57+deb13-amd64"),
    ],
)
def test_kernel_releases_are_ordered_by_number(older: str, newer: str) -> None:
    assert release_order(older) < release_order(newer)


def test_cpu_vulnerabilities() -> None:
    found = cpu_vulnerabilities.parse(recorded("cpu_vulnerabilities", "virtual"))
    assert CpuVulnerability("meltdown", "Not affected") in found
    with pytest.raises(Absent):
        cpu_vulnerabilities.parse(Output())


def test_modules_that_exist_for_the_kernel() -> None:
    found = kernel_modules.parse(recorded("kernel_modules", "indexed"))
    assert found.available == frozenset({"cramfs", "dccp", "usb_storage"})
    assert found.blocked_by("cramfs") is None


def test_modules_that_are_kept_out() -> None:
    found = kernel_modules.parse(recorded("kernel_modules", "blocked"))
    assert found.blocked_by("usb_storage") == ModuleRule(
        "install", "usb_storage", "/bin/false", "/etc/modprobe.d/unused.conf", 10
    )


def test_an_install_rule_that_loads_something_blocks_nothing() -> None:
    text = b"ext4\n\x1erules\n/etc/modprobe.d/a.conf:1:install sctp /sbin/modprobe -i sctp\n"
    assert kernel_modules.parse(Output(text)).blocked_by("sctp") is None


def test_a_kernel_without_modules() -> None:
    with pytest.raises(Absent):
        kernel_modules.parse(Output(b"\x1erules\n"))


def test_boot() -> None:
    cmdline = ("BOOT_IMAGE=/vmlinuz", "root=/dev/mapper/root", "ro", "quiet")
    assert boot.parse(recorded("boot", "uefi")) == Boot(cmdline, "uefi", True)
    assert boot.parse(Output(b"ro quiet\n")) == Boot(("ro", "quiet"), "bios", None)


def test_grub() -> None:
    assert grub.parse(recorded("grub", "password")) == Grub(password=True)
    assert grub.parse(Output(b"140 0 1\n")) == Grub(password=False)
    with pytest.raises(Absent):
        grub.parse(Output(b"0 0 0\n"))
    with pytest.raises(NotCollected):
        grub.parse(Output(b"0 0 0\n", denied=True))


def test_sysctl() -> None:
    found = sysctl.parse(recorded("sysctl", "bookworm"))
    assert found.number("kernel.sysrq") == 176
    assert found.number("net.ipv4.conf.lo.rp_filter") == 0
    assert found.number("kernel.none") is None
    assert link_protection.parse(recorded("link_protection", "bookworm")).number("fs.protected_regular") == 2


def test_core_dumps() -> None:
    found = core_dumps.parse(recorded("core_dumps", "limited"))
    assert (found.limits, found.storage) == (("/etc/security/limits.d/60-core.conf:1:* hard core 0",), "")
    later = core_dumps.parse(Output(b"\x1ecoredump\nStorage=external\nStorage = None\n"))
    assert later.storage == "none"
