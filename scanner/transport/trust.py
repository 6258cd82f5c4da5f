"""Learning a host key: what a server presents, held against what is on file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scanner.model import Asset
from scanner.transport import openssh
from scanner.transport.base import Unreached
from scanner.transport.collect import Collector
from scanner.transport.hostkeys import HostKey, KnownHosts, address, append, lookup


@dataclass(frozen=True, slots=True)
class Offer:
    """The key an asset presents and what the known_hosts files say about it. text: one line for people."""

    asset: Asset
    verdict: Literal["known", "unknown", "changed", "revoked", "unreachable", "added"]
    text: str
    key: HostKey | None = None


def look(asset: Asset, collector: Collector) -> Offer:
    """Ask the asset for its host key without logging in."""
    connection = asset.connection
    try:
        if connection.ssh_legacy:
            key = openssh.host_key(connection, collector.limits)
        else:
            key = collector.ssh().host_key(connection)
    except Unreached as fault:
        return Offer(asset, "unreachable", fault.reach.detail)
    name = lookup(connection)
    verdict = KnownHosts.read(collector.known_hosts).verify(*name, key)
    text = f"{key.kind} {key.fingerprint}"
    if verdict == "changed":
        text += (
            "; another key is on file. If the host was really reinstalled, remove the old one with: "
            f"ssh-keygen -R '{address(*name)}'"
        )
    return Offer(asset, verdict, text, key)


def add(offer: Offer, known_hosts: Path) -> None:
    """Append the offered key to a known_hosts file. Raises OSError."""
    assert offer.key  # noqa: S101 - only offers with a key are added
    append(known_hosts.expanduser(), *lookup(offer.asset.connection), [offer.key])
