"""Runs nmap, and lets python-nmap read what it found.

python-nmap itself starts nmap from text that it splits as a shell would, so that a target can bring its own
options, and it waits for the end. Here nmap gets a list of arguments from closed sets, a time limit and a
process group of its own, and is read while it runs; python-nmap reads each host's finished XML.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from scanner.facts.exposure import OpenPort
from scanner.facts.spec import NotCollected
from scanner.model import Port
from scanner.outside.nmap_xml import NmapXml, NmapXmlError, Progress

OnProgress = Callable[[Progress], None]
_STATS = ("--stats-every", "2s")
_TEXT = 200


@dataclass(frozen=True, slots=True)
class HostReport:
    """What nmap says of one host. answered: a port was open or refused, so something is there.

    status: nmap's `up` or `down`; reason: why it thinks so. scanned: (protocol, port ranges) that were asked.
    """

    address: str
    status: str
    reason: str
    timed_out: bool = False
    answered: bool = False
    ports: tuple[OpenPort, ...] = ()
    scanned: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """The hosts that nmap finished. fault: why there may be fewer than were asked; empty after a full run.

    scanned: (protocol, port ranges) that were asked of every host.
    """

    hosts: tuple[HostReport, ...]
    fault: str = ""
    scanned: tuple[tuple[str, str], ...] = ()


def run(arguments: Sequence[str], seconds: float, on_progress: OnProgress | None = None) -> Run:
    """Run nmap with `arguments` for at most `seconds`.

    Raises NotCollected when nmap is not installed. Any other fault is in the result, beside the hosts that
    were finished before it.
    """
    program = shutil.which("nmap")
    if program is None:
        raise NotCollected("port_scan: nmap is not installed: apt-get install nmap")
    reader = HostReader()
    hosts: list[HostReport] = []
    xml = NmapXml(lambda element: hosts.append(reader.read(element, xml.scaninfo)), on_progress)
    stderr = b""
    try:
        with _started([*_dies_with_us(), program, *_STATS, "-oX", "-", *arguments]) as process:
            for stream, data in _output(process, time.monotonic() + seconds):
                if stream is process.stdout:
                    xml.feed(data)
                else:
                    stderr = (stderr + data)[-2000:]
    except TimeoutError:
        fault = f"nmap was stopped after {seconds:.0f} s"
    except (NmapXmlError, OSError) as error:
        fault = str(error)
    else:
        fault = "" if xml.ended else xml.error or _last_line(stderr) or "nmap was cut off"
    return Run(tuple(hosts), fault, _scanned(xml.scaninfo))


class HostReader:
    """Turns nmap's `<host>` elements into reports through python-nmap. One for a run."""

    def __init__(self) -> None:
        import nmap

        # Without __init__: it waits for `nmap -V` without a limit, and leaves nothing that reading needs.
        self._analyser = nmap.PortScanner.__new__(nmap.PortScanner)

    def read(self, host: Element, scaninfo: dict[str, dict[str, str]]) -> HostReport:
        """The report of one host. Raises NmapXmlError when python-nmap can't make sense of it."""
        try:
            found = self._analyser.analyse_nmap_xml_scan(_document(host, scaninfo))
            (data,) = found["scan"].values()
            return HostReport(
                address=data["addresses"].get("ipv4") or data["addresses"]["ipv6"],
                status=data["status"]["state"],
                reason=data["status"]["reason"],
                timed_out=host.get("timedout") == "true",
                answered=_answered(host),
                ports=_ports(data, _unread(host)),
                scanned=_scanned(scaninfo),
            )
        # python-nmap looks nothing up safely: what is missing raises whatever it happens to be.
        except Exception as error:
            raise NmapXmlError(f"nmap's report of a host is broken: {type(error).__name__}") from error


def _document(host: Element, scaninfo: dict[str, dict[str, str]]) -> str:
    """A whole nmaprun of that one host, as python-nmap wants it."""
    root = Element("nmaprun")
    for attributes in scaninfo.values():
        SubElement(root, "scaninfo", attributes)
    root.append(host)
    stats = SubElement(root, "runstats")
    SubElement(stats, "finished")
    SubElement(stats, "hosts")
    return tostring(root, "unicode")


def _unread(host: Element) -> dict[tuple[str, int], tuple[bool, tuple[str, ...]]]:
    """By port what python-nmap leaves out: whether it speaks TLS, and all its CPE names."""
    found = {}
    for port in host.iterfind("ports/port"):
        service = port.find("service")
        if service is not None:
            cpes = tuple((cpe.text or "")[:_TEXT] for cpe in service.findall("cpe"))
            key = (port.get("protocol", ""), int(port.get("portid", "")))
            found[key] = (service.get("tunnel") == "ssl", cpes)
    return found


def _ports(
    data: dict[str, Any], unread: dict[tuple[str, int], tuple[bool, tuple[str, ...]]]
) -> tuple[OpenPort, ...]:
    ports = []
    for protocol in ("tcp", "udp"):
        for number, seen in sorted(data.get(protocol, {}).items()):
            if not seen["state"].startswith("open") or not 1 <= number <= 65_535:
                continue
            tls, cpes = unread.get((protocol, number), (False, ()))
            # A name that nmap has from its table of port numbers says nothing about the service.
            service = seen["name"] if seen["conf"].isdecimal() and int(seen["conf"]) > 3 else ""
            ports.append(
                OpenPort(
                    Port(number, protocol), seen["state"], service[:_TEXT],
                    seen["product"][:_TEXT], seen["version"][:_TEXT], seen["extrainfo"][:_TEXT], tls, cpes,
                )
            )  # fmt: skip
    return tuple(ports)


def _answered(host: Element) -> bool:
    """True when at least one port was open or refused the connection; with -Pn nmap calls every host up."""
    states = [state.get("state") for state in host.iterfind("ports/port/state")]
    states += [extra.get("state") for extra in host.iterfind("ports/extraports")]
    return any(state in ("open", "closed", "unfiltered") for state in states)


def _scanned(scaninfo: dict[str, dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((protocol, info.get("services", "")) for protocol, info in sorted(scaninfo.items()))


def _last_line(stderr: bytes) -> str:
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return f"nmap says: {lines[-1][:_TEXT]}" if lines else ""


def _dies_with_us() -> list[str]:
    """The start of a command that the kernel ends with the thread that runs it.

    nmap ignores a closed pipe, so after Ctrl-C or kill -9 it would scan on with nobody listening. util-linux
    has this everywhere but on BusyBox systems.
    """
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


@contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """nmap in a session of its own: no terminal to read keys from, and a group to end it by."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _output(process: subprocess.Popen[bytes], deadline: float) -> Iterator[tuple[object, bytes]]:
    """Pieces of stdout and stderr until both are closed. Raises TimeoutError at the deadline."""
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            assert stream is not None  # noqa: S101 - both are pipes
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65_536)
                if data:
                    yield key.fileobj, data
                else:
                    selector.unregister(key.fileobj)
