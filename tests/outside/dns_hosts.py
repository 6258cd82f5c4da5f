"""Real name servers on loopback: Knot with good and bad zones, a resolver that validates, and liars."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.outside import servers
from tests.outside.addresses import own

FIRST, SECOND, WEAK, NOBODY, RESOLVER, OPEN = (own(number) for number in range(53, 59))
RESOLVER_PORT = 5353

SOA = "@ IN SOA ns1 hostmaster 7 3600 600 {expire} 300"
PARENT = f"""$TTL 300
{SOA.format(expire=2419200)}
@ NS ns1
ns1 A {FIRST}
good NS ns1.good
good NS ns2.good
ns1.good A {FIRST}
ns2.good A {SECOND}
bad NS ns1.bad
ns1.bad A {WEAK}
expired NS ns1.bad
soon NS ns1.bad
"""
GOOD = f"""$TTL 300
{SOA.format(expire=2419200)}
@ NS ns1
@ NS ns2
@ A 192.0.2.7
@ MX 10 mail
@ CAA 0 issue "letsencrypt.org"
@ TXT "v=spf1 mx include:_spf.good.example" " -all"
@ TXT "unrelated"
_spf TXT "v=spf1 ip4:192.0.2.0/24 -all"
s1._domainkey TXT {{key}}
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@good.example"
_mta-sts TXT "v=STSv1; id=20261124"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@good.example"
ns1 A {FIRST}
ns2 A {SECOND}
mail A 192.0.2.8
portal CNAME @
"""
BAD = f"""$TTL 86400
{SOA.format(expire=3600)}
@ NS ns1
@ A 192.0.2.7
@ MX 10 mail.gone.example.
@ TXT "v=spf1 +all"
default._domainkey TXT {{key}}
old CNAME portal.gone.example.
ns1 A {WEAK}
"""
EXPIRED = f"""$TTL 300
{SOA.format(expire=3600)}
@ NS ns1.bad.example.
@ NS ns2
@ MX 10 mail
_dmarc TXT "v=DMARC1; p=none"
ns2 A {NOBODY}
mail A 192.0.2.8
"""
HUGE = "".join(f'huge TXT "{number:04} {"x" * 200}"\n' for number in range(250)) + 'huge TXT "v=spf1 -all"\n'
KNOT = """server:
  listen: [{addresses}]
  version: ""
  rundir: "{folder}"
  background-workers: 1
  udp-workers: 1
  tcp-workers: 1
database:
  storage: "{folder}/knot.db"
log:
  - target: "{folder}/knot.log"
    any: warning
acl:
  - id: everybody
    action: transfer
zone:
"""
# Sources and destinations are loopback addresses only, and the root is ours: nothing can leave the machine.
UNBOUND = f"""server:
  interface: {RESOLVER}@{RESOLVER_PORT}
  interface: {OPEN}@53
  outgoing-interface: {RESOLVER}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  trust-anchor: "{{anchor}}"
stub-zone:
  name: "example"
  stub-addr: {FIRST}
stub-zone:
  name: "."
  stub-addr: {FIRST}
remote-control:
  control-enable: no
"""


@contextmanager
def office(folder: Path) -> Iterator[None]:
    """Name servers with all the zones, and a validating resolver that trusts the key of `example.`."""
    anchor = _write_zones(folder)
    with ExitStack() as stack:
        for address, zones, acl in (
            (f"{FIRST}, {SECOND}", ("example", "good.example"), ""),
            (WEAK, ("bad.example", "expired.example", "soon.example"), "    acl: everybody\n"),
        ):
            first = address.split(",")[0]
            place = folder / first
            place.mkdir()
            text = KNOT.format(addresses=address, folder=place)
            text += "".join(f"  - domain: {zone}\n    file: {folder / zone}\n{acl}" for zone in zones)
            stack.enter_context(_server(place, "knotd", text, first, 53))
        text = UNBOUND.format(anchor=anchor)
        stack.enter_context(_server(folder, "unbound", text, RESOLVER, RESOLVER_PORT, "-d"))
        yield


@contextmanager
def _server(folder: Path, name: str, text: str, address: str, port: int, *options: str) -> Iterator[None]:
    configuration = folder / f"{name}.conf"
    configuration.write_text(text)
    # Debian's AppArmor profiles go by path and would keep the server out of the tests' folder.
    program = shutil.copy(shutil.which(name) or f"/usr/sbin/{name}", folder / name)
    with servers.program(program, *options, "-c", configuration, address=address, port=port):
        yield


def _write_zones(folder: Path) -> str:
    """Writes all zone files; gives the key of `example.` as a trust anchor."""
    (folder / "bad.example").write_text(BAD.format(key=_dkim(1024)))
    year = 366 * 86400
    _sign(folder, "good.example", GOOD.format(key=_dkim(2048)) + HUGE, ("-e", f"now+{year}"))
    _sign(folder, "expired.example", EXPIRED, ("-s", "20200101000000", "-e", "20200201000000"), weak=True)
    _sign(folder, "soon.example", EXPIRED, ("-e", "now+43200"))
    return _sign(folder, "example", PARENT, ("-g", "-e", f"now+{year}"))


def _sign(folder: Path, zone: str, text: str, options: tuple[str, ...], *, weak: bool = False) -> str:
    algorithm = ("RSASHA256", "-b", "1024") if weak else ("ECDSAP256SHA256",)
    _run(folder, "dnssec-keygen", "-q", "-f", "KSK", "-a", *algorithm, zone)
    (folder / f"{zone}.txt").write_text(text)
    _run(folder, "dnssec-signzone", "-S", "-z", "-P", "-Q", "-o", zone, "-f", zone, *options, f"{zone}.txt")
    key = next(folder.glob(f"K{zone}.+*.key")).read_text().splitlines()[-1].split()
    flags, protocol, number, *parts = key[key.index("DNSKEY") + 1 :]
    return f"{zone}. DNSKEY {flags} {protocol} {number} {''.join(parts)}"


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _dkim(bits: int) -> str:
    public = generate_private_key(65537, bits).public_key()
    raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(raw).decode()}"
    return " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))


@contextmanager
def liar(address: str, reply: Callable[[bytes], list[bytes]]) -> Iterator[list[bytes]]:
    """A UDP server on RESOLVER_PORT that sends what `reply` makes of each query; yields the queries."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, RESOLVER_PORT))
        server.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                with suppress(OSError):
                    query, client = server.recvfrom(65535)
                    heard.append(query)
                    for answer in reply(query):
                        server.sendto(answer, client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield heard
        finally:
            stop.set()
            thread.join()


def failure(query: bytes) -> list[bytes]:
    """SERVFAIL."""
    reply = dns.message.make_response(dns.message.from_wire(query))
    reply.set_rcode(dns.rcode.SERVFAIL)
    return [reply.to_wire()]


def alias_of_itself(query: bytes) -> list[bytes]:
    """A CNAME that leads in a circle."""
    reply = dns.message.make_response(dns.message.from_wire(query))
    name = reply.question[0].name
    reply.answer = [dns.rrset.from_text(name, 300, "IN", "CNAME", name.to_text())]
    return [reply.to_wire()]
