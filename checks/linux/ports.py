"""What the network can reach."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.check import check, failed, not_checked, passed, unknown
from scanner.facts.sockets import Socket
from scanner.model import Asset, Evidence, Result

_Ports = dict[tuple[str, int], str]

_LOGINS: _Ports = {
    ("tcp", 23): "telnet",
    ("tcp", 512): "rexec",
    ("tcp", 513): "rlogin",
}
# rsh shares its port with logs sent over TCP; only these programs serve it.
_RSH_SERVERS = ("inetd", "xinetd", "in.rshd", "rshd", "systemd")
_TRANSFERS: _Ports = {("tcp", 21): "FTP", ("udp", 69): "TFTP", ("tcp", 873): "rsync"}
_DATABASES: _Ports = {
    ("tcp", 1433): "SQL Server",
    ("tcp", 1521): "Oracle",
    ("tcp", 3306): "MySQL",
    ("tcp", 5432): "PostgreSQL",
    ("tcp", 5984): "CouchDB",
    ("tcp", 6379): "Redis",
    ("tcp", 8086): "InfluxDB",
    ("tcp", 9042): "Cassandra",
    ("tcp", 9200): "Elasticsearch",
    ("tcp", 11211): "memcached",
    ("udp", 11211): "memcached",
    ("tcp", 27017): "MongoDB",
}
_ENGINES: _Ports = {
    ("tcp", 2375): "Docker without TLS",
    ("tcp", 10255): "kubelet, read-only",
}
_DESKTOPS: _Ports = (
    {("tcp", 3389): "RDP"}
    | {("tcp", port): "VNC" for port in range(5900, 5911)}
    | {("tcp", port): "X11" for port in range(6000, 6011)}
)


def _reachable(sockets: Iterable[Socket]) -> list[Socket]:
    return sorted((s for s in sockets if not s.loopback), key=lambda s: (s.port, s.protocol, s.address))


def _none_of(sockets: Iterable[Socket], ports: _Ports, what: str) -> Result:
    found = [s for s in _reachable(sockets) if (s.protocol, s.port) in ports]
    if not found:
        return passed(f"No {what} is reachable from the network")
    names = dict.fromkeys(f"{ports[s.protocol, s.port]} on {s.port}/{s.protocol}" for s in found)
    return failed(f"Reachable: {', '.join(list(names)[:10])}", *map(_seen, found))


def _seen(socket: Socket) -> Evidence:
    return Evidence("ss -ltunp", f"{socket.address} {socket}")


@check(
    "PRT-001",
    severity="critical",
    controls=["nist-800-53:AC-17(2)", "nist-800-53:IA-5(1)", "nist-800-53:SC-8", "cis-v8:4.6", "cis-v8:3.10"],
    tags=["network"],
)
def no_cleartext_logins(sockets: tuple[Socket, ...]) -> Result:
    """Nobody logs in over an unencrypted connection.

    Why: telnet, rlogin and rsh send the password, and all that follows, readable by everyone on the way.
    Fix: use SSH, and remove the server: `apt-get purge telnetd inetutils-telnetd rsh-server`.
    """
    rsh = [s for s in _reachable(sockets) if (s.protocol, s.port) == ("tcp", 514)]
    served = [s for s in rsh if s.process in _RSH_SERVERS]
    if served:
        return failed("Reachable: rsh on 514/tcp", *map(_seen, served))
    result = _none_of(sockets, _LOGINS, "unencrypted login")
    if result.status == "pass" and any(s.process is None for s in rsh):
        return unknown("Whether rsh or a log server answers on 514/tcp cannot be seen", *map(_seen, rsh))
    return result


@check(
    "PRT-002",
    severity="high",
    controls=["nist-800-53:SC-8", "nist-800-53:CM-7", "cis-v8:3.10", "cis-v8:4.8"],
    tags=["network"],
)
def no_cleartext_transfers(
    sockets: tuple[Socket, ...], asset: Asset, boot_services: tuple[str, ...] = ("tftp", "pxe")
) -> Result:
    """Files are not served over unencrypted protocols, save TFTP where network boot is the asset's job.

    Why: FTP, TFTP and the rsync daemon send files and passwords in clear, and TFTP asks for none.
    Fix: use SFTP, HTTPS or rsync over SSH, and remove or stop the server; on a network boot server, add
    `pxe` to its `services` in the inventory.
    """
    boots = bool(set(asset.services) & set(boot_services))
    ports = {port: name for port, name in _TRANSFERS.items() if not (boots and name == "TFTP")}
    return _none_of(sockets, ports, "unencrypted file service")


@check(
    "PRT-003",
    severity="high",
    controls=["nist-800-53:SC-7", "nist-800-53:CM-7", "nist-800-53:AC-3", "cis-v8:4.8"],
    tags=["network", "data"],
)
def databases_not_everywhere(sockets: tuple[Socket, ...]) -> Result:
    """Databases do not listen on every address.

    Why: a database that the whole network reaches is one weak or missing password away from being
    copied.
    Fix: bind it to 127.0.0.1 or to the address of the application network: `listen_addresses`
    (PostgreSQL), `bind-address` (MySQL), `bind` (Redis), `net.bindIp` (MongoDB), `network.host`
    (Elasticsearch).
    """
    everywhere = [s for s in sockets if s.everywhere]
    return _none_of(everywhere, _DATABASES, "database listening on every address")


@check(
    "PRT-004",
    severity="medium",
    controls=["nist-800-53:CM-7", "nist-800-53:CM-7(1)", "cis-v8:4.8"],
    tags=["network"],
)
def only_expected_ports(sockets: tuple[Socket, ...], asset: Asset) -> Result:
    """Only the ports that the inventory expects are open.

    Why: a port that nobody expects is a service that nobody patches or watches.
    Fix: stop the service (`systemctl disable --now NAME`), or add the port to `expected_ports` of the
    asset in the inventory.
    """
    if not asset.expected_ports:
        return not_checked("The inventory declares no `expected_ports` for this asset")
    expected = {(port.protocol, port.number) for port in asset.expected_ports}
    extra = [s for s in _reachable(sockets) if (s.protocol, s.port) not in expected]
    if extra:
        names = list(dict.fromkeys(f"{s.port}/{s.protocol}" for s in extra))
        return failed(f"Not expected: {', '.join(names[:10])}", *map(_seen, extra))
    return passed("Every reachable port is expected")


@check(
    "PRT-005",
    severity="critical",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-17(2)", "nist-800-53:CM-7", "cis-v8:4.6", "cis-v8:4.8"],
    tags=["network"],
)
def no_open_engines(sockets: tuple[Socket, ...]) -> Result:
    """Container engines are not managed over an open port.

    Why: whoever reaches the Docker port without TLS is root on the host; etcd holds every secret of a
    cluster.
    Fix: remove `-H tcp://…:2375` from dockerd and use SSH or TLS with client certificates; let etcd listen
    on 127.0.0.1 and the address of the cluster's own network only, with client certificates.
    """
    # Members of a cluster must reach each other's etcd; on every address is more than they need.
    etcd = [s for s in sockets if (s.protocol, s.port) == ("tcp", 2379) and s.everywhere]
    engines = [s for s in sockets if s.port != 2379]
    return _none_of([*engines, *etcd], _ENGINES | {("tcp", 2379): "etcd"}, "container engine")


@check(
    "PRT-006",
    severity="high",
    controls=["nist-800-53:AC-17(2)", "nist-800-53:CM-7", "cis-v8:4.6", "cis-v8:4.8"],
    tags=["network"],
)
def no_open_desktops(sockets: tuple[Socket, ...]) -> Result:
    """No remote desktop is open to the network.

    Why: VNC and X11 are unencrypted with short passwords or none, and open RDP is a usual way in for
    ransomware.
    Fix: let the desktop listen on 127.0.0.1 and reach it through SSH (`ssh -L 5900:127.0.0.1:5900`).
    """
    return _none_of(sockets, _DESKTOPS, "remote desktop")
