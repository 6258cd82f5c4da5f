"""What web sites show that is not for the public, and whom they name for reports.

Only `/` and four known paths are asked for, so that a pass speaks of these and not of the whole site.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from checks.outside.listening import judge
from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.web import DOT_ENV, GIT_HEAD, SECURITY_TXT, SERVER_STATUS, Site, WebSites
from scanner.model import Evidence, Result

_TAGS = ["outside", "web"]
_NOT_PUBLIC = ["nist-800-53:AC-3", "nist-800-53:AC-22", "cis-v8:3.3", "iso-27001:A.8.3"]
_NEEDLESS = ["nist-800-53:CM-7", "cis-v8:4.8", "iso-27001:A.8.9", "csf-2.0:PR.PS-01"]
_PRODUCT_VERSION = re.compile(r"[A-Za-z][\w.+-]*[/ ]v?\d+(\.\d+)*|^\d+(\.\d+)+")
_VERSION_HEADERS = (
    "server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator",
)  # fmt: skip


def _judge(
    web: WebSites,
    look: Callable[[Site], Mapping[str, str] | None],
    bad: str,
    good: str,
    show: Callable[[Site], str],
) -> Result:
    return judge(web.sites, web.unread, look, bad, good, show)


@check("WEB-011", severity="low", controls=["nist-800-53:CM-6", "cis-v8:16.7"], platforms=(), tags=_TAGS)
def versions(web_sites: WebSites) -> Result:
    """Sites do not say which version of which software they run.

    Why: versions tell an attacker at once which known holes to try.
    Fix: nginx: `server_tokens off;`, Apache: `ServerTokens Prod`, PHP: `expose_php = Off`; other headers:
    `proxy_hide_header NAME;`.
    """

    def look(site: Site) -> Mapping[str, str]:
        sent = {name: site.header(name)[:200] for name in _VERSION_HEADERS}
        return {value: f"{name}: {value}" for name, value in sent.items() if _PRODUCT_VERSION.search(value)}

    return _judge(
        web_sites,
        look,
        "Versions are shown",
        "No version is shown",
        lambda site: f"server: {site.header('server')[:200] or '(not sent)'}",
    )


@check("WEB-012", severity="medium", controls=_NOT_PUBLIC, platforms=(), tags=_TAGS)
def listing(web_sites: WebSites) -> Result:
    """Sites do not list the files of their first folder.

    Why: a list shows backups, drafts and scripts that nobody meant to publish.
    Fix: nginx: `autoindex off;`, Apache: `Options -Indexes`; put a start page into the folder.
    """
    return _judge(
        web_sites,
        lambda site: {f"by {site.listing}": site.title or site.listing} if site.listing else {},
        "The files of the first folder are listed",
        "The first folder is not listed",
        lambda site: f"{site.status} {site.title}".strip(),
    )


@check("WEB-013", severity="low", controls=_NEEDLESS, platforms=(), tags=_TAGS)
def default_page(web_sites: WebSites) -> Result:
    """Sites show something of the office, not the page that came with the software.

    Why: a web server that nobody set up is one that nobody patches; the page also names the product.
    Fix: remove the server if it is not needed (`systemctl disable --now nginx`), else set up its site.
    """
    return _judge(
        web_sites,
        lambda site: {site.default_page: site.title or site.default_page} if site.default_page else {},
        "The page that came with the software is shown",
        "No page that came with the software is shown",
        lambda site: f"{site.status} {site.title}".strip(),
    )


@check(
    "WEB-014",
    severity="low",
    controls=["nist-800-53:RA-5(11)", "cis-v8:16.2", "iso-27001:A.8.8", "nis2:21.2e"],
    platforms=(),
    tags=_TAGS,
)
def security_txt(web_sites: WebSites, now: datetime) -> Result:
    """A site says whom to tell of a weakness (security.txt).

    Why: people who find a hole otherwise do not know whom to tell, and tell the public or nobody.
    Fix: put `Contact: mailto:security@NAME` and `Expires: YYYY-MM-DDT00:00:00Z` (a year ahead at most) into
    /.well-known/security.txt on the https site (RFC 9116), and a reminder into the calendar.
    """
    sites = [site for site in web_sites.sites if site.tls]
    evidence: list[Evidence] = []
    faults: set[str] = set()
    for site in sites:
        found = site.security_txt
        if found is None:
            continue
        until = found.expires.isoformat() if found.expires else "missing or malformed"
        evidence.append(Evidence(f"{site}{SECURITY_TXT[1:]}", f"contact: {found.contact}; expires: {until}"))
        if not found.contact:
            faults.add("it names no contact")
        elif not found.expires:
            faults.add("it does not say until when it holds")
        elif found.expires <= now:
            faults.add("it has expired")
        else:
            return passed("A site says whom to tell of a weakness", evidence[-1])
    unseen = [
        *web_sites.unread,
        *(why for site in sites for path, why in site.unread if path == SECURITY_TXT),
    ]
    if faults:
        return failed(f"security.txt is not valid: {', '.join(sorted(faults))}", *evidence)
    if unseen:
        return unknown(f"security.txt could not be read: {unseen[0]}")
    if not sites:
        return not_applicable("No site is served over TLS")
    return failed(
        "No site says whom to tell of a weakness", *(Evidence(str(s), "no security.txt") for s in sites)
    )


@check("WEB-015", severity="low", controls=_NEEDLESS, platforms=(), tags=_TAGS)
def trace(web_sites: WebSites) -> Result:
    """Sites refuse the method TRACE.

    Why: TRACE sends a request back as it arrived, with the headers that a proxy added for the server only.
    Fix: Apache: `TraceEnable off`; IIS: deny the verb TRACE in request filtering.
    """

    def look(site: Site) -> Mapping[str, str] | None:
        if site.trace:
            return {"TRACE": "TRACE / gives the request back"}
        return None if any(path == "TRACE" for path, _ in site.unread) else {}

    return _judge(
        web_sites, look, "Requests are sent back", "TRACE is refused", lambda site: "TRACE is refused"
    )


def _hidden(web: WebSites, path: str, bad: str) -> Result:
    def look(site: Site) -> Mapping[str, str] | None:
        for found in site.exposed:
            if found.path == path:
                return {path: f"GET {path}: {found.sign}"}
        return None if any(unread == path for unread, _ in site.unread) else {}

    return _judge(web, look, bad, f"{path} is not served", lambda site: f"GET {path}: not served")


@check("WEB-016", severity="medium", controls=[*_NOT_PUBLIC, "cis-v8:4.8"], platforms=(), tags=_TAGS)
def server_status(web_sites: WebSites) -> Result:
    """The web server's status page is not public.

    Why: it shows who asks for what right now, with the addresses of visitors and of internal pages.
    Fix: Apache: `Require local` in the `<Location "/server-status">` of mods-enabled/status.conf; behind a
    proxy on the same host every visitor is local, so `a2dismod status` there. nginx: `allow 127.0.0.1;
    deny all;` in its location.
    """
    return _hidden(web_sites, SERVER_STATUS, "The web server's status is public")


@check("WEB-017", severity="high", controls=_NOT_PUBLIC, platforms=(), tags=_TAGS)
def git_folder(web_sites: WebSites) -> Result:
    """A site's Git folder is not public.

    Why: from it anyone can rebuild the source with its whole history, and the passwords that ever were in it.
    Fix: deploy without `.git`, or nginx: `location ~ /\\.git { return 404; }`, Apache:
    `RedirectMatch 404 /\\.git`. Then replace every secret that its history holds.
    """
    return _hidden(web_sites, GIT_HEAD, "The source can be fetched from the site's Git folder")


@check(
    "WEB-018",
    severity="critical",
    controls=[*_NOT_PUBLIC, "nist-800-53:IA-5(6)"],
    platforms=(),
    tags=_TAGS,
)
def dot_env(web_sites: WebSites) -> Result:
    """A site's settings file .env is not public.

    Why: it holds the passwords of the database and of other services; robots ask for it all day.
    Fix: move it out of the web root, or nginx: `location ~ /\\.env { return 404; }`. Then replace every
    secret in it: it must be taken as known.
    """
    return _hidden(web_sites, DOT_ENV, "The settings with their passwords are public")
