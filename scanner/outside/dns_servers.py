"""Asks name servers themselves: of their zones, of zone transfers, of recursion and of their version."""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from scanner.facts.dns import DnsServer, NameServer, View
from scanner.facts.spec import Absent
from scanner.outside.dns_client import (
    DIRECT,
    Answer,
    Client,
    Declined,
    ServerAddress,
    Unanswered,
    clip,
    printable,
)

MAX_SERVERS = 8
MAX_ADDRESSES = 4
PORT = 53


def name_servers(
    client: Client, resolver: ServerAddress, zone: dns.name.Name, allowed: Callable[[str], bool]
) -> tuple[NameServer, ...] | None:
    """The name servers of the zone, at most 8; those at an allowed address are asked themselves."""
    try:
        answer = client.ask(resolver, zone, "NS")
    except Unanswered:
        return None
    targets = sorted(record.target for record in answer.all(NS))[:MAX_SERVERS]
    return tuple(_name_server(client, resolver, zone, target, allowed) for target in targets)


def addresses(client: Client, resolver: ServerAddress, name: dns.name.Name) -> tuple[str, ...] | None:
    """IPv4 and IPv6 addresses of a name; None when there may be some that we were not told."""
    found: list[str] = []
    complete = True
    for kind in ("A", "AAAA"):
        try:
            found += sorted(literals(client.ask(resolver, name, kind)))
        except Unanswered:
            complete = False
    return tuple(found) if found or complete else None


def literals(answer: Answer) -> list[str]:
    """The addresses in an answer."""
    found = [record.address for record in answer.all(A)]
    return found + [record.address for record in answer.all(AAAA)]


def _name_server(
    client: Client,
    resolver: ServerAddress,
    zone: dns.name.Name,
    name: dns.name.Name,
    allowed: Callable[[str], bool],
) -> NameServer:
    found = addresses(client, resolver, name)
    asked = [address for address in found or () if allowed(address)][:MAX_ADDRESSES]
    views = tuple(_view(client, zone, address) for address in asked)
    return NameServer(clip(printable(name)), found, views)


def _view(client: Client, zone: dns.name.Name, address: str) -> View:
    server = (address, PORT)
    authoritative: bool | None
    serial = None
    try:
        answer = client.ask(server, zone, "SOA", DIRECT)
        serial = next((record.serial for record in answer.all(SOA)), None)
        authoritative = answer.authoritative and serial is not None
    except Declined:
        # An answer too: the server does not know the zone that it is said to serve.
        authoritative = False
    except Unanswered:
        authoritative = None
    return View(address, authoritative, serial, _transfer(client, zone, server))


def _transfer(client: Client, zone: dns.name.Name, server: ServerAddress) -> bool | None:
    """Whether the server begins a transfer; its first message is read and the connection closed."""
    try:
        reply = client.exchange_tcp(server, dns.message.make_query(zone, "AXFR"))
    except Unanswered:
        return None
    if reply is None or reply.rcode() != dns.rcode.NOERROR or not reply.answer:
        return False
    return reply.answer[0].rdtype == dns.rdatatype.SOA and reply.answer[0].name == zone


def behaviour(address: str, port: int, deadline: float) -> DnsServer:
    """How the DNS server there treats us. Raises Absent when nothing there speaks DNS."""
    client = Client(deadline)
    server = (address, port)
    # A name that every server knows or refuses by itself: an open resolver need not ask others for it.
    question = dns.message.make_query("localhost.", "A", flags=dns.flags.RD)
    try:
        reply = client.exchange(server, question)
    except Unanswered:
        try:
            over_tcp = client.exchange_tcp(server, question)
        except Unanswered:
            over_tcp = None
        if over_tcp is None:
            raise Absent("Nothing on port 53 answers as a DNS server") from None
        reply = over_tcp
    recursion = bool(reply.flags & dns.flags.RA) and reply.rcode() != dns.rcode.REFUSED
    return DnsServer(address, recursion, _version(client, server))


def _version(client: Client, server: ServerAddress) -> str | None:
    try:
        reply = client.exchange(server, dns.message.make_query("version.bind.", "TXT", "CH"))
    except Unanswered:
        return None
    texts = [b"".join(item.strings) for answer in reply.answer for item in answer if isinstance(item, TXT)]
    return clip(printable(texts[0])) if texts else ""
