"""SPF, DKIM and DMARC as receivers read them, without a server."""

from __future__ import annotations

import base64
from collections.abc import Callable

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.dns import Dmarc, Spf
from scanner.outside import spf
from scanner.outside.dns_client import Unanswered
from scanner.outside.dns_mail import dkim_key, dmarc

OFFICE = dns.name.from_text("office.example")


def texts(records: dict[str, str]) -> Callable[[dns.name.Name], tuple[str, ...]]:
    def look_up(name: dns.name.Name) -> tuple[str, ...]:
        text = records.get(name.to_text(omit_final_dot=True), "")
        if text == "silent":
            raise Unanswered("no answer")
        return tuple(text.split("\n")) if text else ()

    return look_up


def read(record: str, **others: str) -> Spf:
    known = {f"{name}.example": f"v=spf1 {text}" for name, text in others.items()}
    found = spf.read(OFFICE, texts(known | {"office.example": record}))
    assert found
    return found


@pytest.mark.parametrize(
    ("record", "lookups", "default"),
    [
        ("v=spf1 -all", 0, "-"),
        ("V=SPF1 a mx/24 ip4:192.0.2.0/24 ip6:2001:db8::/32 exists:%{i}.x.example ptr ~ALL", 4, "~"),
        ("v=spf1 include:one.example -all", 3, "-"),
        ("v=spf1 redirect=one.example", 3, "?"),
        ("v=spf1 all include:ignored.example", 0, "+"),
        ("v=spf1 unknown=modifier mx", 1, ""),
    ],
)
def test_spf(record: str, lookups: int, default: str) -> None:
    found = read(record, one="a mx ?all")
    assert (found.lookups, found.default, found.problem) == (lookups, default, "")


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("v=spf1 -all\nv=spf1 mx", "office.example has several SPF records"),
        ("v=spf1 include:circle.example -all", "office.example includes itself"),
        ("v=spf1 include:none.example", "include of none.example, which has no SPF record"),
        ("v=spf1 ipv4:192.0.2.1", "ipv4:192.0.2.1 is not an SPF mechanism"),
        ("v=spf1 ip4:2001:db8::/32", "ip4:2001:db8::/32 is not a network"),
        ("v=spf1 include:", "include of nothing is not a domain"),
        (f"v=spf1 {'a ' * 11}-all", "it needs more than 10 DNS lookups"),
        ("v=spf1 include:many.example include:many.example", "it needs more than 10 DNS lookups"),
    ],
)
def test_spf_that_receivers_call_invalid(record: str, problem: str) -> None:
    assert read(record, circle="include:office.example", many="mx " * 5).problem == problem


def test_spf_lets_everybody_in() -> None:
    assert read("v=spf1 +all").everyone
    assert read("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all").everyone
    assert read("v=spf1 include:lax.example -all", lax="+all").everyone
    assert not read("v=spf1 -include:lax.example -all", lax="+all").everyone


def test_spf_that_could_not_be_followed_is_said() -> None:
    look_up = texts(
        {"office.example": "v=spf1 include:%{d}.x include:mute.example", "mute.example": "silent"}
    )
    found = spf.read(OFFICE, look_up)
    assert found
    assert found.unread == ("%{d}.x", "mute.example")
    assert spf.read(OFFICE, texts({"office.example": "silent"})) is None
    assert spf.read(OFFICE, texts({"office.example": "v=spf10 -all"})) == Spf()


def test_a_hostile_tree_of_includes_is_left_after_ten_lookups() -> None:
    asked = []

    def look_up(name: dns.name.Name) -> tuple[str, ...]:
        asked.append(name)
        return ("v=spf1 " + " ".join(f"include:{len(asked)}-{n}.example" for n in range(50)),)

    found = spf.read(OFFICE, look_up)
    assert found
    assert found.lookups == 11
    assert len(asked) == 11


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert read(f"v=spf1 {text}")
    assert dkim_key("s", f"v=DKIM1; p={text}").selector == "s"
    assert dmarc("office.example", (text,), inherited=True).found_at


@given(st.binary(min_size=1))
def test_any_key_is_read(raw: bytes) -> None:
    assert dkim_key("s", f"k=rsa; p={base64.b64encode(raw).decode()}").problem


def test_dkim_keys_other_than_rsa() -> None:
    ed25519 = base64.b64encode(bytes(32)).decode()
    assert dkim_key("s", f"v=DKIM1; k=ed25519; p={ed25519}").bits == 256
    assert dkim_key("s", "v=DKIM1; p=").bits == 0
    assert dkim_key("s", "v=DKIM1; k=dsa; p=AAAA").problem == "the kind of key is not known to receivers"


def test_dmarc() -> None:
    record = "v=DMARC1; p=reject; sp=none; pct=50; rua=mailto:a@office.example, mailto:b@office.example"
    own = dmarc("office.example", (record,), inherited=False)
    assert own == Dmarc(
        "office.example", (record,), "reject", 50, ("mailto:a@office.example", "mailto:b@office.example")
    )
    assert dmarc("office.example", (record,), inherited=True).policy == "none"
    assert dmarc("office.example", ("v=DMARC1; pct=many",), inherited=False).percent == 100
