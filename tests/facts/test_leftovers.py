"""Leftovers, SNMP and mail, recorded on two Debian 12 hosts; xinetd is written after xinetd.conf(5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.leftovers import Community, leftovers, snmp_communities
from scanner.facts.mail import MailAliases, mail_aliases, postfix
from scanner.facts.spec import Absent, NotCollected, Output

RECORDED = Path(__file__).parent / "recorded"


def output(name: str) -> Output:
    return Output((RECORDED / f"{name}.txt").read_bytes())


def test_programs_and_inetd() -> None:
    seen = leftovers.parse(output("leftovers/weak"))
    assert seen.programs["rsh server"] == ("/usr/sbin/in.rshd",)
    assert "xrdp" not in seen.programs
    assert seen.inetd == ("telnet",)


def test_xinetd_services_are_on_unless_disabled() -> None:
    text = (
        "\x1eprograms\n\x1einetd\n/etc/xinetd.d/tftp:2:service tftp\n/etc/xinetd.d/tftp:9:disable = yes\n"
        "/etc/xinetd.d/rsync:2:service rsync\n/etc/xinetd.d/rsync:4:disable\t= no\n"
    )
    assert leftovers.parse(Output(text.encode())).inetd == ("rsync",)


def test_communities() -> None:
    assert snmp_communities.parse(output("snmp_communities/weak")) == (
        Community(1, "rocommunity", True, "default"),
    )
    assert not snmp_communities.parse(output("snmp_communities/hardened"))[0].default


def test_snmp_absent_and_unreadable() -> None:
    with pytest.raises(Absent):
        snmp_communities.parse(Output(exit=3))
    with pytest.raises(NotCollected):
        snmp_communities.parse(Output(b"!failed\n"))


def test_postfix() -> None:
    seen = postfix.parse(output("mail/hardened"))
    assert (
        seen["smtpd_relay_restrictions"]
        == "permit_mynetworks permit_sasl_authenticated defer_unauth_destination"
    )
    with pytest.raises(Absent):
        postfix.parse(Output(b"\x1epostfix\n\x1ealiases\n"))


@pytest.mark.parametrize(
    ("aliases", "root"),
    [
        ("root: it@office.example, /dev/null", ("it@office.example", "/dev/null")),
        ("root: admin\nadmin: anna, otto", ("anna", "otto")),
        ("root: admin\nadmin: root", ()),
        ("postmaster: root", ()),
    ],
)
def test_aliases_are_followed(aliases: str, root: tuple[str, ...]) -> None:
    seen = mail_aliases.parse(Output(f"\x1ealiases\nfile /etc/aliases\n{aliases}\n".encode()))
    assert seen == MailAliases("/etc/aliases", root)


def test_no_aliases_file() -> None:
    with pytest.raises(Absent):
        mail_aliases.parse(Output(b"\x1epostfix\n\x1ealiases\n"))
