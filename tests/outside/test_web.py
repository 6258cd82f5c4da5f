"""Web sites seen from outside: real servers set up well and badly, and some that misbehave."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.outside import web, web_exposure, web_sessions
from scanner.check import Check
from scanner.facts.exposure import OpenPort
from scanner.facts.spec import Absent, NotCollected
from scanner.facts.web import WebSites
from scanner.model import Port, Result, Status
from scanner.outside import web_pages
from scanner.outside.http import Answer
from tests.outside import servers
from tests.outside.web_hosts import BAD, DEFAULT, GOOD, HTTP, HTTPS, NAME, ODD, apache, look, nginx

CHECKS = {
    check.info.id: check
    for module in (web, web_exposure, web_sessions)
    for check in vars(module).values()
    if isinstance(check, Check)
}
# What only Apache's page and settings show.
BY_APACHE = {"WEB-013", "WEB-015"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, WebSites]]:
    with ExitStack() as stack:
        stack.enter_context(nginx(tmp_path_factory.mktemp("nginx")))
        stack.enter_context(apache(tmp_path_factory.mktemp("apache")))
        yield {
            "good": look(GOOD, HTTP, HTTPS),
            "bad": look(BAD, HTTP, HTTPS),
            "apache": look(DEFAULT, HTTP),
        }


def judge(check: Check, sites: WebSites) -> Result:
    needs = {"web_sites": sites, "now": datetime.now(UTC)}
    return check(**{name: needs[name] for name in check.needs})


@pytest.mark.parametrize("id", sorted(CHECKS))
def test_each_check_tells_good_from_bad(id: str, seen: Mapping[str, WebSites]) -> None:
    good = judge(CHECKS[id], seen["good"])
    bad = judge(CHECKS[id], seen["apache" if id in BY_APACHE else "bad"])
    assert (good.status, bad.status) == (Status.PASS, Status.FAIL), (good, bad)


def test_what_is_shown_names_no_secret(seen: Mapping[str, WebSites]) -> None:
    shown = {found.path: found.sign for site in seen["bad"].sites for found in site.exposed}
    assert shown == {
        "/server-status": "Active connections:",
        "/.git/HEAD": "ref: refs/heads/main",
        "/.env": "sets APP_NAME, DB_PASSWORD",
    }
    assert "made-up" not in repr(seen["bad"]) and "PHPSESSID=1" not in repr(seen["bad"])


def test_apache_status(seen: Mapping[str, WebSites]) -> None:
    assert "/server-status" in judge(CHECKS["WEB-016"], seen["apache"]).message
    assert judge(CHECKS["WEB-001"], seen["apache"]).status is Status.FAIL


def test_tls_is_found_where_nmap_did_not_see_it(seen: Mapping[str, WebSites]) -> None:
    (site,) = look(GOOD, OpenPort(HTTPS.port, service="http")).sites
    assert site.tls and str(site) == f"https://{NAME}:8443/"


def test_python_lists_a_folder(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "http.server", "8081", "--bind", ODD, "--directory", tmp_path)
    with servers.program(*command, address=ODD, port=8081):
        result = judge(CHECKS["WEB-012"], look(ODD, OpenPort(Port(8081), service="http")))
    assert result.status is Status.FAIL and "by Python" in result.message


def test_what_is_asked_for() -> None:
    asked: list[str] = []

    def answer(connection: socket.socket) -> None:
        request = connection.recv(65_536).decode()
        asked.append(request.partition(" HTTP")[0])
        assert f"Host: {NAME}:8080\r\n" in request and "User-Agent: drscan/" in request
        place = {"GET /": "/a", "GET /a": f"http://{NAME}:8080/b?c=d", "GET /b?c=d": "/e"}.get(asked[-1])
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\n\r\n".encode())

    with servers.listeners(ODD, {8080: answer}):
        (site,) = look(ODD, HTTP).sites
    first = ["GET /", "GET /a", "GET /b?c=d"]
    assert asked == [*first, "TRACE /", "GET /server-status", "GET /.git/HEAD", "GET /.env"]
    assert site.redirect == f"http://{NAME}:8080/e"


@pytest.mark.parametrize("place", ["http://{odd}:8082/", "//{odd}:8082/", "https://{name}:8082/"])
def test_a_redirect_to_another_place_is_not_followed(place: str) -> None:
    place = place.format(odd=ODD, name=NAME)
    visits: list[bool] = []
    moved = servers.says(f"HTTP/1.1 301 Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())
    with servers.listeners(ODD, {8080: moved, 8082: lambda _: visits.append(True)}):
        (site,) = look(ODD, HTTP).sites
    assert site.redirect == (f"http:{place}" if place.startswith("//") else place)
    assert not visits


def drips(start: bytes) -> servers.Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        servers.tarpit(connection)

    return talk


def endless(start: bytes, part: bytes) -> servers.Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(part)

    return talk


OK = b"HTTP/1.1 200 OK\r\n"
LATE, LIMIT = "no answer within the time limit", "more than the byte limit"
HOSTILE: Mapping[str, tuple[servers.Talk, str]] = {
    "silent": (servers.silent, LATE),
    "drips the head": (drips(OK + b"X-Slow: "), LATE),
    "garbage": (servers.garbage, "."),
    "hangs up": (servers.says(b""), "cut|without response"),
    "endless headers": (endless(OK, b"X-A: b\r\n"), "more than 100 headers"),
    "endless header": (endless(OK + b"X-A: ", b"b" * 4096), "more than 65536 bytes|more than the byte limit"),
    "endless interim answers": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LIMIT),
    "no status": (servers.says(b"HTTP/1.1 \xff\xff\r\n\r\n"), "."),
}


@pytest.mark.parametrize("which", HOSTILE)
def test_a_server_that_misbehaves_is_not_collected(which: str) -> None:
    talk, why = HOSTILE[which]
    with servers.listeners(ODD, {8080: talk}), pytest.raises(NotCollected, match=why):
        look(ODD, HTTP, seconds=0.5)


@pytest.mark.parametrize("talk", [servers.silent, servers.tarpit, servers.garbage])
def test_tls_that_stalls_or_is_none_is_not_collected(talk: servers.Talk) -> None:
    with servers.listeners(ODD, {8443: talk}), pytest.raises(NotCollected):
        look(ODD, HTTPS, seconds=0.5)


@pytest.mark.parametrize(
    "talk",
    [
        endless(OK + b"X-A: b\r\n\r\n", b"<title>a</title>" * 500),
        drips(OK + b"X-A: b\r\n\r\n"),
        servers.says(OK + b"X-A: b\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
        servers.says(OK + b"X-A: b\r\nContent-Length: -1\r\n\r\n"),
        servers.says(b"HTTP/1.1 302 Found\r\nX-A: b\r\nLocation: http://[::\r\n\r\n"),
        servers.says(b"HTTP/1.1 302 Found\r\nX-A: b\r\nLocation: //x:99999999/\r\n\r\n"),
    ],
)
def test_a_head_is_seen_whatever_follows(talk: servers.Talk) -> None:
    with servers.listeners(ODD, {8080: talk}):
        (site,) = look(ODD, HTTP, seconds=1).sites
    assert site.header("x-a") == "b"


def test_what_was_not_answered_is_not_passed() -> None:
    def answer(connection: socket.socket) -> None:
        if connection.recv(4096).startswith(b"GET / "):
            connection.sendall(OK + b"Content-Length: 0\r\n\r\n")

    with servers.listeners(ODD, {8080: answer}):
        sites = look(ODD, HTTP)
    for id in ("WEB-015", "WEB-016", "WEB-017", "WEB-018"):
        assert judge(CHECKS[id], sites).status is Status.UNKNOWN


def test_nothing_to_look_at_is_absent() -> None:
    with pytest.raises(Absent):
        look(ODD, OpenPort(Port(22), service="ssh"), OpenPort(Port(593), service="http-rpc-epmap"))


bodies = st.one_of(
    st.binary(max_size=200), st.lists(st.sampled_from([b"<title", b">", b"<", b"A=", b"\n"])).map(b"".join)
)
headers = st.lists(
    st.tuples(st.sampled_from(["set-cookie", "content-type", "x"]), st.text(max_size=30)), max_size=4
)
READERS: list[Callable[[Answer], object]] = [
    web_pages.title,
    web_pages.cookies,
    web_pages.listing,
    web_pages.default_page,
    web_pages.security_txt,
    lambda answer: [web_pages.exposed(path, answer) for path in ("/server-status", "/.git/HEAD", "/.env")],
]


@pytest.mark.parametrize("read", READERS)
@given(body=bodies, head=headers)
def test_no_answer_breaks_a_reader(
    read: Callable[[Answer], object], body: bytes, head: list[tuple[str, str]]
) -> None:
    read(Answer(200, tuple(head), body))
