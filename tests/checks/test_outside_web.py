"""Web sites seen from outside: what each check says of typed facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.outside import web, web_exposure, web_sessions
from scanner.check import Check
from scanner.facts.web import ORIGIN, Cookie, Exposed, SecurityTxt, Site, WebSites
from scanner.model import Port, Result, Status

NOW = datetime(2027, 1, 31, tzinfo=UTC)
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "server": "nginx",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "content-security-policy": "default-src 'self'; frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer, strict-origin-when-cross-origin",
}
SITE = Site(
    Port(443),
    tls=True,
    host="portal.office.example",
    status=200,
    headers=tuple(HEADERS.items()),
    cookies=(Cookie("session", True, True, "lax"), Cookie("XSRF-TOKEN", True, False, "strict")),
    security_txt=SecurityTxt(True, NOW + timedelta(days=90)),
)
CLEAR = replace(SITE, port=Port(80), tls=False, status=301, redirect="https://portal.office.example/")


def judge(check: Check, *sites: Site, unread: tuple[str, ...] = ()) -> Result:
    needs = {"web_sites": WebSites(sites, unread), "now": NOW}
    return check(**{name: needs[name] for name in check.needs})


def sending(**headers: str) -> Site:
    sent = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(SITE, headers=tuple(sent.items()))


def like(**changes: Any) -> Site:
    return replace(SITE, **changes)


def having(**changes: Any) -> Site:
    return like(cookies=(replace(SITE.cookies[0], **changes),))


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (web.hsts, sending(strict_transport_security="max-age=3600")),
        (web.hsts, sending(strict_transport_security="")),
        (web.content_security_policy, sending(content_security_policy="img-src 'self'")),
        (web.content_security_policy, sending(content_security_policy="script-src * 'unsafe-inline'")),
        (web.no_sniffing, sending(x_content_type_options="")),
        (web.framing, sending(content_security_policy="default-src 'self'")),
        (web.framing, sending(content_security_policy="frame-ancestors *", x_frame_options="DENY")),
        (web.framing, sending(content_security_policy="", x_frame_options="ALLOW-FROM https://a.example")),
        (web.referrer, sending(referrer_policy="same-origin, unsafe-url")),
        (web_sessions.cookies_secure, having(secure=False)),
        (web_sessions.cookies_http_only, having(http_only=False)),
        (web_sessions.cookies_same_site, having(same_site="none")),
        (
            web_sessions.foreign_origins,
            sending(access_control_allow_origin=ORIGIN, access_control_allow_credentials="true"),
        ),
        (web_exposure.versions, sending(server="Apache/2.4.57 (Debian)")),
        (web_exposure.versions, sending(x_powered_by="PHP/7.4.33")),
        (web_exposure.versions, sending(x_aspnet_version="4.0.30319")),
        (web_exposure.listing, like(listing="IIS")),
        (web_exposure.default_page, like(default_page="nginx")),
        (web_exposure.security_txt, like(security_txt=None)),
        (web_exposure.security_txt, like(security_txt=SecurityTxt(True, NOW))),
        (web_exposure.security_txt, like(security_txt=SecurityTxt(True, None))),
        (web_exposure.security_txt, like(security_txt=SecurityTxt(False, NOW + timedelta(1)))),
        (web_exposure.trace, like(trace=True)),
        (web_exposure.server_status, like(exposed=(Exposed("/server-status", "Active connections:"),))),
        (web_exposure.git_folder, like(exposed=(Exposed("/.git/HEAD", "ref: refs/heads/main"),))),
        (web_exposure.dot_env, like(exposed=(Exposed("/.env", "sets A"),))),
    ],
)
def test_a_fault(check: Check, bad: Site) -> None:
    assert judge(check, SITE).status is Status.PASS
    found = judge(check, bad)
    assert found.status is Status.FAIL and found.evidence


def test_a_port_that_gave_nothing_hides_no_fault_and_is_not_passed() -> None:
    def judged(site: Site) -> Status:
        return judge(web_exposure.listing, site, unread=("8080/tcp: the connection was cut",)).status

    assert (judged(like(listing="IIS")), judged(SITE)) == (Status.FAIL, Status.UNKNOWN)


def test_sites_in_the_clear() -> None:
    assert judge(web.redirects_to_https, CLEAR, SITE).status is Status.PASS
    elsewhere = replace(CLEAR, redirect="http://www.office.example/")
    assert judge(web.redirects_to_https, elsewhere, SITE).message == (
        "Answered in the clear instead of being sent to https on 80/tcp: status 301"
    )
    assert judge(web.redirects_to_https, replace(CLEAR, status=426, redirect="")).status is Status.PASS
    assert judge(web.redirects_to_https, SITE).status is Status.NOTAPPLICABLE


def test_either_header_forbids_frames() -> None:
    options = sending(content_security_policy="", x_frame_options="SAMEORIGIN")
    assert judge(web.framing, options).status is Status.PASS


@pytest.mark.parametrize(
    ("check", "site"),
    [
        (web.hsts, like(host="192.0.2.7")),
        (web.content_security_policy, like(status=302)),
        (web.framing, sending(content_type="application/json")),
        (web_sessions.cookies_secure, like(cookies=())),
        (web_exposure.security_txt, CLEAR),
    ],
)
def test_without_a_subject(check: Check, site: Site) -> None:
    assert judge(check, site).status is Status.NOTAPPLICABLE
    assert judge(check, site, unread=("8443/tcp: cut",)).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("check", "path"),
    [
        (web_exposure.trace, "TRACE"),
        (web_exposure.server_status, "/server-status"),
        (web_exposure.git_folder, "/.git/HEAD"),
        (web_exposure.dot_env, "/.env"),
    ],
)
def test_a_request_without_an_answer_is_unknown(check: Check, path: str) -> None:
    result = judge(check, like(unread=((path, "the connection was cut"),)))
    assert result.status is Status.UNKNOWN and "the connection was cut" in result.message


def test_security_txt_that_was_not_read() -> None:
    moved = like(security_txt=None, unread=(("/.well-known/security.txt", "it is kept elsewhere"),))
    assert judge(web_exposure.security_txt, moved).status is Status.UNKNOWN
    assert judge(web_exposure.security_txt, moved, SITE).status is Status.PASS
