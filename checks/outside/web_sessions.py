"""Whether what a visitor is logged in to stays the visitor's own: cookies, and what other sites may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from checks.outside.listening import judge
from scanner.check import check
from scanner.facts.web import ORIGIN, Site, WebSites
from scanner.model import Result

_TAGS = ["outside", "web"]
_SESSION = ["nist-800-53:SC-23", "cis-v8:16.10", "iso-27001:A.8.26"]


def _cookies(web: WebSites, fault: Callable[[Site], list[str]], bad: str, good: str) -> Result:
    def look(site: Site) -> Mapping[str, str]:
        return {name: f"Set-Cookie: {name}=…" for name in fault(site)}

    return judge(
        [site for site in web.sites if site.cookies],
        web.unread,
        look,
        bad,
        good,
        lambda site: ", ".join(cookie.name for cookie in site.cookies),
        nothing="No site sets a cookie at /",
    )


@check("WEB-007", severity="medium", controls=["nist-800-53:SC-8", *_SESSION], platforms=(), tags=_TAGS)
def cookies_secure(web_sites: WebSites) -> Result:
    """Cookies are sent over TLS only (Secure).

    Why: a session cookie that also goes out in the clear lets anyone on the way act as the visitor.
    Fix: set `Secure` on every cookie: `session.cookie_secure = 1` (PHP), `SESSION_COOKIE_SECURE = True`
    (Django), `proxy_cookie_flags ~ secure;` (nginx in front).
    """
    return _cookies(
        web_sites,
        lambda site: [cookie.name for cookie in site.cookies if not cookie.secure],
        "Cookies may be sent in the clear",
        "Every cookie is sent over TLS only",
    )


@check("WEB-008", severity="medium", controls=_SESSION, platforms=(), tags=_TAGS)
def cookies_http_only(web_sites: WebSites, for_scripts: tuple[str, ...] = ("xsrf", "csrf")) -> Result:
    """Cookies cannot be read by scripts (HttpOnly).

    Why: a script that got into a page then cannot carry the visitor's session away.
    Fix: set `HttpOnly` on every cookie that no script needs: `session.cookie_httponly = 1` (PHP),
    `proxy_cookie_flags ~ httponly;` (nginx in front). Tokens that scripts must read are left out by name.
    """
    return _cookies(
        web_sites,
        lambda site: [
            cookie.name
            for cookie in site.cookies
            if not cookie.http_only and not any(part in cookie.name.lower() for part in for_scripts)
        ],
        "Scripts can read cookies",
        "Scripts cannot read cookies",
    )


@check("WEB-009", severity="low", controls=_SESSION, platforms=(), tags=_TAGS)
def cookies_same_site(web_sites: WebSites) -> Result:
    """Cookies are not sent along with what other sites make a browser do (SameSite).

    Why: another site can otherwise act in the visitor's name, with the visitor's session.
    Fix: set `SameSite=Lax` (or `Strict`) on every cookie: `session.cookie_samesite = Lax` (PHP),
    `proxy_cookie_flags ~ samesite=lax;` (nginx in front).
    """
    return _cookies(
        web_sites,
        lambda site: [cookie.name for cookie in site.cookies if cookie.same_site not in ("lax", "strict")],
        "Cookies are sent along when other sites make a request",
        "No cookie is sent along when other sites make a request",
    )


@check(
    "WEB-010",
    severity="high",
    controls=["nist-800-53:AC-4", "cis-v8:16.10", "iso-27001:A.8.26"],
    platforms=(),
    tags=_TAGS,
)
def foreign_origins(web_sites: WebSites) -> Result:
    """Sites do not let any other site read what a logged-in visitor may see (CORS).

    Why: a page anywhere can then fetch the visitor's data with the visitor's session.
    Fix: send `Access-Control-Allow-Origin` only for origins from a list of your own, never the one that
    asks; leave `Access-Control-Allow-Credentials` out where it is not needed.
    """

    def look(site: Site) -> Mapping[str, str]:
        origin = site.header("access-control-allow-origin")
        credentials = site.header("access-control-allow-credentials").lower() == "true"
        # With `*` browsers refuse to send the session along; giving back whoever asks is what harms.
        if credentials and origin == ORIGIN:
            return {"any origin": f"Access-Control-Allow-Origin: {origin}; with credentials"}
        return {}

    return judge(
        web_sites.sites,
        web_sites.unread,
        look,
        "Other sites may read with a visitor's session",
        "No other site may read with a visitor's session",
        lambda site: site.header("access-control-allow-origin") or "no Access-Control-Allow-Origin",
    )
