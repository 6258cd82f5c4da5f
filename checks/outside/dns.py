"""Names: are they there, do they survive the loss of a server, and do they move fast enough to recover?"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network

from checks.outside.dns_judge import Finding, Skipped, Unseen, judge, known
from scanner.check import check, failed, not_applicable, not_checked, passed
from scanner.facts.dns import DnsDomains, DnsServer, Domain, HostName, NameServer, View, Zone
from scanner.model import Asset, Evidence, Result

_NO_ZONE = "No zone of the declared domains was found"


@check(
    "DNS-001",
    severity="high",
    controls=["nist-800-53:CM-8(1)", "cis-v8:1.1", "csf-2.0:ID.AM-02"],
    platforms=(),
    tags=["outside", "dns"],
)
def domains_exist(dns_domains: DnsDomains) -> Result:
    """Every declared domain is in DNS.

    Why: nobody reaches a service whose name is gone, and anybody may register a domain that has lapsed.
    Fix: renew or restore the domain at the registrar, or take it out of `domains:` in the inventory.
    """

    def look(domain: Domain) -> Finding:
        return ("" if known(domain.exists, "SOA") else "does not exist"), f"zone: {domain.zone or 'none'}"

    return judge(
        dns_domains, dns_domains.domains, look, good="Every declared domain exists", nothing="No domain"
    )


@check(
    "DNS-002",
    severity="high",
    controls=["nist-800-53:SC-22", "cis-v8:12.2", "csf-2.0:PR.IR-03", "iso-27001:A.8.14", "nis2:21.2c"],
    platforms=(),
    tags=["outside", "dns", "availability", "recovery"],
)
def separate_name_servers(dns_domains: DnsDomains, least: int = 2) -> Result:
    """Each zone has at least two name servers in different networks.

    Why: when the one network that holds them fails, every service of the domain is gone, recovered or not.
    Fix: add a secondary at another site or provider: an NS record in the zone, and at the registrar.
    """

    def look(zone: Zone) -> Finding:
        servers = known(zone.servers, "NS")
        places = {_network(a) for s in servers for a in known(s.addresses, f"the address of {s.name}")}
        seen = "\n".join(f"{s.name} {', '.join(s.addresses or ())}" for s in servers)
        if len(servers) < least:
            return f"only {len(servers)} name server{'s' * (len(servers) != 1)}", seen
        if len(places) < least:
            return f"all name servers are in {', '.join(sorted(places)) or 'no network'}", seen
        return "", seen

    return judge(
        dns_domains, dns_domains.zones, look, good="Name servers are in different networks", nothing=_NO_ZONE
    )


def _network(address: str) -> str:
    """The network that is likely to fail as one: what a site is given, /24 or /48."""
    return str(ip_network((address, 24 if ip_address(address).version == 4 else 48), strict=False))


@check(
    "DNS-003",
    severity="high",
    controls=["nist-800-53:SC-22", "cis-v8:12.2", "csf-2.0:PR.IR-03", "iso-27001:A.8.14"],
    platforms=(),
    tags=["outside", "dns", "availability", "recovery"],
)
def name_servers_agree(dns_domains: DnsDomains) -> Result:
    """Every name server answers for its zones, all with the same content.

    Why: a secondary that is dead or stale is noticed only when the primary is lost, and then sends people
    to servers that no longer exist.
    Fix: `dig +norecurse @ADDRESS ZONE SOA` on each; look in the log of the secondary for refused transfers.
    """

    def look(zone: Zone) -> Finding:
        views = _views(zone)
        seen = "\n".join(f"{s.name} {v.address} serial {v.serial}" for s, v in views)
        silent = [f"{s.name} ({v.address})" for s, v in views if v.authoritative is None]
        lame = [f"{s.name} ({v.address})" for s, v in views if v.authoritative is False]
        if silent:
            return f"no answer from {', '.join(silent[:5])}", seen
        if lame:
            return f"not served by {', '.join(lame[:5])}", seen
        if len({view.serial for _, view in views}) > 1:
            return "the name servers have different versions", seen
        return "", seen

    return judge(
        dns_domains, dns_domains.zones, look, good="The name servers in the scope agree", nothing=_NO_ZONE
    )


@check(
    "DNS-004",
    severity="medium",
    controls=["nist-800-53:AC-3", "cis-v8:3.3", "csf-2.0:PR.AA-05", "iso-27001:A.8.3"],
    platforms=(),
    tags=["outside", "dns", "exposure"],
)
def no_open_transfer(dns_domains: DnsDomains) -> Result:
    """No name server gives the whole zone to strangers.

    Why: a zone transfer is a list of all hosts, test systems and remote entries, for one question.
    Fix: BIND: `allow-transfer { SECONDARIES; };` with a TSIG key; Windows DNS: zone transfers only to
    servers on the Name Servers tab. A scanner that is itself a secondary is let in rightly.
    """

    def look(zone: Zone) -> Finding:
        views = _views(zone)
        open_to_us = [f"{s.name} ({v.address})" for s, v in views if v.transfer]
        seen = "\n".join(f"{s.name} {v.address} transfer: {v.transfer}" for s, v in views)
        if open_to_us:
            return f"given to this machine by {', '.join(open_to_us[:5])}", seen
        if any(view.transfer is None for _, view in views):
            raise Unseen("not every name server answered the request for a transfer")
        return "", seen

    return judge(
        dns_domains,
        dns_domains.zones,
        look,
        good="The name servers in the scope refuse zone transfers",
        nothing=_NO_ZONE,
    )


def _views(zone: Zone) -> list[tuple[NameServer, View]]:
    """What each name server that may be asked says of the zone, one entry an address."""
    servers = known(zone.servers, "NS")
    views = [(server, view) for server in servers for view in server.views]
    if not views:
        raise Unseen("none of its name servers is in the scope")
    return views


@check(
    "DNS-005",
    severity="medium",
    controls=["nist-800-53:CP-10", "cis-v8:12.2", "csf-2.0:PR.IR-03", "iso-27001:A.5.30", "nis2:21.2c"],
    platforms=(),
    tags=["outside", "dns", "recovery", "rto"],
)
def ttl_fits_rto(dns_domains: DnsDomains, asset: Asset, share: float = 0.5) -> Result:
    """The asset's names can be moved to another address within half of the recovery time objective.

    Why: after a failover people still go to the dead address until the old record has expired everywhere.
    Fix: lower the TTL of the A, AAAA and CNAME records, such as `portal 300 IN A 192.0.2.7`.
    """
    if asset.rto is None:
        return not_checked("No RTO is declared")
    limit = asset.rto * share

    def look(name: HostName) -> Finding:
        if not known(name.exists, "A and AAAA") or not name.addresses:
            raise Skipped
        seen = f"TTL {name.ttl} s{'' if name.exact else ' or more'}; RTO {asset.rto}"
        if timedelta(seconds=name.ttl) > limit:
            return "its TTL is too long for the RTO", seen
        if not name.exact:
            raise Unseen("the resolver answers from its cache; put the zone's name servers in the scope")
        return "", seen

    return judge(
        dns_domains,
        dns_domains.names,
        look,
        good="TTLs are short enough for the RTO",
        nothing="No name has an address",
    )


@check(
    "DNS-006",
    severity="medium",
    controls=["nist-800-53:SC-22", "cis-v8:12.2", "csf-2.0:PR.IR-03", "nis2:21.2c"],
    platforms=(),
    tags=["outside", "dns", "recovery"],
)
def secondaries_last(dns_domains: DnsDomains, days: float = 7) -> Result:
    """Secondary name servers keep answering for at least a week without the primary.

    Why: when the primary is lost in a disaster, the secondaries stop answering after the SOA's expire time.
    Fix: set the fourth number of the SOA record to 2419200 (four weeks) and raise the serial.
    """

    def look(zone: Zone) -> Finding:
        short = timedelta(seconds=zone.expire) < timedelta(days=days)
        return "its SOA expire time is too short" if short else "", f"SOA expire {zone.expire} s"

    return judge(
        dns_domains,
        dns_domains.zones,
        look,
        good="Secondaries outlive the primary long enough",
        nothing=_NO_ZONE,
    )


@check(
    "DNS-007",
    severity="high",
    controls=["nist-800-53:CM-8(1)", "cis-v8:1.1", "csf-2.0:ID.AM-02"],
    platforms=(),
    tags=["outside", "dns", "exposure"],
)
def nothing_dangles(dns_domains: DnsDomains) -> Result:
    """No alias, mail server or name server record points at a name that is gone.

    Why: whoever registers the missing name, or the abandoned cloud account behind it, speaks for the office.
    Fix: delete the record, or bring the target back.
    """

    def look(domain: Domain) -> Finding:
        names = [n for n in dns_domains.names if n.name == domain.name or n.name.endswith(f".{domain.name}")]
        gone = [f"{n.name} → {n.aliases[-1]}" for n in names if n.exists is False and n.aliases]
        mail = domain.mail_servers or ()
        gone += [f"MX → {server.name}" for server in mail if server.exists is False]
        servers = [s for zone in dns_domains.zones if zone.name == domain.zone for s in zone.servers or ()]
        gone += [f"NS → {server.name}" for server in servers if server.addresses == ()]
        if gone:
            return f"the target is gone: {', '.join(gone[:5])}", "\n".join(gone)
        asked = [*(n.exists for n in names), *(m.exists for m in mail), *(s.addresses for s in servers)]
        if domain.mail_servers is None or any(answer is None for answer in asked):
            raise Unseen("not every target could be looked up")
        return "", "every target exists"

    existing = [domain for domain in dns_domains.domains if domain.exists]
    return judge(
        dns_domains, existing, look, good="Every record points at something", nothing="No domain exists"
    )


@check(
    "DNS-008",
    severity="low",
    controls=["nist-800-53:SC-17", "cis-v8:4.1", "csf-2.0:PR.DS-02", "nis2:21.2h"],
    platforms=(),
    tags=["outside", "dns", "tls"],
)
def caa(dns_domains: DnsDomains) -> Result:
    """CAA records say which authorities may issue certificates for the domain.

    Why: without them each of a hundred authorities may be tricked into a certificate in the office's name.
    Fix: add `@ IN CAA 0 issue "letsencrypt.org"` (your authority) and `@ IN CAA 0 iodef "mailto:…"`.
    """

    def look(domain: Domain) -> Finding:
        records = known(domain.caa, "CAA")
        limited = any(record.startswith("issue ") for record in records)
        return "" if limited else "any authority may issue", "\n".join(records) or "no CAA record"

    existing = [domain for domain in dns_domains.domains if domain.exists]
    return judge(
        dns_domains, existing, look, good="CAA records limit who may issue", nothing="No domain exists"
    )


@check(
    "DNS-009",
    severity="high",
    controls=["nist-800-53:SC-5", "cis-v8:4.8", "csf-2.0:PR.IR-01", "iso-27001:A.8.20"],
    platforms=(),
    tags=["outside", "dns", "exposure"],
)
def no_open_recursion(
    dns_server: DnsServer, asset: Asset, services: tuple[str, ...] = ("resolver", "recursive-dns")
) -> Result:
    """The DNS server looks up other people's names for nobody but its own clients.

    Why: an open resolver is used to flood others with traffic, and its cache can be poisoned.
    Fix: BIND: `recursion no;` or `allow-recursion { OWN NETWORKS; };`; Unbound: `access-control:`. On an
    office's resolver that this machine may use, add `resolver` to its `services`.
    """
    seen = Evidence(f"DNS query to {dns_server.address}", f"recursion available: {dns_server.recursion}")
    if not dns_server.recursion:
        return passed("The DNS server offers this machine no recursion", seen)
    if set(asset.services) & set(services):
        return passed("The DNS server offers recursion; the inventory says that it is this asset's job", seen)
    return failed("The DNS server offers recursion to this machine", seen)


@check(
    "DNS-010",
    severity="low",
    controls=["nist-800-53:CM-6", "cis-v8:4.1"],
    platforms=(),
    tags=["outside", "dns", "exposure"],
)
def version_hidden(dns_server: DnsServer) -> Result:
    """The DNS server does not tell its version.

    Why: the version tells an attacker which known holes to try.
    Fix: BIND: `version none;` in `options`; Unbound: `hide-version: yes`; Knot: `version: ""`.
    """
    if dns_server.version is None:
        return not_applicable("The DNS server does not answer questions about itself")
    seen = Evidence(f"DNS query to {dns_server.address}", f'version.bind CH TXT "{dns_server.version}"')
    if any(character.isdigit() for character in dns_server.version):
        return failed("The DNS server tells its version", seen)
    return passed("The DNS server does not tell its version", seen)
