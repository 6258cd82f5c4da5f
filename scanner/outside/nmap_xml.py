"""Reads nmap's XML as it comes, and believes none of it: what it says was said by the hosts scanned.

Only whole `<host>` elements come out, so that output which is cut off still gives the hosts before the cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 12
MAX_HOST_ELEMENTS = 500_000  # 65 535 ports, TCP and UDP, with state and service each
MAX_VALUE = 512 * 1024  # `services` of a full scan is the longest that nmap writes


class NmapXmlError(Exception):
    """The output is not what nmap writes; the message says why."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far nmap says it is with one of its phases."""

    task: str
    percent: float


class NmapXml:
    """Feed it bytes; it calls `on_host` with each `<host>` as it becomes whole.

    scaninfo: attributes of what was asked, by protocol. ended: nmap said that it came to its end;
    error: what it said otherwise.
    """

    def __init__(
        self, on_host: Callable[[Element], None], on_progress: Callable[[Progress], None] | None = None
    ) -> None:
        self.scaninfo: dict[str, dict[str, str]] = {}
        self.ended = False
        self.error = ""
        self._on_host = on_host
        self._on_progress = on_progress
        self._bytes = 0
        self._path: list[str] = []
        self._elements = 0
        self._builder: TreeBuilder | None = None
        # A fixed encoding: the document does not get to choose one.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartDoctypeDeclHandler = _doctype
        self._parser.EntityDeclHandler = _entity
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.buffer_text = True

    def feed(self, data: bytes) -> None:
        """Read on. Raises NmapXmlError, or what `on_host` raises; nothing may be fed after that."""
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            raise NmapXmlError(f"nmap wrote more than {MAX_BYTES} bytes")
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            raise NmapXmlError(f"nmap's XML is broken: {error}") from error

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise NmapXmlError("nmap's XML is nested too deeply")
        if any(len(value) > MAX_VALUE for value in attributes.values()):
            raise NmapXmlError("nmap's XML has an attribute that is too long")
        self._path.append(tag)
        if self._path == ["nmaprun", "host"]:
            self._builder, self._elements = TreeBuilder(), 0
        if self._builder:
            self._elements += 1
            if self._elements > MAX_HOST_ELEMENTS:
                raise NmapXmlError("nmap's XML has a host that is too large")
            self._builder.start(tag, attributes)
        elif self._path == ["nmaprun", "scaninfo"]:
            self.scaninfo[attributes.get("protocol", "")] = attributes
        elif self._path == ["nmaprun", "taskprogress"]:
            self._report(attributes)
        elif self._path == ["nmaprun", "runstats", "finished"]:
            self.ended = attributes.get("exit") == "success"
            self.error = attributes.get("errormsg", "")

    def _end(self, tag: str) -> None:
        self._path.pop()
        if self._builder:
            self._builder.end(tag)
            if self._path == ["nmaprun"]:
                builder, self._builder = self._builder, None
                self._on_host(builder.close())

    def _text(self, text: str) -> None:
        if self._builder:
            self._builder.data(text)

    def _report(self, attributes: dict[str, str]) -> None:
        if self._on_progress is None:
            return
        try:
            percent = float(attributes.get("percent", ""))
        except ValueError:
            return
        self._on_progress(Progress(attributes.get("task", ""), percent))


def _doctype(name: str, system_id: str | None, public_id: str | None, has_internal_subset: int) -> None:
    # nmap writes a bare <!DOCTYPE nmaprun>; more than that is how an XML bomb or a file read begins.
    if name != "nmaprun" or system_id or public_id or has_internal_subset:
        raise NmapXmlError("nmap's XML has a document type that nmap does not write")


def _entity(*declaration: object) -> None:
    raise NmapXmlError("nmap's XML declares an entity")
