"""Firewall, certificates, mail, leftovers and name servers, each check once good and once bad."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.network import certificates as crt
from checks.network import firewall as fw
from checks.network import leftovers as lft
from checks.network import mail, names
from scanner.check import Check
from scanner.facts.certificates import Certificate, Certificates
from scanner.facts.daemons import Daemons
from scanner.facts.firewall import Firewall, PacketFilter
from scanner.facts.leftovers import Community, Leftovers
from scanner.facts.mail import MailAliases
from scanner.facts.services import Unit
from scanner.facts.sockets import Socket
from scanner.model import Asset, Status

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ASSET = Asset("a")
NOBODY = Daemons()
CLEAN = Leftovers({})
CLOSED = PacketFilter("drop", "drop", 5, "nft list ruleset")
OPEN = PacketFilter(None, None, 0, "nft list ruleset")
IPV6 = Firewall(ufw=False, ipv6=True)
GOOD = Certificate(
    "/etc/nginx/portal.pem", "CN=portal", "CN=CA", (), NOW - timedelta(days=9), NOW + timedelta(days=99),
    "RSA", 3072, "sha256", False, False, "ab",
)  # fmt: skip


def enabled(*units: str) -> Daemons:
    return Daemons({unit: Unit(unit, "active", "running", "enabled") for unit in units})


def holding(**changes: object) -> Certificates:
    return Certificates((replace(GOOD, **changes),))  # type: ignore[arg-type]


def test_firewall_active() -> None:
    assert fw.active(CLOSED).status is Status.PASS
    assert fw.active(OPEN).status is Status.FAIL


def test_firewall_default_deny() -> None:
    assert fw.default_deny_ipv4(CLOSED).status is Status.PASS
    assert fw.default_deny_ipv4(replace(CLOSED, ipv4="accept")).status is Status.FAIL
    assert fw.default_deny_ipv6(CLOSED, IPV6).status is Status.PASS
    assert fw.default_deny_ipv6(replace(CLOSED, ipv6=None), IPV6).status is Status.FAIL
    assert fw.default_deny_ipv6(OPEN, Firewall(False, ipv6=False)).status is Status.NOTAPPLICABLE


def test_firewall_survives_reboot() -> None:
    assert fw.survives_reboot(IPV6, enabled("nftables.service")).status is Status.PASS
    assert fw.survives_reboot(IPV6, NOBODY).status is Status.FAIL
    # The unit of ufw is enabled by its package; without `ufw enable` it loads nothing.
    assert fw.survives_reboot(IPV6, enabled("ufw.service")).status is Status.FAIL


def test_one_firewall_manager() -> None:
    assert fw.one_manager(IPV6, enabled("nftables.service")).status is Status.PASS
    two = fw.one_manager(IPV6, enabled("nftables.service", "firewalld.service"))
    assert two.status is Status.FAIL
    assert two.message == "Several firewall managers are in use: firewalld, nftables"


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (crt.valid_now, holding(not_after=NOW - timedelta(seconds=1))),
        (crt.valid_now, holding(not_before=NOW + timedelta(seconds=1))),
        (crt.expires_soon, holding(not_after=NOW + timedelta(days=29))),
        (crt.expires_very_soon, holding(not_after=NOW + timedelta(days=13))),
    ],
)
def test_certificate_times(check: Check, bad: Certificates) -> None:
    assert check(Certificates((GOOD,)), NOW).status is Status.PASS
    assert check(bad, NOW).status is Status.FAIL


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (crt.strong_key, holding(bits=1024)),
        (crt.strong_key, holding(key_type="EC", bits=192)),
        (crt.strong_key, holding(key_type="DSA", bits=2048)),
        (crt.strong_signature, holding(signature_hash="sha1")),
        (crt.issued, holding(self_signed=True)),
    ],
)
def test_certificate_quality(check: Check, bad: Certificates) -> None:
    assert check(Certificates((GOOD,))).status is Status.PASS
    assert check(bad).status is Status.FAIL


def test_an_authority_may_sign_itself_with_what_it_likes() -> None:
    root = holding(self_signed=True, authority=True, signature_hash="sha1")
    assert crt.strong_signature(root).status is Status.PASS
    assert crt.issued(root).status is Status.PASS


def test_certificates_unseen() -> None:
    assert crt.issued(Certificates((GOOD,), ("/etc/letsencrypt/live",))).status is Status.UNKNOWN
    assert crt.issued(Certificates(())).status is Status.NOTAPPLICABLE


def test_private_keys() -> None:
    assert crt.keys_private(()).status is Status.PASS
    assert crt.keys_private(("/etc/nginx/portal.key",)).status is Status.FAIL


def test_mail_loopback_only() -> None:
    everywhere = (Socket("tcp", "0.0.0.0", 25, "master"),)
    assert (
        mail.loopback_only((Socket("tcp", "127.0.0.1", 25), Socket("tcp", "::", 22)), ASSET).status
        is Status.PASS
    )
    assert mail.loopback_only(everywhere, ASSET).status is Status.FAIL
    assert mail.loopback_only(everywhere, Asset("mx", services=("mail",))).status is Status.PASS


def test_root_mail() -> None:
    assert mail.root_mail(MailAliases("/etc/aliases", ("it@office.example",))).status is Status.PASS
    assert mail.root_mail(MailAliases("/etc/aliases", ())).status is Status.FAIL
    assert mail.root_mail(MailAliases("/etc/aliases", ("/dev/null",))).status is Status.FAIL


def test_open_relay() -> None:
    assert mail.no_open_relay({"mynetworks": "127.0.0.0/8, [::1]/128"}).status is Status.PASS
    assert mail.no_open_relay({"mynetworks": "10.0.0.0/8, 0.0.0.0/0"}).status is Status.FAIL
    assert mail.no_open_relay({"smtpd_relay_restrictions": "permit"}).status is Status.FAIL


@pytest.mark.parametrize(
    ("check", "kind", "unit"),
    [
        (lft.remote_shells, "telnet server", "telnet.socket"),
        (lft.ftp, "FTP server", "vsftpd.service"),
        (lft.nis, "NIS", "ypserv.service"),
        (lft.remote_desktop, "TeamViewer", "xrdp.service"),
    ],
)
def test_programs_that_should_be_gone(check: Check, kind: str, unit: str) -> None:
    assert check(CLEAN, NOBODY).status is Status.PASS
    assert check(Leftovers({kind: ("/usr/sbin/x",)}), NOBODY).status is Status.FAIL
    assert check(CLEAN, enabled(unit)).status is Status.FAIL


@pytest.mark.parametrize(
    ("check", "kind", "exempt"),
    [
        (lft.tftp, "TFTP server", Asset("a", services=("pxe",))),
        (lft.desktop, "graphical desktop", Asset("a", tags=("workstation",))),
    ],
)
def test_programs_that_some_assets_need(check: Check, kind: str, exempt: Asset) -> None:
    found = Leftovers({kind: ("/usr/sbin/x",)})
    assert check(CLEAN, NOBODY, ASSET).status is Status.PASS
    assert check(found, NOBODY, ASSET).status is Status.FAIL
    assert check(found, NOBODY, exempt).status is Status.NOTAPPLICABLE


def test_remote_desktop_may_be_allowed_by_name() -> None:
    found = Leftovers({"xrdp": ("/usr/sbin/xrdp",)})
    assert lft.remote_desktop(found, NOBODY, allowed=("xrdp",)).status is Status.PASS


def test_inetd() -> None:
    assert lft.inetd(CLEAN, NOBODY).status is Status.PASS
    assert lft.inetd(Leftovers({}, ("telnet",)), NOBODY).status is Status.FAIL
    assert lft.inetd(CLEAN, enabled("xinetd.service")).status is Status.FAIL


def test_services_a_server_does_not_need() -> None:
    assert lft.rpcbind(NOBODY).status is Status.PASS
    assert lft.rpcbind(enabled("rpcbind.socket")).status is Status.FAIL
    assert lft.rpcbind(enabled("rpcbind.socket", "nfs-server.service")).status is Status.NOTAPPLICABLE
    assert lft.avahi(NOBODY).status is Status.PASS
    assert lft.avahi(enabled("avahi-daemon.service")).status is Status.FAIL
    assert lft.printing(NOBODY, ASSET).status is Status.PASS
    assert lft.printing(enabled("cups.service"), ASSET).status is Status.FAIL
    assert (
        lft.printing(enabled("cups.service"), Asset("p", services=("printing",))).status
        is Status.NOTAPPLICABLE
    )


def test_snmp_community() -> None:
    assert lft.snmp_community((Community(3, "rocommunity", False, "192.0.2.0/24"),)).status is Status.PASS
    bad = lft.snmp_community((Community(7, "rwcommunity", True, "default"),))
    assert (bad.status, bad.evidence[0].line) == (Status.FAIL, 7)


def test_two_name_servers() -> None:
    assert names.two_name_servers(("192.0.2.1", "192.0.2.2")).status is Status.PASS
    assert names.two_name_servers(("192.0.2.1",)).status is Status.FAIL
    assert names.two_name_servers(("127.0.0.1",)).status is Status.UNKNOWN


def test_login_notice() -> None:
    notice = "Only authorised use is permitted."
    assert names.login_notice({"/etc/issue": notice, "/etc/issue.net": notice}).status is Status.PASS
    assert names.login_notice({"/etc/issue": notice}).status is Status.FAIL
    version = names.login_notice({"/etc/issue": f"{notice} \\s \\r", "/etc/issue.net": notice})
    assert version.message == "/etc/issue shows the system's version"
