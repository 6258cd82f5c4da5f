"""The operating system, its kernel and its packages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from checks.linux import modules, packages, system
from checks.linux.lifecycle import lifecycle
from scanner.check import Check
from scanner.facts.kernel import CpuVulnerability, Kernel
from scanner.facts.kernel_modules import WATCHED, KernelModules, ModuleRule
from scanner.facts.os_release import OsRelease
from scanner.facts.packages import Packages
from scanner.facts.repositories import Repositories, Unverified
from scanner.facts.updates import AutomaticUpdates, PackageLists, Update, Updates
from scanner.model import Status

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DEBIAN = OsRelease("debian", "12", "Debian GNU/Linux", "Debian GNU/Linux 12 (bookworm)")
KERNEL = Kernel("Linux", "6.1.0-28-amd64", "#1 SMP Debian 6.1.119-1 (2024-11-22)", "x86_64", 86400)
UPDATES = Updates("apt", (), 1)
LISTS = PackageLists("dnf", NOW)
OPENSSL = Update("libssl3", "3.0.15-1~deb12u1", "3.0.17-1~deb12u2")
PACKAGES = Packages("dpkg", {"bash": "5.2"})


@pytest.mark.parametrize(
    ("id", "version", "name", "end", "end_with_extended"),
    [
        ("debian", "12", "Debian GNU/Linux", date(2028, 6, 30), date(2028, 6, 30)),
        ("ubuntu", "20.04", "Ubuntu", date(2025, 5, 29), date(2030, 4, 23)),
        ("rhel", "9.4", "Red Hat Enterprise Linux", date(2032, 5, 31), date(2036, 5, 31)),
        ("centos", "8", "CentOS Linux", date(2021, 12, 31), date(2021, 12, 31)),
        ("centos", "9", "CentOS Stream", date(2027, 5, 31), date(2027, 5, 31)),
        ("alpine", "3.20.3", "Alpine Linux", date(2026, 4, 1), date(2026, 4, 1)),
        ("sles", "15.5", "SLES", date(2024, 12, 31), date(2027, 12, 31)),
    ],
)
def test_a_release_is_looked_up(id: str, version: str, name: str, end: date, end_with_extended: date) -> None:
    found = lifecycle(id, version, name)
    assert found
    assert (found.ends(False), found.ends(True)) == (end, end_with_extended)


def test_support_ends_after_its_last_day() -> None:
    day = timedelta(days=1)
    last = datetime(2028, 6, 30, 23, tzinfo=UTC)
    assert system.supported(DEBIAN, last).status is Status.PASS
    ended = system.supported(DEBIAN, last + day)
    assert (ended.status, ended.message) == (
        Status.FAIL,
        "Debian GNU/Linux 12 (bookworm) has had no security updates since 2028-06-30",
    )
    assert system.support_lasts(DEBIAN, last - 181 * day).status is Status.PASS
    assert system.support_lasts(DEBIAN, last - 179 * day).status is Status.FAIL


def test_paid_support_counts_where_the_profile_says_so() -> None:
    focal = OsRelease("ubuntu", "20.04", "Ubuntu", "Ubuntu 20.04.6 LTS")
    assert "Ubuntu Pro (ESM) would last until 2030-04-23" in system.supported(focal, NOW).message
    assert system.supported(focal, NOW, has_extended_support=True).status is Status.PASS


def test_systems_without_an_end_of_support_are_not_passed() -> None:
    assert system.supported(OsRelease("arch", "", "Arch", "Arch"), NOW).status is Status.NOTAPPLICABLE
    assert system.supported(OsRelease("hannah", "1", "H", "H"), NOW).status is Status.UNKNOWN


def test_the_newest_kernel_runs() -> None:
    both = replace(KERNEL, installed=("6.1.0-9-amd64", "6.1.0-28-amd64"))
    assert system.newest_kernel(both).status is Status.PASS
    assert system.newest_kernel(replace(both, release="6.1.0-9-amd64")).status is Status.FAIL
    assert system.newest_kernel(KERNEL).status is Status.NOTAPPLICABLE


def test_a_kernel_updated_in_place_waits_for_a_restart() -> None:
    kernel = replace(KERNEL, installed=(KERNEL.release,), packaged="6.1.119-1")
    assert system.newest_kernel(kernel).status is Status.PASS
    assert system.newest_kernel(replace(kernel, packaged="6.1.123-1")).status is Status.FAIL


def test_restarts() -> None:
    assert system.no_restart_pending(replace(KERNEL, reboot_signs=True)).status is Status.PASS
    assert system.no_restart_pending(KERNEL).status is Status.NOTAPPLICABLE
    waiting = replace(KERNEL, reboot_required=True, reboot_packages=("libc6",))
    assert system.no_restart_pending(waiting).message == "A restart is needed to finish updates of libc6"
    assert system.restarted_lately(KERNEL).status is Status.PASS
    assert system.restarted_lately(replace(KERNEL, uptime=366 * 86400)).status is Status.FAIL


def test_cpu_faults() -> None:
    fine = (CpuVulnerability("meltdown", "Mitigation: PTI"), CpuVulnerability("l1tf", "Not affected"))
    assert system.cpu_faults_mitigated(fine).status is Status.PASS
    bad = system.cpu_faults_mitigated((*fine, CpuVulnerability("mds", "Vulnerable: no microcode")))
    assert (bad.status, bad.message) == (Status.FAIL, "Not mitigated: mds")
    guests = (CpuVulnerability("itlb_multihit", "KVM: Vulnerable"),)
    assert system.cpu_faults_mitigated(guests).status is Status.FAIL


def test_security_updates() -> None:
    assert packages.security_updates_installed(UPDATES, LISTS, DEBIAN, NOW).status is Status.PASS
    missing = packages.security_updates_installed(replace(UPDATES, security=(OPENSSL,)), LISTS, DEBIAN, NOW)
    assert (missing.status, missing.message) == (Status.FAIL, "Security updates are missing for libssl3")


def test_old_lists_and_a_missing_security_archive_never_pass() -> None:
    later = NOW + timedelta(days=31)
    assert packages.security_updates_installed(UPDATES, LISTS, DEBIAN, later).status is Status.UNKNOWN
    none = replace(UPDATES, security_sources=0)
    assert packages.security_updates_installed(none, LISTS, DEBIAN, NOW).status is Status.FAIL
    raspbian = replace(DEBIAN, id="raspbian")
    assert packages.security_updates_installed(none, LISTS, raspbian, NOW).status is Status.UNKNOWN


def test_package_lists() -> None:
    assert packages.lists_fresh(LISTS, NOW + timedelta(days=7)).status is Status.PASS
    assert packages.lists_fresh(LISTS, NOW + timedelta(days=8)).status is Status.FAIL
    assert packages.lists_fresh(replace(LISTS, refreshed=None), NOW).status is Status.FAIL


def test_automatic_updates() -> None:
    assert packages.updates_automatic(AutomaticUpdates("unattended-upgrades", ())).status is Status.PASS
    assert packages.updates_automatic(AutomaticUpdates(None, ("not installed",))).status is Status.FAIL


def test_package_sources() -> None:
    assert packages.packages_verified(Repositories(())).status is Status.PASS
    bad = Unverified("/etc/apt/sources.list", 3, "deb [trusted=yes] http://192.0.2.1/ ./")
    found = packages.packages_verified(Repositories((bad,)))
    assert (found.status, found.evidence[0].line) == (Status.FAIL, 3)


def test_broken_and_held_packages() -> None:
    assert packages.packages_whole(PACKAGES).status is Status.PASS
    assert packages.packages_whole(replace(PACKAGES, incomplete=("bash",))).status is Status.FAIL
    held = replace(PACKAGES, held=("bash",))
    assert packages.nothing_held(PACKAGES).status is Status.PASS
    assert packages.nothing_held(held).status is Status.FAIL
    assert packages.nothing_held(held, allowed=("bash",)).status is Status.PASS


@pytest.mark.parametrize(
    "check", [modules.rare_filesystems, modules.rare_protocols, modules.removable_storage]
)
def test_modules(check: Check) -> None:
    rules = tuple(ModuleRule("install", name, "/bin/false", "unused.conf", 1) for name in WATCHED)
    everything = frozenset(WATCHED)
    assert check(KernelModules(frozenset(), rules, everything)).status is Status.PASS
    assert check(KernelModules(frozenset(), (), frozenset())).status is Status.PASS
    assert check(KernelModules(frozenset(), (), everything)).message.startswith("Loadable: ")
    assert check(KernelModules(frozenset(), (), None)).status is Status.FAIL
    assert check(KernelModules(everything, rules, everything)).message.startswith("Loaded: ")
