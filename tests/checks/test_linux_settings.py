"""Kernel settings, boot and services."""

from __future__ import annotations

import pytest

from checks.linux import boot, kernel_settings, network_settings, services
from scanner.check import Check
from scanner.facts.boot import Boot, Grub
from scanner.facts.services import Services, Unit
from scanner.facts.sysctl import CoreDumps, Sysctl
from scanner.model import Status

V4, V6 = "net.ipv4.conf.{}.", "net.ipv6.conf.{}."


@pytest.mark.parametrize(
    ("check", "keys", "good", "bad"),
    [
        (kernel_settings.address_space_randomised, ["kernel.randomize_va_space"], 2, 1),
        (kernel_settings.tracing_restricted, ["kernel.yama.ptrace_scope"], 1, 0),
        (kernel_settings.kernel_addresses_hidden, ["kernel.kptr_restrict"], 1, 0),
        (kernel_settings.kernel_log_restricted, ["kernel.dmesg_restrict"], 1, 0),
        (kernel_settings.bpf_privileged, ["kernel.unprivileged_bpf_disabled"], 2, 0),
        (kernel_settings.privileged_programs_dump_safely, ["fs.suid_dumpable"], 2, 1),
        (kernel_settings.links_protected, ["fs.protected_hardlinks", "fs.protected_symlinks"], 1, 0),
        (kernel_settings.shared_files_protected, ["fs.protected_fifos", "fs.protected_regular"], 2, 0),
        (kernel_settings.kexec_disabled, ["kernel.kexec_load_disabled"], 1, 0),
        (kernel_settings.sysrq_limited, ["kernel.sysrq"], 176, 438 | 64),
        (kernel_settings.performance_events_restricted, ["kernel.perf_event_paranoid"], 3, -1),
        (network_settings.not_forwarding, ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"], 0, 1),
        (network_settings.redirects_refused, [V4 + "accept_redirects", V6 + "accept_redirects"], 0, 1),
        (network_settings.redirects_not_sent, [V4 + "send_redirects"], 0, 1),
        (network_settings.source_routes_refused, [V4 + "accept_source_route"], 0, 1),
        (network_settings.reverse_path_filtered, [V4 + "rp_filter"], 1, 0),
        (network_settings.syn_cookies, ["net.ipv4.tcp_syncookies"], 1, 0),
        (network_settings.martians_logged, [V4 + "log_martians"], 1, 0),
        (network_settings.broadcasts_ignored, ["net.ipv4.icmp_echo_ignore_broadcasts"], 1, 0),
        (network_settings.router_advertisements_refused, [V6 + "accept_ra"], 0, 1),
    ],
    ids=lambda value: value.info.id if isinstance(value, Check) else "",
)
def test_a_setting(check: Check, keys: list[str], good: int, bad: int) -> None:
    names = [key.format(which) for key in keys for which in ("all", "default")]
    right = dict.fromkeys(names, str(good))
    assert check(Sysctl(right)).status is Status.PASS
    assert check(Sysctl(dict.fromkeys(names, str(bad)))).status is Status.FAIL
    without = Status.FAIL if check is kernel_settings.tracing_restricted else Status.NOTAPPLICABLE
    assert check(Sysctl({"kernel.other": "1"})).status is without
    if check is not network_settings.reverse_path_filtered:
        assert check(Sysctl(right | {names[0]: str(bad)})).status is Status.FAIL


def test_one_interface_without_a_reverse_path_filter() -> None:
    values = {V4.format(name) + "rp_filter": value for name, value in {"all": "0", "eth0.5": "0"}.items()}
    found = network_settings.reverse_path_filtered(Sysctl(values | {V4.format("eth1") + "rp_filter": "2"}))
    assert found.message == "Sender addresses are not verified on eth0.5"


@pytest.mark.parametrize(
    ("check", "key", "others", "status"),
    [
        (network_settings.redirects_refused, V4 + "accept_redirects", {}, Status.FAIL),
        (
            network_settings.redirects_refused,
            V4 + "accept_redirects",
            {"net.ipv4.ip_forward": "1"},
            Status.PASS,
        ),
        (network_settings.redirects_refused, V6 + "accept_redirects", {}, Status.FAIL),
        (network_settings.redirects_not_sent, V4 + "send_redirects", {}, Status.FAIL),
    ],
)
def test_one_interface_with_redirects(check: Check, key: str, others: dict[str, str], status: Status) -> None:
    values = {key.format(name): "0" for name in ("all", "default")}
    assert check(Sysctl(values | others | {key.format("lo"): "1"})).status is Status.PASS
    assert check(Sysctl(values | others | {key.format("eth0"): "1"})).status is status


def test_ipv6_settings_do_not_matter_where_it_is_off() -> None:
    off = {"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.all.accept_ra": "1"}
    assert network_settings.router_advertisements_refused(Sysctl(off)).status is Status.NOTAPPLICABLE


def test_a_router_may_forward() -> None:
    found = network_settings.not_forwarding(Sysctl({"net.ipv4.ip_forward": "1"}), is_router=True)
    assert found.status is Status.NOTAPPLICABLE


SYSTEMD = "|/lib/systemd/systemd-coredump %P"


@pytest.mark.parametrize(
    ("pattern", "limits", "storage", "status"),
    [
        ("core", (), "", Status.FAIL),
        ("core", ("limits.conf:3:* hard core 0",), "", Status.PASS),
        (SYSTEMD, ("limits.conf:3:* hard core 0",), "", Status.FAIL),
        (SYSTEMD, (), "none", Status.PASS),
        ("|/bin/false", (), "", Status.PASS),
        ("|/usr/share/apport/apport %p", ("limits.conf:3:* hard core 0",), "", Status.FAIL),
    ],
)
def test_core_dumps(pattern: str, limits: tuple[str, ...], storage: str, status: Status) -> None:
    settings = Sysctl({"kernel.core_pattern": pattern})
    assert kernel_settings.core_dumps_limited(CoreDumps(limits, storage), settings).status is status


def test_boot_loader_password() -> None:
    assert boot.boot_password(Grub(True)).status is Status.PASS
    assert boot.boot_password(Grub(False)).status is Status.FAIL


def test_secure_boot() -> None:
    assert boot.secure_boot(Boot(("ro",), "uefi", True)).status is Status.PASS
    assert boot.secure_boot(Boot(("ro",), "uefi", False)).status is Status.FAIL
    assert boot.secure_boot(Boot(("ro",), "uefi", None)).status is Status.UNKNOWN
    assert boot.secure_boot(Boot(("ro",), "bios", None)).status is Status.NOTAPPLICABLE


@pytest.mark.parametrize("word", ["mitigations=off", "init=/bin/bash", "apparmor=0"])
def test_kernel_command_line(word: str) -> None:
    assert boot.protections_on(Boot(("ro", "quiet"), "bios", None)).status is Status.PASS
    assert boot.protections_on(Boot(("ro", word), "bios", None)).status is Status.FAIL
    assert boot.protections_on(Boot(("ro", "--", word), "bios", None)).status is Status.PASS


def _services(name: str, state: str, enabled: str) -> Services:
    return Services("systemd", {name: Unit(name, state, "", enabled, "exit-code")}, {})


def test_failed_services() -> None:
    assert services.nothing_failed(_services("ssh.service", "active", "enabled")).status is Status.PASS
    down = _services("backup.service", "failed", "static")
    assert services.nothing_failed(down).message == "Failed: backup.service"
    assert services.nothing_failed(down, ignore=("backup.service",)).status is Status.PASS


def test_debug_shell() -> None:
    name = "debug-shell.service"
    assert services.no_debug_shell(_services(name, "inactive", "disabled")).status is Status.PASS
    assert services.no_debug_shell(_services(name, "inactive", "enabled")).status is Status.FAIL
    assert services.no_debug_shell(_services(name, "active", "disabled")).status is Status.FAIL


def test_keyboard_restart() -> None:
    name = "ctrl-alt-del.target"
    assert services.no_keyboard_restart(_services(name, "inactive", "masked")).status is Status.PASS
    assert services.no_keyboard_restart(_services(name, "inactive", "disabled")).status is Status.FAIL
