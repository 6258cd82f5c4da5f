"""What listens where, by the names that nmap gives services and by the ports they are known for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.facts.exposure import OpenPort, PortScan

# nmap's words for "something answered, and I do not know what".
_UNNAMED = ("", "unknown")


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of service, by nmap's names for it, and by its port where nmap has no name.

    ports: known ports by `number/protocol`. services: what nmap calls it. products: beginnings of nmap's
    product names. ambiguous: service names that count on the known ports only. over_tls: it counts inside
    TLS as well.
    """

    ports: Mapping[str, str]
    services: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()
    over_tls: bool = True

    def names(self, port: OpenPort) -> str | None:
        """What the port is in this family, such as `Redis`; None when it does not belong."""
        if port.tls and not self.over_tls:
            return None
        for beginning, name in self.products.items():
            if port.product.startswith(beginning):
                return name
        if port.service in _UNNAMED or port.service in self.ambiguous:
            return self.ports.get(str(port.port))
        return self.services.get(port.service)

    def found(self, scan: PortScan) -> dict[OpenPort, str]:
        """The certainly open ports of this family, with what each is."""
        named = {port: self.names(port) for port in scan.ports if port.state == "open"}
        return {port: name for port, name in named.items() if name}


LOGINS = Family(
    ports={"23/tcp": "telnet", "512/tcp": "rexec", "513/tcp": "rlogin", "514/tcp": "rsh"},
    services={"telnet": "telnet", "exec": "rexec", "login": "rlogin", "shell": "rsh"},
    over_tls=False,
)
TRANSFERS = Family(
    ports={"21/tcp": "FTP", "69/udp": "TFTP", "873/tcp": "rsync"},
    services={"ftp": "FTP", "tftp": "TFTP", "rsync": "rsync"},
    over_tls=False,
)
DIRECTORIES = Family(
    ports={"389/tcp": "LDAP", "3268/tcp": "LDAP global catalog"}, services={"ldap": "LDAP"}, over_tls=False
)
DESKTOPS = Family(
    ports={
        "3389/tcp": "RDP",
        **{f"{number}/tcp": "VNC" for number in range(5900, 5911)},
        **{f"{number}/tcp": "X11" for number in range(6000, 6011)},
    },
    services={"ms-wbt-server": "RDP", "vnc": "VNC", "vnc-http": "VNC", "X11": "X11"},
)
NETBIOS = Family(
    ports={"137/udp": "NetBIOS names", "138/udp": "NetBIOS datagrams", "139/tcp": "NetBIOS sessions"},
    # nmap calls file sharing on 445/tcp, which needs no NetBIOS, netbios-ssn as well.
    ambiguous=frozenset({"netbios-ssn", "netbios-ns", "netbios-dgm"}),
)
DATABASES = Family(
    ports={
        "1433/tcp": "SQL Server",
        "1434/udp": "SQL Server Browser",
        "1521/tcp": "Oracle",
        "3306/tcp": "MySQL",
        "5432/tcp": "PostgreSQL",
        "5984/tcp": "CouchDB",
        "6379/tcp": "Redis",
        "8086/tcp": "InfluxDB",
        "9042/tcp": "Cassandra",
        "9200/tcp": "Elasticsearch",
        "9300/tcp": "Elasticsearch",
        "11211/tcp": "memcached",
        "11211/udp": "memcached",
        "27017/tcp": "MongoDB",
    },
    services={
        "ms-sql-s": "SQL Server",
        "ms-sql-m": "SQL Server Browser",
        "oracle": "Oracle",
        "oracle-tns": "Oracle",
        "mysql": "MySQL",
        "mysqlx": "MySQL",
        "postgresql": "PostgreSQL",
        "redis": "Redis",
        "cassandra": "Cassandra",
        "cassandra-native": "Cassandra",
        "elasticsearch": "Elasticsearch",
        "memcached": "memcached",
        "mongodb": "MongoDB",
    },
    products={"CouchDB": "CouchDB", "InfluxDB": "InfluxDB", "Elasticsearch": "Elasticsearch"},
)
MANAGEMENT = Family(
    ports={
        "623/udp": "IPMI",
        "4786/tcp": "Cisco Smart Install",
        "8006/tcp": "Proxmox",
        "8500/tcp": "Consul",
        "9090/tcp": "Cockpit",
        "10000/tcp": "Webmin",
        "15672/tcp": "RabbitMQ management",
    },
    services={"asf-rmcp": "IPMI"},
    products={
        "MiniServ": "Webmin",
        "WebminServer": "Webmin",
        "Cockpit": "Cockpit",
        "HashiCorp Consul": "Consul",
        "Proxmox": "Proxmox",
        "Portainer": "Portainer",
    },
)
ENGINES = Family(
    ports={
        "2375/tcp": "Docker",
        "2379/tcp": "etcd",
        "2380/tcp": "etcd",
        "10250/tcp": "kubelet",
        "10255/tcp": "kubelet, read-only",
    },
    services={"docker": "Docker", "etcd": "etcd"},
    products={"Docker remote API": "Docker", "Docker Swarm": "Docker"},
    over_tls=False,
)
