"""`drscan inventory trust`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from scanner.cli.options import as_json, selection
from scanner.config import Config
from scanner.inventory.problem import printable

QUESTION = "Is this the host's key? Add it"


@click.command(epilog="Example: drscan inventory trust db01.example.org")
@click.argument("host")
@selection
@click.option(
    "--yes", "-y", is_flag=True, help="Add the keys without asking; compare the fingerprints later."
)
@as_json
@click.pass_obj
def trust(
    config: Config,
    host: str,
    paths: tuple[Path, ...],
    limit: str | None,
    tags: tuple[str, ...],
    zones: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Show the SSH host key that HOST (a host or pattern) presents, and add it to known_hosts.

    Compare the fingerprint with the one that `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on
    the host itself. A key that differs from one on file is never replaced here.
    """
    from scanner.inventory.load import load, select
    from scanner.transport.collect import KNOWN_HOSTS, Collector
    from scanner.transport.trust import add, look

    known_hosts = config.known_hosts or KNOWN_HOSTS
    found = load(paths or config.inventory, ssh_config=config.ssh_config)
    assets = [a for a in select(found, host, tags, zones) if a.connection.transport == "ssh"]
    if limit:
        keep = {asset.name for asset in select(found, limit)}
        assets = [asset for asset in assets if asset.name in keep]
    if not assets:
        raise click.UsageError(f"{host!r} selects no asset that is reached over SSH")
    collector = Collector(config.limits, known_hosts)
    offers = [look(asset, collector) for asset in assets]
    for number, offer in enumerate(offers):
        if not as_json:
            click.echo(printable(f"{offer.asset.name}: {offer.verdict}: {offer.text}"))
        if offer.verdict == "unknown" and (yes or (not as_json and click.confirm(QUESTION, err=True))):
            add(offer, known_hosts[0])
            offers[number] = replace(offer, verdict="added")
    if as_json:
        rows = [{"asset": o.asset.name, "verdict": o.verdict, "detail": o.text} for o in offers]
        click.echo(json.dumps(rows, indent=2))
    else:
        added = sum(offer.verdict == "added" for offer in offers)
        click.echo(f"{added} of {len(offers)} added to {known_hosts[0].expanduser()}")
    if any(offer.verdict in ("changed", "revoked", "unreachable") for offer in offers):
        raise click.exceptions.Exit(3)
