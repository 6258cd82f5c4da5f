"""Packet filters.

Recorded on Debian 12 in network namespaces: nftables 1.0.6 with a ruleset of its own and with none,
ufw 0.36.2 and firewalld 1.3.3 after `enable`, and iptables-legacy 1.8.9 with the rules Red Hat used to ship.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.firewall import Firewall, PacketFilter, firewall, packet_filter
from scanner.facts.spec import NotCollected, Output

RECORDED = Path(__file__).parent / "recorded/packet_filter"


def read(name: str) -> PacketFilter:
    return packet_filter.parse(Output((RECORDED / f"{name}.txt").read_bytes()))


def nft(rules: str, policy: str = "accept", more: str = "") -> PacketFilter:
    chain = f"type filter hook input priority filter; policy {policy};\n{rules}"
    return packet_filter.parse(
        Output(
            f"\x1eloaded\nnf_tables \n\x1enft\ntable inet t {{\nchain in {{\n{chain}\n}}\n{more}\n}}".encode()
        )
    )


@pytest.mark.parametrize(
    ("name", "ipv4", "ipv6", "tool"),
    [
        ("nftables", "drop", "drop", "nft list ruleset"),
        ("ufw", "drop", "drop", "iptables-save, ip6tables-save"),
        ("firewalld", "drop", "drop", "nft list ruleset"),
        ("legacy", "drop", None, "iptables-save (legacy), ip6tables-save (legacy)"),
        ("empty", None, None, "nft list ruleset"),
    ],
)
def test_recorded(name: str, ipv4: str | None, ipv6: str | None, tool: str) -> None:
    seen = read(name)
    assert (seen.ipv4, seen.ipv6, seen.tool) == (ipv4, ipv6, tool)
    assert (seen.rules > 0) == (ipv4 is not None)


@pytest.mark.parametrize(
    ("rules", "policy", "verdict"),
    [
        ("tcp dport 22 accept", "drop", "drop"),
        ("tcp dport 22 accept", "accept", "accept"),
        ("counter packets 9 bytes 90 accept", "drop", "accept"),
        ('log prefix "accept all: " level warn drop', "accept", "drop"),
        ("counter reject with icmpx admin-prohibited", "accept", "drop"),
        ("goto later", "drop", "accept"),
        ("jump nowhere\ndrop", "accept", "drop"),
        ("jump in", "accept", "accept"),
        ("return\ndrop", "accept", "accept"),
    ],
)
def test_the_first_rule_without_a_condition_decides(rules: str, policy: str, verdict: str) -> None:
    later = "chain later {\niif lo accept\naccept\n}"
    assert nft(rules, policy, later).ipv6 == verdict


def test_a_chain_for_one_family_says_nothing_about_the_other() -> None:
    table = "table ip t {\nchain in {\ntype filter hook input priority 0; policy drop;\n}\n}"
    text = f"\x1eloaded\nnf_tables \n\x1enft\n{table}"
    seen = packet_filter.parse(Output(text.encode()))
    assert (seen.ipv4, seen.ipv6) == ("drop", None)


def test_no_module_means_no_rule() -> None:
    assert packet_filter.parse(Output(b"\x1eloaded\n \n")).ipv4 is None


@pytest.mark.parametrize(
    "output",
    [
        Output(b"\x1eloaded\nnf_tables \n"),
        Output(b"\x1eloaded\nnf_tables \n\x1enft\n!failed\n"),
        Output(b"\x1eloaded\n \n", denied=True),
        Output(),
    ],
)
def test_rules_that_cannot_be_seen_are_not_absent(output: Output) -> None:
    with pytest.raises(NotCollected):
        packet_filter.parse(output)


def test_ufw_and_ipv6() -> None:
    address = "20010db8000000000000000000000010 02 40 00 80     ntp0\n"
    loopback = "00000000000000000000000000000001 01 80 10 80       lo\n"
    on = f"\x1eufw\nENABLED=yes\nLOGLEVEL=low\n\x1eipv6\n{loopback}{address}"
    off = f"\x1eufw\n# ENABLED=yes\nENABLED=no\n\x1eipv6\n{loopback}"
    assert firewall.parse(Output(on.encode())) == Firewall(ufw=True, ipv6=True)
    assert firewall.parse(Output(off.encode())) == Firewall(ufw=False, ipv6=False)
