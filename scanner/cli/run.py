"""`drscan run`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import SEVERITIES, as_json, checks_dir, selection
from scanner.config import NEVER, PORT_PROFILES, Config
from scanner.model import Severity

if TYPE_CHECKING:
    from scanner import scan

EXIT_CODES = """\b
Exit codes:
  0  passed
  1  findings at or over --fail-on
  2  usage, configuration or inventory error
  3  incomplete: something selected could not be looked at"""


EXAMPLE = "Example: drscan run --limit 'db*:!db3' --profile recovery --fail-on critical"


@click.command(epilog=f"{EXIT_CODES}\n\n{EXAMPLE}")
@selection
@click.option("--profile", help="Profile by name or file: which checks, which limits.")
@click.option("--check", "checks", multiple=True, help="Only these: id, SSH-*, tag:NAME, severity:high+ …")
@checks_dir
@click.option(
    "--ports",
    type=click.Choice(PORT_PROFILES),
    help="Which ports the outside checks scan [quick]; udp-top needs root, polite spares old systems.",
)
@click.option("--jobs", type=click.IntRange(1, 512), help="Assets looked at together [4 a core].")
@click.option("--probe-timeout", type=click.FloatRange(0.1), help="Seconds for one probe [20].")
@click.option("--asset-timeout", type=click.FloatRange(1), help="Seconds for one asset [120].")
@click.option("--probe-bytes", type=click.IntRange(1024), help="Bytes of one probe's answer [1 MiB].")
@click.option(
    "--fail-on", type=click.Choice([*SEVERITIES, NEVER]), help="Exit 1 from this severity on [high]."
)
@click.option(
    "--allow-unreachable", type=click.IntRange(0), metavar="N", help="Up to N assets may be missed [0]."
)
@click.option("--resume", is_flag=True, help="Finish the scan that was interrupted; asks no asset twice.")
@click.option("--quiet", "-q", is_flag=True, help="No progress, no summary.")
@as_json
@click.pass_obj
def run(
    config: Config,
    paths: tuple[Path, ...],
    limit: str | None,
    tags: tuple[str, ...],
    zones: tuple[str, ...],
    profile: str | None,
    checks: tuple[str, ...],
    checks_dirs: tuple[Path, ...],
    ports: str | None,
    jobs: int | None,
    probe_timeout: float | None,
    asset_timeout: float | None,
    probe_bytes: int | None,
    fail_on: str | None,
    allow_unreachable: int | None,
    resume: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Scan the assets of the inventory and store what was found.

    Nothing is changed on an asset. What could not be looked at is an error, never a pass.
    """
    from scanner import scan
    from scanner.cli.progress import Progress

    given: dict[str, Any] = {
        "probe_seconds": probe_timeout,
        "asset_seconds": asset_timeout,
        "probe_bytes": probe_bytes,
    }
    limits = replace(config.limits, **{name: value for name, value in given.items() if value is not None})
    request = scan.Request(
        inventory=paths or config.inventory,
        profile=profile or config.profile,
        limit=limit,
        tags=tags,
        zones=zones,
        checks=checks,
        checks_dirs=checks_dirs or config.checks_dirs,
        known_hosts=config.known_hosts,
        ssh_config=config.ssh_config,
        limits=limits,
        jobs=jobs or config.jobs,
        port_profile=ports or config.ports,
    )
    if resume and (paths or profile or limit or tags or zones or checks):
        raise click.UsageError("--resume goes on with the selection of the interrupted scan: give no other")
    unfinished = scan.interrupted(config.database) if resume else None
    if unfinished:
        request = request.with_selection(unfinished.selection)
    prepared = scan.prepare(request)
    for warning in prepared.warnings:
        click.echo(f"warning: {warning}", err=True)
    already = unfinished.assets_done if unfinished else 0
    with Progress(len(prepared.assets), already, quiet=quiet) as progress:
        outcome = scan.execute(prepared, config.database, on_asset=progress.asset, resume=unfinished)
    report(config, outcome, quiet=quiet, as_json=as_json)
    threshold = fail_on or config.fail_on
    sys.exit(
        outcome.exit_code(
            None if threshold == NEVER else Severity(threshold),
            config.allow_unreachable if allow_unreachable is None else allow_unreachable,
        )
    )


def report(config: Config, outcome: scan.Outcome, *, quiet: bool, as_json: bool) -> None:
    """Print how the scan ended."""
    from scanner.cli import summary

    if as_json:
        click.echo(json.dumps(summary.data(outcome), indent=2))
    elif not quiet:
        summary.show(config.database, outcome)
