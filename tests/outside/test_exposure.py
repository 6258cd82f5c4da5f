"""Each exposure check fails on real servers that are open, and passes on ones that are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from checks.outside import exposure, reachable
from scanner.check import Check
from scanner.facts.exposure import PortScan
from scanner.model import Asset, Authorisation, Port, Result, Status
from scanner.outside.discovery import Discovery, networks
from tests.command import drscan, drscan_json
from tests.outside.conftest import EXPOSED, MODEST, MODEST_PORTS, TODAY

ON_PORTS = [
    item
    for module in (exposure, reachable)
    for item in vars(module).values()
    if isinstance(item, Check) and "port_scan" in item.needs
]
# Nothing that answers can be seen not to answer.
SEEN_TO_FAIL = [item for item in ON_PORTS if item.info.id != "EXP-001"]


def judge(item: Check, scan: PortScan, *expected: Port) -> Result:
    asset = Asset("a", expected_ports=expected)
    given = {"port_scan": scan, "asset": asset}
    return item(**{name: given[name] for name in item.needs})


@pytest.mark.parametrize("item", SEEN_TO_FAIL, ids=lambda item: item.info.id)
def test_it_fails_where_everything_is_open(item: Check, scanned: Mapping[str, PortScan]) -> None:
    result = judge(item, scanned[EXPOSED], Port(22), Port(80))
    assert result.status is (Status.INFORMATIONAL if item.info.severity == "info" else Status.FAIL), result
    assert result.evidence


@pytest.mark.parametrize("item", ON_PORTS, ids=lambda item: item.info.id)
def test_it_passes_where_only_the_expected_is_open(item: Check, scanned: Mapping[str, PortScan]) -> None:
    result = judge(item, scanned[MODEST], *MODEST_PORTS)
    assert result.status is (Status.INFORMATIONAL if item.info.id == "EXP-014" else Status.PASS), result


def test_what_it_says_of_real_servers(scanned: Mapping[str, PortScan]) -> None:
    def said(item: Check) -> str:
        return judge(item, scanned[EXPOSED]).message

    assert said(reachable.no_cleartext_logins) == "Reachable from here: telnet on 23/tcp"
    assert said(reachable.no_databases) == (
        "Reachable from here: PostgreSQL on 5432/tcp, Redis on 6379/tcp, memcached on 11211/tcp"
    )
    assert said(reachable.no_open_stores) == (
        "Answers without a password: Redis on 6379/tcp, memcached on 11211/tcp"
    )
    assert said(reachable.no_public_snmp) == "SNMP version 1 or 2c answers on 161/udp"
    assert said(reachable.no_management) == "Reachable from here: Webmin on 10000/tcp"


def test_without_udp_snmp_is_not_checked(scanned: Mapping[str, PortScan]) -> None:
    tcp_only = replace(scanned[EXPOSED], scanned=(("tcp", "1-1024"),))
    assert judge(reachable.no_public_snmp, tcp_only).status is Status.NOTCHECKED


def test_strangers_in_a_network_fail_and_known_hosts_pass() -> None:
    scope = (Authorisation("127.0.5.10/32", "CISO, ticket 12", date(2026, 12, 31), discover=True),)
    host = Asset("a", scope=scope)
    (network,) = networks([host])
    stranger = Discovery((), TODAY).discover(network)
    assert exposure.no_strangers(stranger).status is Status.FAIL
    known = Asset("b", replace(host.connection, host="127.0.5.10"))
    assert exposure.no_strangers(Discovery([known], TODAY).discover(network)).status is Status.PASS


def test_the_command_looks_from_outside_without_a_login(
    exposed_and_modest: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/assets.yaml").write_text(
        f"""
all:
  vars:
    drscan:
      scope:
        - {{network: 127.0.5.0/24, authorised_by: "CISO, ticket 12", until: 2099-12-31}}
        - {{network: 127.0.5.8/29, authorised_by: "CISO, ticket 12", until: 2099-12-31, discover: true}}
  hosts:
    exposed: {{ansible_host: {EXPOSED}}}
    modest: {{ansible_host: {MODEST}, drscan: {{expected_ports: [6379]}}}}
    elsewhere: {{ansible_host: 192.0.2.1}}
"""
    )
    drscan(
        "run", "--profile", "outside", "--check", "EXP-*", "--ports", "quick", "--quiet", cwd=tmp_path, code=1
    )
    found = {(f["asset"], f["check"]): f for f in drscan_json("findings", cwd=tmp_path)["findings"]}
    assert found["exposed", "EXP-004"]["status"] == "fail"
    assert found["modest", "EXP-009"]["status"] == "pass"
    assert "not in scope" in found["elsewhere", "EXP-004"]["message"]
    assert found["127.0.5.8/29", "EXP-018"]["message"].startswith(
        "Not in the inventory: 127.0.5.8, 127.0.5.9,"
    )
