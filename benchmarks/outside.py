"""What drscan adds to plain nmap, looking at the same hosts from outside.

    .venv/bin/python -m benchmarks.outside [--hosts 16] [--rounds 5]

Listens on that many loopback addresses (127.0.5.101 and up) with what an office server shows: a banner, a web
server, a port that says nothing sensible. Times in turn plain nmap with drscan's own arguments, and the whole
command `drscan run --profile outside --check 'EXP-*'`: start, inventory, scope, nmap, python-nmap, checks and
store. Prints medians, the overhead, and whether both saw the same open ports.
"""

from __future__ import annotations

import argparse
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from scanner.outside.profiles import PROFILES, arguments

DRSCAN = str(Path(sys.executable).with_name("drscan"))
WEB = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
ANSWERS = {2222: b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 8080: WEB, 5000: b"?\r\n"}
BANNERS = (2222,)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--hosts", type=int, default=16)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    addresses = [f"127.0.5.{number}" for number in range(101, 101 + given.hosts)]
    for address in addresses:
        for port in ANSWERS:
            serve(address, port)
    with tempfile.TemporaryDirectory() as folder:
        write_inventory(Path(folder), addresses)
        for profile in ("quick", "full"):
            report(profile, addresses, Path(folder), given.rounds)


def report(profile: str, addresses: list[str], workspace: Path, rounds: int) -> None:
    """One line: both times and how they compare."""
    nmap = ["nmap", *arguments(PROFILES[profile], [ip_address(a) for a in addresses]), "-oX", "-"]
    drscan = [DRSCAN, "run", "--profile", "outside", "--check", "EXP-*", "--ports", profile, "--quiet"]
    plain: list[float] = []
    ours: list[float] = []
    for _ in range(rounds):
        plain.append(seconds(lambda: subprocess.run(nmap, check=True, stdout=subprocess.DEVNULL)))
        ours.append(seconds(lambda: subprocess.run(drscan, cwd=workspace, check=False)))
    before, after = statistics.median(plain), statistics.median(ours)
    same = "same" if seen_by_nmap(nmap) == seen_by_drscan(workspace) else "DIFFERENT"
    print(
        f"{profile:6} {len(addresses)} hosts: nmap {before:6.2f} s, drscan {after:6.2f} s, "
        f"overhead {100 * (after / before - 1):+5.1f} %, open ports: {same}"
    )


def seconds(action: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    began = time.monotonic()
    action()
    return time.monotonic() - began


def seen_by_nmap(command: list[str]) -> set[tuple[str, str]]:
    """(address, port) of every open port in nmap's own greppable output."""
    text = subprocess.run([*command[:-1], "/dev/null", "-oG", "-"], capture_output=True, text=True).stdout
    return {
        (line.split()[1], number)
        for line in text.splitlines()
        if line.startswith("Host:")
        for number in re.findall(r"(\d+)/open/tcp", line)
    }


def seen_by_drscan(workspace: Path) -> set[tuple[str, str]]:
    """The same, from what EXP-014 kept of the last scan."""
    text = subprocess.run(
        [DRSCAN, "findings", "--check", "EXP-014", "--json"], cwd=workspace, capture_output=True, text=True
    ).stdout
    found = re.findall(r'"asset": "([^"]+)".*?"message": "Can be reached: ([^"]*)"', text)
    return {(asset, number) for asset, ports in found for number in re.findall(r"(\d+)/tcp", ports)}


def serve(address: str, port: int) -> None:
    """Answer every connection, for as long as this process lives."""
    server = socket.create_server((address, port), backlog=100)

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if port not in BANNERS:
                connection.recv(4096)
            connection.sendall(ANSWERS[port])

    def accept() -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def write_inventory(workspace: Path, addresses: list[str]) -> None:
    """A workspace whose assets are the addresses."""
    (workspace / "inventory").mkdir()
    scope = '[{network: 127.0.5.0/24, authorised_by: "this benchmark", until: 2099-12-31}]'
    hosts = "".join(f"    {address}:\n" for address in addresses)
    (workspace / "inventory/assets.yaml").write_text(
        f"all:\n  vars:\n    drscan: {{scope: {scope}}}\n  hosts:\n{hosts}"
    )


if __name__ == "__main__":
    main()
