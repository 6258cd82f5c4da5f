"""Certificates that services on this host use, and private keys that others can read.

Only CERTIFICATE blocks leave the host; private keys are found by name and mode and never sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from scanner.facts.spec import Output, Probe, fact

if TYPE_CHECKING:
    from cryptography.x509 import Certificate as X509

_FOLDERS = (
    "/etc/ssl /etc/pki/tls /etc/nginx /etc/apache2 /etc/httpd /etc/haproxy /etc/postfix /etc/dovecot "
    "/etc/exim4 /etc/openvpn /etc/ldap /etc/openldap /etc/caddy /etc/traefik /etc/postgresql /etc/mysql "
    "/etc/cockpit/ws-certs.d"
)
_MARK = "\x1d"

# The distribution's own CA certificates are links or one large bundle: neither is a service's.
CERTIFICATES = Probe(
    "certificates",
    rf"""blocks() {{
  awk '/^-----BEGIN (TRUSTED )?CERTIFICATE-----/ {{c=1; if (n++ > 99) exit; print "\035" FILENAME}}
    c {{print}} /^-----END/ {{c=0}}' "$@"
}}
find {_FOLDERS} -xdev -maxdepth 4 -type f -size -64k \( -name '*.pem' -o -name '*.crt' -o -name '*.cer' \
  -o -name '*.cert' \) 2>/dev/null | head -n 300 | {{
  set --
  while IFS= read -r f; do
    if [ -r "$f" ]; then set -- "$@" "$f"; else printf '\036%s\n' "$f"; fi
  done
  [ $# -gt 0 ] && blocks "$@"
}}
if [ -d /etc/letsencrypt/live ]; then
  R grep -R . /etc/letsencrypt/live --include cert.pem
fi
exit 0""",
    max_bytes=400_000,
)

# A folder that others cannot enter protects what is in it, whatever the modes inside say.
PRIVATE_KEYS = Probe(
    "private-keys",
    rf"""find {_FOLDERS} /etc/letsencrypt /etc/ssh /etc/wireguard /opt /srv -xdev -maxdepth 4 \
  -type d ! -perm -0001 -prune -o -type f -size -64k -perm -0004 \
  \( -name '*.pem' -o -name '*.key' -o -name '*_key' -o -name '*.p8' \) \
  -exec grep -l -E -- '^-----BEGIN ([A-Z]+ )?(ENCRYPTED )?PRIVATE KEY-----' {{}} + 2>/dev/null | head -n 100
exit 0""",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One X.509 certificate found in a file. Names are cut to 200 characters.

    bits: size of the key, 0 when it has no size; signature_hash: such as `sha256`, "" when the
    signature scheme has none; authority: it may sign other certificates. Times are aware, in UTC.
    """

    path: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    key_type: str
    bits: int
    signature_hash: str
    self_signed: bool
    authority: bool
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Certificates:
    """found: at most 100; unread: files or folders that could not be read or understood."""

    found: tuple[Certificate, ...]
    unread: tuple[str, ...] = ()


@fact(CERTIFICATES, partial=True)
def certificates(output: Output) -> Certificates:
    """The certificates on disk, the CA bundle of the distribution apart. Never raises."""
    found: dict[tuple[str, str], Certificate] = {}
    blocks, unread = _blocks(output.text)
    for path, pem in blocks[:100]:
        certificate = read_certificate(path, pem)
        if certificate is None:
            unread.append(path)
        else:
            found[path, certificate.fingerprint] = certificate
    if output.denied:
        unread.append("/etc/letsencrypt/live")
    if output.timed_out or output.truncated:
        unread.append("the rest of the certificate files")
    return Certificates(tuple(found.values()), tuple(dict.fromkeys(unread)))


@fact(PRIVATE_KEYS)
def exposed_keys(output: Output) -> tuple[str, ...]:
    """Paths of private keys in service folders that every user can read, at most 100."""
    return tuple(line for line in output.lines if line.startswith("/"))


def _blocks(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    blocks: list[tuple[str, list[str]]] = []
    unread: list[str] = []
    for line in text.split("\n"):
        path, separator, rest = line.partition(":")
        if line.startswith(_MARK):
            blocks.append((line[1:][:500], []))
        elif line.startswith("\x1e"):
            unread.append(line[1:][:500])
        elif path.startswith("/etc/letsencrypt/") and separator:
            if rest.startswith("-----BEGIN"):
                blocks.append((path[:500], []))
            if blocks:
                blocks[-1][1].append(rest)
        elif blocks:
            blocks[-1][1].append(line)
    return [(path, "\n".join(lines)) for path, lines in blocks], unread


def read_certificate(path: str, pem: str) -> Certificate | None:
    """The certificate in a PEM block, or None when it is none. path: where it was found."""
    from cryptography.x509 import load_pem_x509_certificate  # a third of a scan's start-up time

    pem = pem.replace("TRUSTED CERTIFICATE", "CERTIFICATE").rpartition("-----END CERTIFICATE-----")[0]
    try:
        loaded = load_pem_x509_certificate(f"{pem}-----END CERTIFICATE-----\n".encode())
        return _describe(path, loaded)
    except Exception:
        # The library raises many unrelated types on malformed certificates; all mean the same here.
        return None


def _describe(path: str, loaded: X509) -> Certificate:
    from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    key = loaded.public_key()
    bits = key.key_size if isinstance(key, RSAPublicKey | DSAPublicKey | EllipticCurvePublicKey) else 0
    kind = type(key).__name__.removesuffix("PublicKey").strip("_")
    algorithm = loaded.signature_hash_algorithm
    return Certificate(
        path=path,
        subject=loaded.subject.rfc4514_string()[:200],
        issuer=loaded.issuer.rfc4514_string()[:200],
        names=_names(loaded),
        not_before=loaded.not_valid_before_utc,
        not_after=loaded.not_valid_after_utc,
        key_type={"EllipticCurve": "EC"}.get(kind, kind),
        bits=bits,
        signature_hash=algorithm.name if algorithm else "",
        self_signed=loaded.issuer == loaded.subject,
        authority=_authority(loaded),
        fingerprint=loaded.fingerprint(SHA256()).hex(),
    )


def _names(loaded: X509) -> tuple[str, ...]:
    from cryptography.x509 import DNSName, ExtensionNotFound, SubjectAlternativeName

    try:
        extension = loaded.extensions.get_extension_for_class(SubjectAlternativeName)
    except ExtensionNotFound:
        return ()
    return tuple(name[:200] for name in extension.value.get_values_for_type(DNSName)[:20])


def _authority(loaded: X509) -> bool:
    """A CA certificate says so twice (RFC 5280, 4.2.1.3 and 4.2.1.9): `openssl req -x509` sets
    only the first, in every self-signed certificate of a service."""
    from cryptography.x509 import BasicConstraints, ExtensionNotFound, KeyUsage

    try:
        constraints = loaded.extensions.get_extension_for_class(BasicConstraints)
        usage = loaded.extensions.get_extension_for_class(KeyUsage)
    except ExtensionNotFound:
        return False
    return constraints.value.ca and usage.value.key_cert_sign
