"""What an answer of a web server shows: cookies, the title, signs of software left as it was installed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scanner.facts.web import DOT_ENV, GIT_HEAD, SERVER_STATUS, Cookie, Exposed, SecurityTxt
from scanner.outside.http import Answer

MAX_COOKIES = 50

# What folder listings say, by product, in lower case.
_LISTINGS = (
    ("Apache, nginx or lighttpd", b"<title>index of /"),
    ("Python", b"<title>directory listing for /"),
    ("IIS", b"[to parent directory]"),
    ("Tomcat", b"<title>directory listing for [/"),
    ("Jetty", b"<title>directory: /"),
)
# What first pages say that come with a product, in lower case.
_DEFAULT_PAGES = (
    ("Apache on Debian", b"apache2 debian default page"),
    ("Apache on Ubuntu", b"apache2 ubuntu default page"),
    ("Apache", b"<h1>it works!</h1>"),
    ("Apache", b"test page for the apache http server"),
    ("Apache or nginx on Red Hat", b"test page for the http server"),
    ("nginx", b"<title>welcome to nginx"),
    ("lighttpd", b"<title>welcome page</title>"),
    ("IIS", b"<title>iis windows"),
    ("Tomcat", b"you've successfully installed tomcat"),
    ("Caddy", b"your web server is working"),
    ("XAMPP", b"<title>welcome to xampp"),
    ("Plesk", b"<title>web server's default page"),
)
_GIT_HEAD = re.compile(rb"(ref: refs/[!-~]{1,200}|[0-9a-f]{40}|[0-9a-f]{64})\s*")
_ENV_NAME = re.compile(rb"(?:export )?([A-Z][A-Z0-9_]{1,60})=")


def listing(answer: Answer) -> str:
    """The product whose list of files this is, or nothing."""
    return _product(answer, _LISTINGS)


def default_page(answer: Answer) -> str:
    """The product whose first page this is, or nothing."""
    return _product(answer, _DEFAULT_PAGES)


def _product(answer: Answer, signs: tuple[tuple[str, bytes], ...]) -> str:
    text = answer.body.lower()
    return next((product for product, sign in signs if sign in text), "")


def title(answer: Answer) -> str:
    """The page's title on one line, 200 characters at most."""
    text = answer.body.lower()
    begin = text.find(b">", text.find(b"<title")) + 1 if b"<title" in text else 0
    end = text.find(b"<", begin) if begin else -1
    return " ".join(answer.body[begin:end][:800].decode("utf-8", "replace").split())[:200] if end > 0 else ""


def cookies(answer: Answer) -> list[Cookie]:
    """The cookies that it sets (RFC 6265, section 5.2), without their values."""
    found = []
    for name, value in answer.headers:
        if name == "set-cookie":
            pair, *rest = value.split(";")
            attributes = dict(_attribute(part) for part in rest)
            found.append(
                Cookie(
                    pair.partition("=")[0].strip()[:100],
                    "secure" in attributes,
                    "httponly" in attributes,
                    attributes.get("samesite", "")[:20],
                )
            )
    return found[:MAX_COOKIES]


def _attribute(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip().lower()


def security_txt(answer: Answer) -> SecurityTxt | None:
    """What the file says; None when the answer is no such file."""
    if answer.status != 200 or "html" in answer.header("content-type"):
        return None
    contact, expires = False, None
    for line in answer.body[:65_536].decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "contact" and value.strip():
            contact = True
        elif name.lower() == "expires":
            expires = _moment(value.strip())
    return SecurityTxt(contact, expires) if contact or expires else None


def _moment(text: str) -> datetime | None:
    """An RFC 3339 time, in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def exposed(path: str, answer: Answer) -> Exposed | None:
    """Whether the answer really is what the path is known for; many sites answer everything with a page."""
    if answer.status != 200:
        return None
    body = answer.body[:65_536]
    if path == SERVER_STATUS:
        for sign in (b"Apache Server Status for", b"Active connections:"):
            if sign in body:
                return Exposed(path, sign.decode())
    if path == GIT_HEAD and (match := _GIT_HEAD.fullmatch(body)):
        return Exposed(path, match[1].decode())
    if path == DOT_ENV and b"<html" not in body.lower():
        names = [match[1].decode() for line in body.splitlines() if (match := _ENV_NAME.match(line))]
        return Exposed(path, f"sets {', '.join(names[:20])}") if names else None
    return None
