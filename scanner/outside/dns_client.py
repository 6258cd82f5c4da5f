"""Asks DNS servers questions, bounded in time, number and size. Answers are hostile until shown otherwise."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rdtypes.ANY.TXT import TXT

T = TypeVar("T", bound=dns.rdata.Rdata)

ServerAddress = tuple[str, int]

AUTHENTIC = int(dns.flags.RD | dns.flags.AD)
DIRECT = 0

MAX_QUERIES = 600
# What fits every path without fragments (DNS flag day 2020).
PAYLOAD = 1232
TRIES = (1.0, 2.0)
# A server that let so many questions in a row go by is not asked again.
SILENT = 3
MAX_RECORDS = 100
MAX_TEXT = 500


class Unanswered(Exception):
    """A question got no usable answer; says why."""


class Declined(Unanswered):
    """The server replied that it will not or cannot answer, such as REFUSED or SERVFAIL."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question gave, CNAMEs followed as far as the answer goes.

    exists: False when the name (or the one at the end of the aliases) does not exist. records: None when
    there are none of the type. authenticated: the server vouches for it (AD).
    """

    exists: bool
    canonical: dns.name.Name
    records: dns.rrset.RRset | None
    aliases: tuple[dns.rrset.RRset, ...]
    signatures: tuple[RRSIG, ...]
    authority: dns.name.Name | None
    authoritative: bool
    authenticated: bool

    def all(self, kind: type[T]) -> list[T]:
        """The records of that class, at most MAX_RECORDS."""
        found = [record for record in self.records or () if isinstance(record, kind)]
        return found[:MAX_RECORDS]


@dataclass(slots=True)
class Client:
    """Asks until `deadline` (time.monotonic), at most `left` questions. Answers are remembered."""

    deadline: float
    left: int = MAX_QUERIES
    answered: bool = False
    _answers: dict[tuple[object, ...], Answer | Unanswered] = field(default_factory=dict)
    _silent: dict[ServerAddress, int] = field(default_factory=dict)

    def ask(
        self, server: ServerAddress, name: dns.name.Name, kind: str, how: int = dns.flags.RD | dns.flags.CD
    ) -> Answer:
        """The answer to one question of class IN. Raises Unanswered.

        how: flags of the query. By default the server is told not to validate, because what is wrong with
        a signature can only be seen in the answer; AUTHENTIC asks it to vouch, DIRECT for what it holds
        itself.
        """
        key = (server, name, kind, how)
        if key not in self._answers:
            try:
                self._answers[key] = self._ask(server, name, kind, how)
            except Unanswered as why:
                self._answers[key] = why
        answer = self._answers[key]
        if isinstance(answer, Unanswered):
            raise answer
        return answer

    def texts(self, server: ServerAddress, name: dns.name.Name, start: str = "") -> tuple[str, ...]:
        """The TXT records that begin with `start`, in any case. Raises Unanswered."""
        # Cut only after the parts are joined and chosen: hostile neighbours must not hide a record.
        records = self.ask(server, name, "TXT").records or ()
        found = (printable(b"".join(record.strings)) for record in records if isinstance(record, TXT))
        return tuple(text for text in found if text.lower().startswith(start.lower()))[:20]

    def refuses(self, server: ServerAddress, name: dns.name.Name) -> bool:
        """Whether a server that vouches for its answers reports a failure instead of the name's SOA."""
        try:
            return self.exchange(server, _question(name, "SOA", AUTHENTIC)).rcode() == dns.rcode.SERVFAIL
        except Unanswered:
            return False

    def _ask(self, server: ServerAddress, name: dns.name.Name, kind: str, how: int) -> Answer:
        message = self.exchange(server, _question(name, kind, how))
        if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise Declined(f"{printable(name)} {kind}: {dns.rcode.to_text(message.rcode())}")
        try:
            return _answer(message, kind)
        except dns.exception.DNSException as error:
            raise Unanswered(f"{printable(name)} {kind}: {type(error).__name__}") from error

    def exchange(self, server: ServerAddress, query: dns.message.Message) -> dns.message.Message:
        """The server's message in reply, over TCP where it does not fit UDP. Raises Unanswered."""
        for patience in TRIES:
            if self._silent.get(server, 0) >= SILENT:
                raise Unanswered("the server does not answer")
            seconds = self._spend(patience)
            try:
                reply, _ = dns.query.udp_with_fallback(
                    query, server[0], timeout=seconds, port=server[1],
                    ignore_unexpected=True, ignore_errors=True,
                )  # fmt: skip
            except Exception:  # sockets, and every kind of malformed message
                self._silent[server] = self._silent.get(server, 0) + 1
                continue
            self._silent[server] = 0
            self.answered = True
            return reply
        raise Unanswered("no answer")

    def exchange_tcp(self, server: ServerAddress, query: dns.message.Message) -> dns.message.Message | None:
        """The first message in reply over TCP; None when the server hangs up. Raises Unanswered."""
        seconds = self._spend(3.0)
        try:
            return dns.query.tcp(query, server[0], timeout=seconds, port=server[1])
        except (ConnectionError, EOFError):
            return None
        except Exception as error:  # sockets, and every kind of malformed message
            raise Unanswered("no answer over TCP") from error

    def _spend(self, seconds: float) -> float:
        """Seconds that one more question may take. Raises Unanswered when none may be asked."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0 or self.left <= 0:
            raise Unanswered("the limit of time or questions for this asset is reached")
        self.left -= 1
        return min(seconds, remaining)


def printable(text: object) -> str:
    """Text or bytes from DNS with everything but printable ASCII escaped; names without the last dot."""
    if isinstance(text, dns.name.Name):
        text = text.to_text(omit_final_dot=True)
    raw = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\{byte:03d}" for byte in raw[:65536])


def clip(text: str) -> str:
    """The text, cut to a length that evidence can carry."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def _question(name: dns.name.Name, kind: str, flags: int) -> dns.message.QueryMessage:
    return dns.message.make_query(name, kind, flags=flags, use_edns=0, payload=PAYLOAD, want_dnssec=True)


def _answer(message: dns.message.Message, kind: str) -> Answer:
    if not isinstance(message, dns.message.QueryMessage):
        raise Unanswered("not an answer to a query")
    chain = message.resolve_chaining()
    signatures = message.get_rrset(
        message.answer, chain.canonical_name, dns.rdataclass.IN, dns.rdatatype.RRSIG,
        covers=dns.rdatatype.from_text(kind),
    )  # fmt: skip
    return Answer(
        exists=message.rcode() != dns.rcode.NXDOMAIN,
        canonical=chain.canonical_name,
        records=chain.answer,
        aliases=tuple(chain.cnames),
        signatures=tuple(item for item in signatures or () if isinstance(item, RRSIG))[:8],
        authority=next((s.name for s in message.authority if s.rdtype == dns.rdatatype.SOA), None),
        authoritative=bool(message.flags & dns.flags.AA),
        authenticated=bool(message.flags & dns.flags.AD),
    )
