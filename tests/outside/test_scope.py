"""Nothing is looked at that the inventory does not allow."""

from __future__ import annotations

import socket
import threading
from datetime import date
from ipaddress import ip_address
from typing import Any

import pytest

from scanner.facts.spec import NotCollected
from scanner.model import Asset, Authorisation, Connection
from scanner.outside import scope
from scanner.outside.scope import addresses, refusal, targets

TODAY = date(2026, 1, 31)
OFFICE = Authorisation("10.1.0.0/16", "CISO, ticket 12", date(2026, 1, 31))
OLD = Authorisation("10.1.2.0/24", "CISO, ticket 3", date(2026, 1, 30))


@pytest.mark.parametrize(
    ("address", "entries", "why"),
    [
        ("10.1.2.3", (OFFICE,), None),
        ("10.1.2.3", (OLD, OFFICE), None),
        ("10.2.0.1", (OFFICE,), "no `scope` entry of the asset contains 10.2.0.1"),
        ("10.1.2.3", (), "no `scope` entry of the asset contains 10.1.2.3"),
        ("10.1.2.3", (OLD,), "the authorisation for 10.1.2.0/24 ended on 2026-01-30 (CISO, ticket 3)"),
        ("fd00::1", (OFFICE,), "no `scope` entry of the asset contains fd00::1"),
        ("fe80::1%eth0", (OFFICE,), "fe80::1%eth0 is an address of one link only; give a routed address"),
    ],
)
def test_an_address_needs_an_authorisation_that_has_not_ended(
    address: str, entries: tuple[Authorisation, ...], why: str | None
) -> None:
    assert refusal(ip_address(address), entries, TODAY) == why


def test_ipv4_dressed_as_ipv6_is_held_against_ipv4_scope() -> None:
    found = targets([Asset("a", Connection(host="::ffff:10.2.0.1"), scope=(OFFICE,))], TODAY)["a"]
    assert str(found) == "not in scope: no `scope` entry of the asset contains 10.2.0.1"


def test_a_name_is_resolved_before_it_is_held_against_the_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 0)) for text in ("10.2.0.1", "10.1.0.1")]
    monkeypatch.setattr(scope.socket, "getaddrinfo", lambda *a, **k: answers)
    inside = Asset("in", Connection(host="web.office.example"), scope=(OFFICE,))
    outside = Asset("out", Connection(host="web.office.example"))
    found = targets([inside, outside], TODAY)
    assert found["in"] == ip_address("10.1.0.1")
    assert isinstance(found["out"], NotCollected)


@pytest.mark.parametrize("host", ["x" * 64 + ".office.example", "10.1.0.1/24", ""])
def test_a_name_without_address_is_said(host: str) -> None:
    found = targets([Asset("a", Connection(host=host), scope=(OFFICE,))], TODAY)["a"]
    assert isinstance(found, NotCollected)


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    hung = threading.Event()

    def hang(*arguments: Any, **options: Any) -> list[Any]:
        hung.wait()
        return []

    monkeypatch.setattr(scope.socket, "getaddrinfo", hang)
    assets = [Asset(f"a{number}", Connection(host=f"a{number}.office.example")) for number in range(50)]
    assert set(addresses(assets, seconds=0.1).values()) == {()}
    hung.set()
