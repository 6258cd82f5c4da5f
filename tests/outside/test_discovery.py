"""Hosts that nobody declared are found, in the networks that may be searched."""

from __future__ import annotations

from datetime import date

import pytest

from scanner.facts.exposure import DiscoveredHosts
from scanner.facts.spec import Absent, NotCollected
from scanner.model import Asset, Authorisation, Connection
from scanner.outside import discovery
from scanner.outside.discovery import Discovery, networks
from scanner.outside.nmap import HostReport, Run
from scanner.outside.observe import Outside

TODAY = date(2026, 1, 31)


def searched(network: str, until: date = TODAY) -> Authorisation:
    return Authorisation(network, "CISO, ticket 12", until, discover=True)


def test_networks_are_cut_to_256_addresses_and_named_once() -> None:
    one = Asset("a", scope=(searched("10.1.0.0/23"), Authorisation("10.9.0.0/24", "x", TODAY)))
    two = Asset("b", scope=(searched("10.1.1.0/24"), searched("10.1.1.7"), searched("fd00::/119")))
    assert [network.name for network in networks([one, two])] == [
        "10.1.0.0/24", "10.1.1.0/24", "10.1.1.7/32", "fd00::/120", "fd00::100/120",
    ]  # fmt: skip


def test_what_answers_and_is_in_no_inventory_is_unknown() -> None:
    known = [Asset("a", Connection(host="127.0.5.33")), Asset("b", Connection(host="127.0.5.35"))]
    (network,) = networks([Asset("c", scope=(searched("127.0.5.32/30"),))])
    found = Discovery(known, TODAY).discover(network)
    assert found.addresses == ("127.0.5.32", "127.0.5.33", "127.0.5.34", "127.0.5.35")
    assert found.unknown == ("127.0.5.32", "127.0.5.34")


def test_the_scanner_itself_is_no_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = (
        HostReport("10.1.0.9", "up", "arp-response"),
        HostReport("10.1.0.2", "up", "localhost-response"),
        HostReport("10.1.0.3", "down", "no-response"),
    )
    monkeypatch.setattr(discovery.nmap, "run", lambda *arguments: Run(hosts))
    (network,) = networks([Asset("a", scope=(searched("10.1.0.0/24"),))])
    found = Discovery((), TODAY).discover(network)
    assert found == DiscoveredHosts("10.1.0.0/24", ("10.1.0.2", "10.1.0.9"), ("10.1.0.9",))


@pytest.mark.parametrize(
    ("run", "until", "why"),
    [
        (Run((), "nmap was cut off"), TODAY, "discovered_hosts: nmap was cut off"),
        (Run(()), date(2026, 1, 30), "not in scope: the authorisation for 10.1.0.0/24 ended on 2026-01-30"),
    ],
)
def test_a_search_that_could_not_be_finished_says_so(
    monkeypatch: pytest.MonkeyPatch, run: Run, until: date, why: str
) -> None:
    monkeypatch.setattr(discovery.nmap, "run", lambda *arguments: run)
    (network,) = networks([Asset("a", scope=(searched("10.1.0.0/24", until),))])
    with pytest.raises(NotCollected, match=why):
        Discovery((), TODAY).discover(network)


def test_a_network_has_hosts_and_a_host_has_ports() -> None:
    def faulty(*arguments: object) -> DiscoveredHosts:
        raise RuntimeError("oh")

    (network,) = networks([Asset("a", scope=(searched("10.1.0.0/24"),))])
    found = DiscoveredHosts("10.1.0.0/24")
    names = ("port_scan", "discovered_hosts")
    seen = Outside(faulty, lambda asset: found).observe([Asset("h"), network], names)
    assert seen["10.1.0.0/24"]["discovered_hosts"] is found
    assert isinstance(seen["10.1.0.0/24"]["port_scan"], Absent)
    assert isinstance(seen["h"]["discovered_hosts"], Absent)
    assert str(seen["h"]["port_scan"]) == "port_scan: RuntimeError: oh"
    broken = Outside(lambda assets: {}, faulty).observe([network], names)
    assert str(broken["10.1.0.0/24"]["discovered_hosts"]) == "discovered_hosts: RuntimeError: oh"
