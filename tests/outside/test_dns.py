"""DNS and mail against real Knot and Unbound servers, and against servers that lie, shout or say nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from checks.outside import dns as names
from checks.outside import dnssec, email
from scanner.check import Check
from scanner.facts.dns import Spf
from scanner.facts.exposure import OpenPort, PortScan
from scanner.facts.spec import Absent, NotCollected
from scanner.model import Asset, Authorisation, Connection, Port, Status
from scanner.outside.dns import observe, observe_server
from scanner.outside.target import Target
from tests.outside import dns_hosts as hosts
from tests.outside import servers
from tests.outside.addresses import own

CHECKS = [
    value for module in (names, dnssec, email) for value in vars(module).values() if isinstance(value, Check)
]
SCOPE = (Authorisation("127.0.0.0/8", "CISO, ticket 12", date(2099, 12, 31)),)
GOOD = Asset(
    "portal.good.example", Connection(host="good.example"), tags=("dkim:s1",), rto=timedelta(hours=1),
    scope=SCOPE, domains=("good.example",), resolver=f"{hosts.RESOLVER}:{hosts.RESOLVER_PORT}",
)  # fmt: skip
BAD = replace(
    GOOD,
    name="old.bad.example",
    connection=Connection(host=hosts.WEAK),
    tags=(),
    domains=("bad.example", "expired.example", "soon.example", "missing.example"),
)
PORT_53 = (OpenPort(Port(53)),)


def target(asset: Asset, address: str = "127.0.0.1", ports: tuple[OpenPort, ...] = ()) -> Target:
    return Target(asset, address, PortScan(address, True, ports), time.monotonic() + 60)


@pytest.fixture(scope="module", autouse=True)
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with hosts.office(tmp_path_factory.mktemp("dns")):
        yield


@pytest.fixture(scope="module")
def seen(office: None) -> dict[str, dict[str, object]]:
    now = datetime.now(UTC)
    good_server = observe_server(target(GOOD, hosts.FIRST, PORT_53))
    bad_server = observe_server(target(BAD, hosts.OPEN, PORT_53))
    return {
        "good": {"dns_domains": observe(target(GOOD)), "dns_server": good_server, "asset": GOOD, "now": now},
        "bad": {"dns_domains": observe(target(BAD)), "dns_server": bad_server, "asset": BAD, "now": now},
    }


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.info.id)
def test_each_check_passes_and_fails_on_real_servers(
    check: Check, seen: dict[str, dict[str, object]]
) -> None:
    good, bad = (check(**{need: seen[host][need] for need in check.needs}) for host in ("good", "bad"))
    assert good.status is Status.PASS, good
    assert bad.status is Status.FAIL, bad


LIAR = own(59)
LIED_TO = replace(GOOD, resolver=f"{LIAR}:{hosts.RESOLVER_PORT}", tags=())


def test_a_resolver_that_never_answers_is_given_up_soon() -> None:
    with hosts.liar(LIAR, lambda query: []) as heard, pytest.raises(NotCollected, match="does not answer"):
        observe(target(LIED_TO))
    assert len(heard) < 10


@pytest.mark.parametrize(
    "reply",
    [
        lambda query: [os.urandom(60)] * 50,
        lambda query: [query[:2] + b"\x84\x00" + query[4:] + os.urandom(300)] * 50,
        lambda query: [query],
    ],
    ids=["noise", "broken", "echo"],
)
def test_garbage_is_no_answer(reply: Callable[[bytes], list[bytes]]) -> None:
    with hosts.liar(LIAR, reply), pytest.raises(NotCollected, match="does not answer"):
        observe(target(LIED_TO))


def test_a_tarpit_over_tcp_is_no_answer() -> None:
    with (
        hosts.liar(LIAR, lambda query: [query[:2] + b"\x83\x80" + query[4:]]),
        servers.listeners(LIAR, {hosts.RESOLVER_PORT: servers.silent}),
        pytest.raises(NotCollected, match="does not answer"),
    ):
        observe(target(LIED_TO))


@pytest.mark.parametrize("reply", [hosts.failure, hosts.alias_of_itself])
def test_no_check_passes_on_what_was_not_answered(reply: Callable[[bytes], list[bytes]]) -> None:
    with hosts.liar(LIAR, reply):
        facts = {"dns_domains": observe(target(LIED_TO)), "asset": LIED_TO, "now": datetime.now(UTC)}
    for check in CHECKS:
        if "dns_domains" in check.needs:
            result = check(**{need: facts[need] for need in check.needs})
            assert result.status is Status.UNKNOWN, check.info.id


def test_a_huge_set_of_texts_does_not_hide_the_record_among_them() -> None:
    found = observe(target(replace(GOOD, domains=("huge.good.example",)))).domains[0]
    assert found.spf == Spf(("v=spf1 -all",), default="-")
    assert len(repr(found)) < 5_000


def test_the_resolver_must_be_in_scope() -> None:
    outside = replace(GOOD, resolver="192.0.2.53")
    with pytest.raises(NotCollected, match=r"may not be asked: no `scope` entry .* contains 192\.0\.2\.53"):
        observe(target(outside))


def test_name_servers_out_of_scope_are_not_asked() -> None:
    only_resolver = replace(GOOD, scope=(replace(SCOPE[0], network=f"{hosts.RESOLVER}/32"),))
    zone = observe(target(only_resolver)).zones[0]
    assert zone.servers
    assert [server.views for server in zone.servers] == [(), ()]


def test_without_the_authority_a_signed_ttl_is_still_exact_and_an_unsigned_one_is_not() -> None:
    scope = (replace(SCOPE[0], network=f"{hosts.RESOLVER}/32"),)
    signed = observe(target(replace(GOOD, scope=scope))).names
    assert [(name.name, name.exact) for name in signed] == [
        ("good.example", True),
        ("portal.good.example", False),
    ]


def test_no_domain_no_resolver_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Absent, match="No domain"):
        observe(target(replace(GOOD, domains=())))
    with pytest.raises(NotCollected, match="no resolver is declared"):
        observe(target(replace(GOOD, resolver=None)))
    monkeypatch.setitem(sys.modules, "scanner.outside.dns_domains", None)
    with pytest.raises(NotCollected, match=r"drscan\[dns\]"):
        observe(target(GOOD))


def test_a_host_without_dns_has_no_dns_server() -> None:
    with pytest.raises(Absent, match="Port 53 is not open"):
        observe_server(target(GOOD, hosts.FIRST))
    with pytest.raises(Absent, match="Nothing on port 53"):
        observe_server(target(GOOD, hosts.NOBODY, PORT_53))
