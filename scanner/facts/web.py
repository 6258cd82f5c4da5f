"""Web sites as any visitor sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scanner.facts.spec import observed
from scanner.model import Port

# Sent as the origin of the request for `/`. Nobody can have it: the top-level domain is reserved (RFC 2606).
ORIGIN = "https://drscan.invalid"
SECURITY_TXT = "/.well-known/security.txt"
SERVER_STATUS = "/server-status"
GIT_HEAD = "/.git/HEAD"
DOT_ENV = "/.env"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie as it was set. same_site: in lower case, empty when not given. The value is not kept."""

    name: str
    secure: bool
    http_only: bool
    same_site: str


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """What security.txt says (RFC 9116). expires: None when it does not say so in the form that it must."""

    contact: bool
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Exposed:
    """Something at a path that is not for the public. sign: how it was recognised, without secrets."""

    path: str
    sign: str


@dataclass(frozen=True, slots=True)
class Site:
    """What is served on one port under one name. The texts come from the asset.

    host: the name that was asked for, or the address. status, headers: of the answer to `/`, after redirects
    within the site; names in lower case, Set-Cookie left out. redirect: where it sends visitors, or empty.
    listing: the product that lists a folder's files at `/`; default_page: whose first page it still is; empty
    when it is neither. security_txt: None when there is none. trace: it answers TRACE.
    unread: the path (or TRACE) of each request without an answer, and the reason.
    """

    port: Port
    tls: bool
    host: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    redirect: str = ""
    cookies: tuple[Cookie, ...] = ()
    title: str = ""
    listing: str = ""
    default_page: str = ""
    security_txt: SecurityTxt | None = None
    exposed: tuple[Exposed, ...] = ()
    trace: bool = False
    unread: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}{'' if self.port.number == usual else f':{self.port.number}'}/"

    def header(self, name: str) -> str:
        """The values of a header (name in lower case) joined by commas, empty when it is not there."""
        return ", ".join(value for key, value in self.headers if key == name)

    @property
    def missing(self) -> str:
        """What could not be seen of it, in plain words."""
        return "; ".join(f"{path}: {why}" for path, why in self.unread)

    @property
    def page(self) -> bool:
        """`/` is a page that a browser shows."""
        return 200 <= self.status < 300 and "html" in (self.header("content-type") or "html").lower()


@dataclass(frozen=True, slots=True)
class WebSites:
    """The web sites of one asset. unread: ports that should serve one and did not, with the reason."""

    sites: tuple[Site, ...]
    unread: tuple[str, ...] = ()


web_sites = observed("web_sites", WebSites)
