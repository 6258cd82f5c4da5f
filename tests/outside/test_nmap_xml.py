"""Whatever the XML says, reading it ends in hosts or in one kind of error."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.outside import nmap_xml
from scanner.outside.nmap import HostReader, HostReport
from scanner.outside.nmap_xml import NmapXml, NmapXmlError
from tests.outside.test_ports import HEAD

# What nmap 7.93 on Debian 12 wrote of 127.0.5.99, cut short; the service with TLS is written from nmap.dtd.
REAL = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>
<!-- Nmap 7.93 scan initiated Tue Nov 24 21:15:49 2026 as: nmap -&#45;stats-every 1s -oX - 127.0.5.99 -->
<nmaprun scanner="nmap" start="1795554949" version="7.93" xmloutputversion="1.05">
<scaninfo type="connect" protocol="tcp" numservices="2" services="2000-2001"/>
<taskprogress task="Service scan" time="1795554955" percent="50.00" remaining="6" etc="1795554961"/>
<host starttime="1795554949" endtime="1795554985"><status state="up" reason="user-set" reason_ttl="0"/>
<address addr="127.0.5.99" addrtype="ipv4"/>
<hostnames>
</hostnames>
<ports><port protocol="tcp" portid="2000"><state state="open" reason="syn-ack" reason_ttl="64"/>\
<service name="http" product="nginx" version="1.22.1" tunnel="ssl" method="probed" conf="10">\
<cpe>cpe:/a:igor_sysoev:nginx:1.22.1</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service></port>
<port protocol="tcp" portid="2001"><state state="closed" reason="reset" reason_ttl="64"/>\
<service name="dc" method="table" conf="3"/></port>
</ports>
<times srtt="30" rttvar="1603" to="100000"/>
</host>
<runstats><finished time="1795554985" elapsed="36.33" exit="success"/><hosts up="1" down="0" total="1"/>
</runstats>
</nmaprun>
"""


def read(data: bytes) -> list[HostReport]:
    reports: list[HostReport] = []
    reader = HostReader()
    xml = NmapXml(lambda element: reports.append(reader.read(element, xml.scaninfo)))
    xml.feed(data)
    return reports


def test_a_host_is_read_with_what_python_nmap_leaves_out() -> None:
    (report,) = read(REAL)
    (port,) = report.ports
    assert str(port) == "2000/tcp http nginx 1.22.1"
    assert port.tls
    assert port.cpes == ("cpe:/a:igor_sysoev:nginx:1.22.1", "cpe:/o:linux:linux_kernel")
    assert report.answered


def test_bytes_may_come_one_by_one() -> None:
    hosts: list[Element] = []
    xml = NmapXml(hosts.append)
    for byte in REAL:
        xml.feed(bytes([byte]))
    assert len(hosts) == 1
    assert xml.ended


BILLION_LAUGHS = (
    '<!DOCTYPE nmaprun [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><nmaprun>&b;</nmaprun>'
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BILLION_LAUGHS, "document type"),
        ('<!DOCTYPE nmaprun SYSTEM "file:///etc/passwd"><nmaprun/>', "document type"),
        ("<!DOCTYPE html><nmaprun/>", "document type"),
        ("<nmaprun>&undeclared;</nmaprun>", "broken"),
        ("<a>" * 100_000, "nested too deeply"),
        (f'<nmaprun x="{"x" * 600_000}"/>', "too long"),
        ("<nmaprun><host>" + "<port/>" * 500_001, "too large"),
        ("<nmaprun>\x01</nmaprun>", "broken"),
    ],
    ids=lambda value: value[:30],
)
def test_xml_that_nmap_does_not_write_is_refused(text: str, why: str) -> None:
    with pytest.raises(NmapXmlError, match=why):
        read(text.encode())


def test_more_bytes_than_any_scan_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nmap_xml, "MAX_BYTES", 1000)
    xml = NmapXml(pytest.fail)
    with pytest.raises(NmapXmlError, match="more than 1000 bytes"):
        for _ in range(11):
            xml.feed(b" " * 100)


def survives(data: bytes) -> None:
    with suppress(NmapXmlError):
        read(data)


@given(st.binary())
def test_any_bytes_give_hosts_or_one_kind_of_error(data: bytes) -> None:
    survives(data)
    survives(HEAD.encode() + b"<host>" + data + b"</host>")


@given(st.integers(0, len(REAL) - 1), st.binary(max_size=8), st.integers(0, 60))
def test_any_damage_to_a_real_report_does_too(place: int, new: bytes, old: int) -> None:
    survives(REAL[:place] + new + REAL[place + old :])


def _with(name: str, children: list[Element]) -> Element:
    element = Element(name)
    element.extend(children)
    return element


names = st.sampled_from(
    ["port", "ports", "state", "service", "address", "status", "host", "cpe", "os", "osmatch"]
)
keys = st.sampled_from(
    ["portid", "protocol", "state", "addr", "addrtype", "name", "conf", "tunnel", "reason"]
)
trees = st.recursive(
    st.builds(Element, names, st.dictionaries(keys, st.text("09tcpudivxo -/", max_size=6))),
    lambda inner: st.builds(_with, names, st.lists(inner, max_size=4)),
    max_leaves=12,
)


@given(st.lists(trees, max_size=4))
def test_any_structure_inside_a_host_does_too(children: list[Element]) -> None:
    with suppress(NmapXmlError):
        HostReader().read(_with("host", children), {})


def test_real_nmap_ends_its_document_as_expected() -> None:
    done = subprocess.run(
        ["nmap", "-n", "-Pn", "-sT", "-p", "1", "-oX", "-", "127.0.5.99"], capture_output=True, check=True
    )
    hosts: list[Element] = []
    xml = NmapXml(hosts.append)
    xml.feed(done.stdout)
    assert len(hosts) == 1
    assert xml.ended
    assert xml.scaninfo["tcp"]["services"] == "1"
