"""Ports of real servers, scanned with the real nmap, and every way a scan can go wrong."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scanner.facts.exposure import PortScan
from scanner.facts.spec import NotCollected
from scanner.model import Asset, Connection, Port
from scanner.outside import profiles
from scanner.outside.nmap_xml import Progress
from scanner.outside.ports import scan_ports
from scanner.outside.profiles import PortProfile
from tests.outside import servers
from tests.outside.conftest import LOOPBACK, TODAY


def asset(name: str, host: str, *expected: Port) -> Asset:
    return Asset(name, Connection(host=host), expected_ports=expected, scope=LOOPBACK)


@pytest.fixture
def few_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles that ask for next to nothing, for the tests of everything else."""
    short = PortProfile("short", ("-sV", "--version-light"), "2000-2003", together=2)
    monkeypatch.setitem(profiles.PROFILES, "quick", short)


def scan(*assets: Asset, profile: str = "quick") -> Mapping[str, PortScan | NotCollected]:
    return scan_ports(assets, profile=profile, today=TODAY)


def ports_of(found: PortScan | NotCollected) -> PortScan:
    assert isinstance(found, PortScan), found
    return found


def test_open_ports_are_those_of_plain_nmap(scanned: Mapping[str, PortScan]) -> None:
    for address, found in scanned.items():
        plain = subprocess.run(
            ["nmap", "-n", "-Pn", "-sT", "-p", dict(found.scanned)["tcp"], "-oG", "-", address],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        expected = {int(number) for number in re.findall(r"(\d+)/open/tcp", plain)}
        assert expected
        assert {port.port.number for port in found.open()} == expected


@pytest.mark.parametrize("privileged", [True, False])
def test_with_and_without_root_the_same_ports_are_found(
    exposed_and_modest: tuple[str, str], monkeypatch: pytest.MonkeyPatch, privileged: bool
) -> None:
    monkeypatch.setattr(profiles, "may_send_raw", lambda: privileged)
    monkeypatch.setitem(profiles.PROFILES, "quick", PortProfile("short", (), "20-25,6379"))
    found = scan(*(asset(address, address) for address in exposed_and_modest))
    open_ports = {
        name: [port.port.number for port in ports_of(scanned).ports] for name, scanned in found.items()
    }
    assert open_ports == {"127.0.5.10": [21, 23, 6379], "127.0.5.11": [6379]}


def test_expected_ports_are_scanned_too_and_services_are_named(few_ports: None) -> None:
    with servers.listeners("127.0.5.20", {7777: servers.web("nginx/1.22.1")}):
        found = ports_of(scan(asset("a", "127.0.5.20", Port(7777), Port(7778)))["a"])
    assert [str(p) for p in found.ports] == ["7777/tcp http nginx 1.22.1"]
    assert found.scanned == (("tcp", "2000-2003,7777-7778"),)


def test_ipv4_ipv6_and_shared_addresses_come_back_under_their_assets(few_ports: None) -> None:
    local = Asset("here", Connection("local", host="here"), scope=LOOPBACK)
    found = scan(asset("four", "127.0.0.1"), asset("six", "::1"), asset("mapped", "::ffff:127.0.0.1"), local)
    addresses = {name: ports_of(scanned).address for name, scanned in found.items()}
    assert addresses == {"four": "127.0.0.1", "six": "::1", "mapped": "127.0.0.1", "here": "127.0.0.1"}


def test_a_host_out_of_scope_is_not_even_given_to_nmap(
    few_ports: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.outside.nmap.run", lambda *arguments: pytest.fail("nmap was started"))
    found = scan(asset("a", "192.0.2.1"))["a"]
    assert str(found) == "not in scope: no `scope` entry of the asset contains 192.0.2.1"


def test_tarpits_and_garbage_are_found_open_within_nmaps_own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    one_probe = PortProfile("short", ("-sV", "--version-intensity", "0"), "2000-2003")
    monkeypatch.setitem(profiles.PROFILES, "quick", one_probe)
    talks = {2000: servers.tarpit, 2001: servers.garbage, 2002: servers.silent}
    with servers.listeners("127.0.5.21", talks):
        found = ports_of(scan(asset("a", "127.0.5.21"))["a"])
    assert [str(p) for p in found.open()] == ["2000/tcp", "2001/tcp", "2002/tcp"]


def test_a_host_that_takes_too_long_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    three_seconds = PortProfile("short", ("-sV", "--version-light"), "2000-2003", host_seconds=3)
    monkeypatch.setitem(profiles.PROFILES, "quick", three_seconds)
    with servers.listeners("127.0.5.21", {2000: servers.tarpit, 2001: servers.tarpit}):
        found = scan(asset("slow", "127.0.5.21"), asset("quick", "127.0.5.22"))
    assert str(found["slow"]).startswith("port_scan: nmap gave up on 127.0.5.21 after 3 s")
    assert ports_of(found["quick"]).up


def test_udp_without_root_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "may_send_raw", lambda: False)
    assert "needs root: run it with sudo" in str(scan(asset("a", "127.0.5.23"), profile="udp-top")["a"])


@pytest.fixture
def fake_nmap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the `nmap` that will be found; a test writes it."""
    program = tmp_path / "nmap"
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program


HEAD = '<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun><scaninfo protocol="tcp" services="2000"/>'
HOST = (
    '<host><status state="up" reason="user-set"/><address addr="127.0.5.1" addrtype="ipv4"/><ports>'
    '<port protocol="tcp" portid="2000"><state state="open" reason="syn-ack"/></port></ports></host>'
)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"echo '{HEAD}{HOST}'; kill -9 $$", "nmap was cut off"),
        (f"echo '{HEAD}{HOST}<host><status'; exit 1", "nmap was cut off"),
        (f"echo '{HEAD}{HOST}</nmaprun><x>'", "nmap's XML is broken: junk after document element"),
        (
            f"echo '{HEAD}{HOST}'; echo 'route: no such device' >&2; exit 1",
            "nmap says: route: no such device",
        ),
        (f"echo '{HEAD}{HOST}'; exec sleep 600", "nmap was stopped after 1 s"),
        (f"echo '{HEAD}{HOST}'; while :; do echo '<a/>'; done", "nmap was stopped after 1 s"),
    ],
)
def test_when_nmap_fails_the_finished_hosts_are_kept(
    few_ports: None, fake_nmap: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    monkeypatch.setattr("scanner.outside.ports._START_SECONDS", -299)
    fake_nmap.write_text(f"#!/bin/sh\n{script}\n")
    found = scan(asset("whole", "127.0.5.1"), asset("lost", "127.0.5.2"))
    assert [str(p.port) for p in ports_of(found["whole"]).ports] == ["2000/tcp"]
    assert str(found["lost"]).startswith(f"port_scan: {why}")


def test_a_host_that_a_whole_run_leaves_out_is_down(few_ports: None, fake_nmap: Path) -> None:
    end = '<runstats><finished exit="success"/></runstats></nmaprun>'
    fake_nmap.write_text(f"#!/bin/sh\necho '{HEAD}{end}'\n")
    assert scan(asset("a", "127.0.5.1"))["a"] == PortScan("127.0.5.1", up=False, scanned=(("tcp", "2000"),))


def test_a_missing_nmap_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(scan(asset("a", "127.0.5.1"))["a"]) == "port_scan: nmap is not installed: apt-get install nmap"


def test_progress_is_passed_on_as_nmap_says_it(few_ports: None, fake_nmap: Path) -> None:
    task = '<taskprogress task="Connect Scan" percent="47.50"/>'
    fake_nmap.write_text(f"#!/bin/sh\necho '{HEAD}{task}{HOST}</nmaprun>'\n")
    heard: list[Progress] = []
    scan_ports([asset("a", "127.0.5.1")], profile="quick", today=TODAY, on_progress=heard.append)
    assert heard == [Progress("Connect Scan", 47.5)]


SCAN = """
from datetime import date
from scanner.model import Asset, Authorisation, Connection
from scanner.outside.ports import scan_ports

scope = (Authorisation("127.0.0.0/8", "CISO, ticket 12", date(2026, 12, 31)),)
scan_ports([Asset("a", Connection(host="127.0.5.1"), scope=scope)], profile="quick", today=date(2026, 1, 31))
"""


def test_nmap_does_not_outlive_a_killed_drscan(fake_nmap: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    fake_nmap.write_text(
        f"#!/bin/sh\necho $$ >{pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 600\n"
    )
    scanning = subprocess.Popen([sys.executable, "-c", SCAN])
    wait_until(pid_file.exists)
    scanning.kill()
    scanning.wait()
    nmap = Path("/proc", pid_file.read_text().strip(), "cmdline")
    # Killed, it may stay as an empty entry for as long as nobody reaps it.
    wait_until(lambda: not nmap.exists() or not nmap.read_bytes())


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
