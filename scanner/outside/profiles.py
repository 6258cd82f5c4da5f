"""How hard to look: the closed set of nmap options that drscan ever uses."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from scanner.facts.spec import NotCollected
from scanner.model import Port
from scanner.outside.scope import Address

# The 200 TCP ports that are open most often, of nmap 7.93 (`--top-ports 200`). They are written out, because
# nmap takes either --top-ports or the ports that checks and `expected_ports` ask for.
_TOP_TCP = (
    "1,3,7,9,13,17,19,21-23,25-26,37,53,79-82,88,100,106,110-111,113,119,135,139,143-144,179,199,254-255,280,"
    "311,389,427,443-445,464-465,497,513-515,543-544,548,554,587,593,625,631,636,646,787,808,873,902,990,993,"
    "995,1000,1022,1024-1033,1035-1041,1044,1048-1050,1053-1054,1056,1058-1059,1064-1066,1069,1071,1074,1080,"
    "1110,1234,1433,1494,1521,1720,1723,1755,1761,1801,1900,1935,1998,2000-2003,2005,2049,2103,2105,2107,2121,"
    "2161,2301,2383,2401,2601,2717,2869,2967,3000-3001,3128,3268,3306,3389,3689-3690,3703,3986,4000-4001,4045,"
    "4899,5000-5001,5003,5009,5050-5051,5060,5101,5120,5190,5357,5432,5555,5631,5666,5800,5900-5901,6000-6002,"
    "6004,6112,6646,6666,7000,7070,7937-7938,8000,8002,8008-8010,8031,8080-8081,8443,8888,9000-9001,9090,9100,"
    "9102,9999-10001,10010,32768,32771,49152-49157,50000"
)
# What the exposure checks look for and the 200 leave out: databases, management and container engines.
_WATCHED_TCP = (
    "512,623,2375-2376,2379-2380,2483-2484,3269,4786,5601,5902-5910,5984-5986,6003,6005-6010,6379,6443,8006,"
    "8086,8500-8501,9042,9200,9300,10250,10255,11211,15672,27017-27019"
)
# `-sU --top-ports 50` of nmap 7.93, and three that the checks look for.
_TOP_UDP = (
    "7,53,67-69,80,111,123,135-139,161-162,445,500,514,518,520,593,626,631,996-999,1025-1027,1433-1434,"
    "1645-1646,1701,1812,1900,2048-2049,2222,3283,3456,4500,5060,5353,20031,32768,49152-49154,389,623,11211"
)
_EVERY_TCP = "1-65535"
_LIGHT = ("-sV", "--version-light")


@dataclass(frozen=True, slots=True)
class PortProfile:
    """Which ports, and how carefully.

    host_seconds: when nmap gives up on a host; together: hosts at once, few, so that their XML comes early.
    """

    title: str
    options: tuple[str, ...]
    tcp: str
    udp: str = ""
    host_seconds: int = 300
    together: int = 8


PROFILES = {
    "quick": PortProfile("the TCP ports that matter most", _LIGHT, f"{_TOP_TCP},{_WATCHED_TCP}"),
    "full": PortProfile("every TCP port", ("-sV",), _EVERY_TCP, host_seconds=1800),
    "udp-top": PortProfile(
        "quick, and common UDP ports; needs root", _LIGHT, f"{_TOP_TCP},{_WATCHED_TCP}", _TOP_UDP, 900
    ),
    # -T2 sends one probe at a time, 0.4 s apart: about two minutes a host.
    "polite": PortProfile(
        "quick, gently, for old systems", ("-T2", *_LIGHT), f"{_TOP_TCP},{_WATCHED_TCP}",
        host_seconds=900, together=1,
    ),
}  # fmt: skip


def arguments(profile: PortProfile, targets: Sequence[Address], also: Iterable[Port] = ()) -> list[str]:
    """nmap's arguments, without the program, to scan the ports of `targets`, all of one address family.

    also: ports to add to the profile's. Raises NotCollected for UDP without root.
    """
    privileged = may_send_raw()
    if profile.udp and not privileged:
        raise NotCollected(
            "port_scan: looking at UDP ports needs root: run it with sudo, or use --ports quick"
        )
    tcp = _ports(profile.tcp, "tcp", also)
    ports = f"T:{tcp},U:{_ports(profile.udp, 'udp', also)}" if profile.udp else tcp
    return [
        *_family(targets), "-n", "-Pn", *_tcp_scan(privileged), *(["-sU"] if profile.udp else []),
        *profile.options, "-p", ports,
        "--max-hostgroup", str(profile.together), "--host-timeout", f"{profile.host_seconds}s",
        *map(str, targets),
    ]  # fmt: skip


def host_discovery(network: str) -> list[str]:
    """nmap's arguments, without the program, to find the hosts of a network (CIDR) that answer."""
    # Windows drops pings; these ports find it, and what stands behind a packet filter, all the same.
    probes = [
        "-PS22,80,135,443,445,3389",
        *(["-PE", "-PA80"] if may_send_raw() and ":" not in network else []),
    ]
    return [*(["-6"] if ":" in network else []), "-n", "-sn", *_privilege(may_send_raw()), *probes, network]


@cache
def may_send_raw() -> bool:
    """True when this process may send raw packets. In a container root often may not."""
    if os.geteuid() != 0:
        return False
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP).close()
    except OSError:
        return False
    return True


def _family(targets: Sequence[Address]) -> list[str]:
    return ["-6"] if targets[0].version == 6 else []


def _tcp_scan(privileged: bool) -> list[str]:
    return ["-sS" if privileged else "-sT", *_privilege(privileged)]


def _privilege(privileged: bool) -> list[str]:
    return ["--privileged" if privileged else "--unprivileged"]


def _ports(base: str, protocol: str, also: Iterable[Port]) -> str:
    """`base` with the missing ones of `also`: nmap warns about a port that is given twice."""
    extra = sorted(
        {port.number for port in also if port.protocol == protocol and not includes(base, port.number)}
    )
    return ",".join([base, *map(str, extra)])


def includes(ranges: str, number: int) -> bool:
    """True when `ranges`, such as `22,80-90`, include the port number."""
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and int(first) <= number <= int(last or first):
            return True
    return False
