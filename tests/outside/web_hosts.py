"""Real web servers on loopback: nginx set up well and badly, and Apache as it was installed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scanner.facts.exposure import OpenPort, PortScan
from scanner.facts.web import WebSites
from scanner.model import Asset, Connection, Port
from scanner.outside.target import Target
from scanner.outside.web import observe
from tests.outside import servers
from tests.outside.addresses import own
from tests.outside.tls_hosts import make

NAME = "portal.office.example"
GOOD, BAD, DEFAULT, ODD = own(41), own(42), own(43), own(44)
HTTP, HTTPS = OpenPort(Port(8080), service="http"), OpenPort(Port(8443), service="http", tls=True)


def look(address: str, *ports: OpenPort, seconds: float = 20) -> WebSites:
    """What the observer sees, asking for NAME."""
    asset = Asset("portal", Connection(host=NAME))
    return observe(Target(asset, address, PortScan(address, True, ports), time.monotonic() + seconds))


@contextmanager
def nginx(folder: Path) -> Iterator[None]:
    """One nginx for both addresses."""
    pair = make(folder, "web")
    good, bad = folder / "good", folder / "bad"
    (good / ".well-known").mkdir(parents=True)
    (good / "index.html").write_text("<html><title>The office</title></html>")
    until = datetime.now(UTC) + timedelta(days=90)
    (good / ".well-known/security.txt").write_text(
        f"Contact: mailto:security@office.example\nExpires: {until:%Y-%m-%dT%H:%M:%SZ}\n"
    )
    (bad / ".git").mkdir(parents=True)
    (bad / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (bad / ".env").write_text("APP_NAME=office\nDB_PASSWORD=made-up\n")
    tls = f"ssl_certificate {pair.pem}; ssl_certificate_key {pair.key};"
    temporary = "".join(
        f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = folder / "nginx.conf"
    settings.write_text(f"""
        user root; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}
        http {{
            access_log off; {temporary} types {{ text/html html; text/plain txt; }}
            server {{ listen {GOOD}:8080; server_tokens off; return 301 https://$host:8443$request_uri; }}
            server {{
                listen {GOOD}:8443 ssl; {tls} root {good}; server_tokens off;
                location = / {{ return 302 /index.html; }}
                location ~ /\\.(git|env) {{ return 404; }}
                add_header Strict-Transport-Security "max-age=31536000" always;
                add_header Content-Security-Policy "default-src 'self'; frame-ancestors 'none'" always;
                add_header X-Content-Type-Options nosniff always;
                add_header Referrer-Policy same-origin always;
                add_header Set-Cookie "session=1; Secure; HttpOnly; SameSite=Lax";
            }}
            server {{
                listen {BAD}:8080; listen {BAD}:8443 ssl; {tls} root {bad}; autoindex on;
                location = /server-status {{ stub_status; }}
                add_header Set-Cookie "PHPSESSID=1; path=/";
                add_header Access-Control-Allow-Origin $http_origin;
                add_header Access-Control-Allow-Credentials true;
            }}
        }}""")
    with servers.program("nginx", "-p", folder, "-c", settings, address=BAD, port=8443):
        yield


@contextmanager
def apache(folder: Path) -> Iterator[None]:
    """Apache with Debian's first page, and settings that were left open."""
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in ("mpm_event", "authz_core", "dir", "status")
    )
    settings = folder / "apache.conf"
    settings.write_text(f"""{modules}
        Listen {DEFAULT}:8080
        ServerName {NAME}
        PidFile {folder}/apache.pid
        ErrorLog {folder}/apache.log
        DocumentRoot /usr/share/apache2/default-site
        DirectoryIndex index.html
        TraceEnable on
        <Location /server-status>
            SetHandler server-status
        </Location>
        """)
    with servers.program("apache2", "-f", settings, "-D", "FOREGROUND", address=DEFAULT, port=8080):
        yield
