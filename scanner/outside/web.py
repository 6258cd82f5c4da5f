"""Looking at web sites as a visitor would, in at most eight requests a site and without following links.

They are GET / (with an Origin that nobody has; two redirects within the site are followed), TRACE /, and GET
for /.well-known/security.txt (over TLS), /server-status, /.git/HEAD and /.env. Nothing goes to another host.
"""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from scanner.facts.exposure import OpenPort
from scanner.facts.spec import Absent, NotCollected
from scanner.facts.web import DOT_ENV, GIT_HEAD, ORIGIN, SECURITY_TXT, SERVER_STATUS, Exposed, Site, WebSites
from scanner.model import Port
from scanner.outside import web_pages
from scanner.outside.http import FAULTS, Answer, Origin, ask
from scanner.outside.target import Target, server_names
from scanner.outside.wire import reason

_SECONDS_A_SITE = 20.0
_SECONDS_A_REQUEST = 8.0
_MOST_SITES = 20
_MOST_REDIRECTS = 2
_LONGEST_VALUE = 8000
_TLS_PORTS = (443, 8443, 9443)
_PORTS = (80, 8000, 8008, 8080, 8081, 8888, *_TLS_PORTS)
# nmap calls these http too; they speak it to programs only.
_NOT_SITES = ("http-rpc-epmap",)
_REQUESTS = (
    ("TRACE", "/"),
    ("GET", SECURITY_TXT),
    ("GET", SERVER_STATUS),
    ("GET", GIT_HEAD),
    ("GET", DOT_ENV),
)


def observe(target: Target) -> WebSites:
    """The asset's web sites, one a port. Raises Absent when there are none, NotCollected when none answered.

    They are asked for under the asset's first name in the inventory, or under its address if it has none.
    """
    ports = [port for port in target.ports.open() if _is_web(port)]
    if not ports:
        raise Absent("No web site is served")
    host = next(iter(server_names(target.asset)), target.address)
    sites: list[Site] = []
    unread = [f"{port.port}: more than {_MOST_SITES} sites" for port in ports[_MOST_SITES:]]
    for port in ports[:_MOST_SITES]:
        deadline = min(target.deadline, time.monotonic() + _SECONDS_A_SITE)
        try:
            origin = Origin(target.address, port.port.number, _tls(port), host)
            sites.append(_look(origin, port.port, deadline))
        except FAULTS as error:
            unread.append(f"{port.port}: {reason(error)}")
    if not sites:
        raise NotCollected(f"web_sites: {'; '.join(unread)}")
    return WebSites(tuple(sites), tuple(unread))


def _is_web(port: OpenPort) -> bool:
    if port.service in ("", "unknown", "tcpwrapped", "ssl"):
        return port.port.number in _PORTS
    return port.service.startswith("http") and port.service not in _NOT_SITES


def _tls(port: OpenPort) -> bool:
    return port.tls or port.service.startswith("https") or port.port.number in _TLS_PORTS


def _look(origin: Origin, port: Port, deadline: float) -> Site:
    """Raises one of FAULTS when `/` gives no answer."""
    answer = _get(origin, "/", deadline)
    if not origin.tls and answer.status == 400 and b"plain HTTP" in answer.body:
        origin = replace(origin, tls=True)
        answer = _get(origin, "/", deadline)
    cookies, redirect = web_pages.cookies(answer), _redirect(origin, "/", answer)
    for _ in range(_MOST_REDIRECTS):
        path = _within(origin, redirect)
        if not path:
            break
        answer = _get(origin, path, deadline)
        cookies += web_pages.cookies(answer)
        redirect = _redirect(origin, path, answer)
    site = Site(
        port,
        origin.tls,
        origin.host,
        answer.status,
        # What a cookie holds is nobody's business but the visitor's.
        tuple((name, value[:_LONGEST_VALUE]) for name, value in answer.headers if name != "set-cookie"),
        redirect,
        tuple({cookie.name: cookie for cookie in cookies}.values()),
        web_pages.title(answer),
        web_pages.listing(answer),
        web_pages.default_page(answer),
    )
    return _probe(origin, site, deadline)


def _probe(origin: Origin, site: Site, deadline: float) -> Site:
    """The site with what the other requests showed."""
    unread: list[tuple[str, str]] = []
    exposed: list[Exposed] = []
    security_txt, trace = None, False
    for method, path in _REQUESTS:
        if path == SECURITY_TXT and not origin.tls:
            continue
        try:
            answer = ask(origin, method, path, _soon(deadline))
        except FAULTS as error:
            unread.append((path if method == "GET" else method, reason(error)))
            continue
        if method == "TRACE":
            trace = answer.status == 200 and b"TRACE / HTTP/1" in answer.body
        elif path == SECURITY_TXT:
            security_txt = web_pages.security_txt(answer)
            if _redirect(origin, path, answer):
                unread.append((path, "it is kept elsewhere"))
        elif found := web_pages.exposed(path, answer):
            exposed.append(found)
    return replace(site, security_txt=security_txt, exposed=tuple(exposed), trace=trace, unread=tuple(unread))


def _get(origin: Origin, path: str, deadline: float) -> Answer:
    return ask(origin, "GET", path, _soon(deadline), Origin=ORIGIN)


def _soon(deadline: float) -> float:
    return min(deadline, time.monotonic() + _SECONDS_A_REQUEST)


def _redirect(origin: Origin, path: str, answer: Answer) -> str:
    """Where the answer sends a visitor, as a whole URL, or nothing."""
    location = answer.header("location")[:2000]
    if not 300 <= answer.status < 400 or not location:
        return ""
    try:
        return urljoin(f"{'https' if origin.tls else 'http'}://{origin.authority}{path}", location)
    except ValueError:
        return location


def _within(origin: Origin, url: str) -> str:
    """The path of a URL that stays on the site, else nothing."""
    here = ("https" if origin.tls else "http", origin.host.lower(), origin.port)
    try:
        parts = urlsplit(url)
        there = (parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    except ValueError:
        return ""
    if there != here:
        return ""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
