"""What web sites tell browsers: to use TLS, and what to refuse on behalf of the visitor."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from checks.outside.listening import judge
from scanner.check import check
from scanner.facts.web import Site, WebSites
from scanner.model import Result

_TAGS = ["outside", "web"]
_IN_TRANSIT = [
    "nist-800-53:SC-8", "nist-800-53:SC-8(1)", "nist-800-53:SC-23", "cis-v8:3.10", "iso-27001:A.8.24",
    "csf-2.0:PR.DS-02", "nis2:21.2h",
]  # fmt: skip
_HARDENING = ["nist-800-53:CM-6", "cis-v8:16.7", "iso-27001:A.8.9", "csf-2.0:PR.PS-01"]

_NO_PAGE = "No site shows a page at /"
_BARE_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


def _pages(web: WebSites, header: str, good_value: Callable[[str], bool], bad: str, good: str) -> Result:
    """Hold one header of every page against `good_value`."""

    def look(site: Site) -> Mapping[str, str]:
        value = site.header(header)
        if good_value(value):
            return {}
        return {value[:100] or "not sent": f"{header}: {value[:500] or '(not sent)'}"}

    return judge(
        [site for site in web.sites if site.page],
        web.unread,
        look,
        bad,
        good,
        lambda site: f"{header}: {site.header(header)[:500]}",
        nothing=_NO_PAGE,
    )


def _directives(value: str) -> dict[str, str]:
    """The directives of a Content-Security-Policy by name; several policies are taken together."""
    parts = (part.strip().partition(" ") for part in re.split("[;,]", value))
    return {name.lower(): rest.strip() for name, _, rest in parts if name}


@check("WEB-001", severity="high", controls=_IN_TRANSIT, platforms=(), tags=_TAGS)
def redirects_to_https(web_sites: WebSites) -> Result:
    """Sites without TLS only send visitors on to https.

    Why: what is sent in the clear, passwords too, can be read and changed by anyone on the way.
    Fix: nginx: `return 301 https://$host$request_uri;` as all that the server on port 80 does; Apache:
    `Redirect permanent / https://NAME/` in its VirtualHost.
    """

    def look(site: Site) -> Mapping[str, str]:
        # 426 is "Upgrade Required" (RFC 9110): nothing is served either.
        if site.redirect.lower().startswith("https://") or site.status == 426:
            return {}
        return {f"status {site.status}": f"GET / gives {site.status} {site.redirect} {site.title}".rstrip()}

    return judge(
        [site for site in web_sites.sites if not site.tls],
        web_sites.unread,
        look,
        "Answered in the clear instead of being sent to https",
        "Sites without TLS send visitors on to https",
        lambda site: f"{site.status} to {site.redirect}",
        nothing="No site is served without TLS",
    )


@check("WEB-002", severity="medium", controls=_IN_TRANSIT, platforms=(), tags=_TAGS)
def hsts(web_sites: WebSites, days: int = 180) -> Result:
    """Sites tell browsers to come back over TLS only (HSTS).

    Why: without it, someone on the way can keep a visitor who types the name on http and read along.
    Fix: once all of the site works over TLS, send `Strict-Transport-Security: max-age=31536000`; nginx:
    `add_header Strict-Transport-Security "max-age=31536000" always;`, Apache: `Header always set …`.
    """

    def look(site: Site) -> Mapping[str, str]:
        value = site.header("strict-transport-security")
        match = re.search(r'max-age\s*=\s*"?(\d{1,12})', value, re.I)
        if match and int(match[1]) >= days * 86_400:
            return {}
        return {
            value[:100] or "not sent": f"Strict-Transport-Security: {value[:500] or '(not sent)'}",
        }

    return judge(
        # Browsers ignore it from a site without a name (RFC 6797, section 8.1.1).
        [site for site in web_sites.sites if site.tls and not _BARE_ADDRESS.fullmatch(site.host)],
        web_sites.unread,
        look,
        f"Browsers are not told to use TLS for {days} days",
        f"Browsers are told to use TLS for {days} days or more",
        lambda site: site.header("strict-transport-security"),
        nothing="No site is served over TLS under a name",
    )


@check(
    "WEB-003",
    severity="medium",
    controls=["nist-800-53:SC-18", *_HARDENING],
    platforms=(),
    tags=_TAGS,
)
def content_security_policy(web_sites: WebSites) -> Result:
    """Pages say where their scripts may come from (Content-Security-Policy).

    Why: when someone gets a script into a page, the browser then refuses to run it.
    Fix: begin with `Content-Security-Policy-Report-Only: default-src 'self'`, repair what it reports, then
    send it as `Content-Security-Policy`.
    """

    def limits_scripts(value: str) -> bool:
        directives = _directives(value)
        sources = directives.get("script-src", directives.get("default-src"))
        return sources is not None and "*" not in sources.split()

    return _pages(
        web_sites,
        "content-security-policy",
        limits_scripts,
        "Pages do not limit where scripts come from",
        "Pages limit where scripts come from",
    )


@check("WEB-004", severity="low", controls=_HARDENING, platforms=(), tags=_TAGS)
def no_sniffing(web_sites: WebSites) -> Result:
    """Pages forbid browsers to guess the type of a file (X-Content-Type-Options).

    Why: an uploaded picture that a browser takes for a script runs with the visitor's session.
    Fix: send `X-Content-Type-Options: nosniff`; nginx: `add_header X-Content-Type-Options nosniff always;`.
    """
    return _pages(
        web_sites,
        "x-content-type-options",
        lambda value: value.split(",")[0].strip().lower() == "nosniff",
        "Browsers may guess the type of files",
        "Browsers may not guess the type of files",
    )


@check("WEB-005", severity="medium", controls=_HARDENING, platforms=(), tags=_TAGS)
def framing(web_sites: WebSites) -> Result:
    """Pages cannot be put into a frame of another site.

    Why: a page shown invisibly inside another makes visitors click on what they do not see.
    Fix: send `Content-Security-Policy: frame-ancestors 'self'` and, for old browsers,
    `X-Frame-Options: SAMEORIGIN`.
    """

    def look(site: Site) -> Mapping[str, str]:
        options = site.header("x-frame-options")
        ancestors = _directives(site.header("content-security-policy")).get("frame-ancestors")
        # Where both are sent, frame-ancestors counts (CSP Level 3, section 6.4.2.2).
        if ancestors is None and options.split(",")[0].strip().lower() in ("deny", "sameorigin"):
            return {}
        if ancestors is not None and not {"*", "http:", "https:"} & set(ancestors.lower().split()):
            return {}
        text = (
            f"X-Frame-Options: {options[:200] or '(not sent)'}; frame-ancestors {ancestors or '(not sent)'}"
        )
        return {(ancestors or options or "not sent")[:100]: text[:600]}

    return judge(
        [site for site in web_sites.sites if site.page],
        web_sites.unread,
        look,
        "Pages may be framed by any site",
        "Pages cannot be framed by other sites",
        lambda site: site.header("x-frame-options") or site.header("content-security-policy")[:500],
        nothing=_NO_PAGE,
    )


@check("WEB-006", severity="low", controls=_HARDENING, platforms=(), tags=_TAGS)
def referrer(
    web_sites: WebSites,
    leaking: tuple[str, ...] = ("", "unsafe-url", "no-referrer-when-downgrade", "origin-when-cross-origin"),
) -> Result:
    """Pages do not tell other sites the address that a visitor came from (Referrer-Policy).

    Why: addresses of pages carry case numbers, searches and sometimes keys; old browsers send them along.
    Fix: send `Referrer-Policy: strict-origin-when-cross-origin`, or `same-origin`.
    """
    # Of several values a browser takes the last that it knows.
    return _pages(
        web_sites,
        "referrer-policy",
        lambda value: value.split(",")[-1].strip().lower() not in leaking,
        "Other sites may be told the address that a visitor came from",
        "Other sites are not told the address that a visitor came from",
    )
