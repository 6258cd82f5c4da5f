"""On a link with one other host: who answers, who does not, and who is not in the inventory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOOK = """
import json, sys
from datetime import date
from scanner.model import Asset, Authorisation, Connection
from scanner.outside import profiles
from scanner.outside.discovery import Discovery, networks
from scanner.outside.ports import scan_ports

today = date(2026, 1, 31)
scope = (Authorisation("10.99.0.0/29", "CISO, ticket 12", today, discover=True),)
assets = [Asset(host, Connection(host=host), scope=scope) for host in ("10.99.0.2", "10.99.0.3")]
profiles.PROFILES["quick"] = profiles.PortProfile("short", (), "22,80")
up = {}
for privileged in (True, False):
    profiles.may_send_raw = lambda: privileged
    found = scan_ports(assets, profile="quick", today=today)
    up[str(privileged)] = {name: scan.up for name, scan in found.items()}
profiles.may_send_raw = lambda: True
(network,) = networks(assets)
strangers = Discovery((), today).discover(network)
json.dump({"up": up, "addresses": strangers.addresses, "unknown": strangers.unknown}, sys.stdout)
"""


def test_a_silent_address_is_down_and_an_undeclared_host_is_found() -> None:
    done = subprocess.run(
        ["unshare", "--net", "sh", Path(__file__).with_name("link.sh"), sys.executable, "-c", LOOK],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    answers = {"10.99.0.2": True, "10.99.0.3": False}
    assert json.loads(done.stdout) == {
        "up": {"True": answers, "False": answers},
        "addresses": ["10.99.0.1", "10.99.0.2"],
        "unknown": ["10.99.0.2"],
    }
