"""`drscan checks` and `drscan profiles`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner import catalog, profile
from scanner.cli.options import as_json, checks_dir, print_table
from scanner.config import Config
from scanner.planner import sudoers_commands

if TYPE_CHECKING:
    from scanner.check import Check

profile_option = click.option(
    "--profile", "profile_name", help="Profile by name or file [that of drscan.yaml, else default]."
)
SBIN = ("/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/")


@click.group()
def checks() -> None:
    """List and explain the checks."""


@checks.command("list", epilog="Example: drscan checks list --select tag:recovery --select 'SSH-*'")
@click.option(
    "--select", "only", multiple=True, help="Id, glob, tag:, framework:, control:, severity:LEVEL[+]."
)
@profile_option
@checks_dir
@as_json
@click.pass_obj
def list_(
    config: Config,
    only: tuple[str, ...],
    profile_name: str | None,
    checks_dirs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """The checks that a profile runs."""
    found = catalog.load(checks_dirs or config.checks_dirs)
    selected = profile.select(found, profile.load(profile_name or config.profile), only)
    if as_json:
        click.echo(json.dumps([_data(item.check, item.severity) for item in selected], indent=2))
        return
    rows = [(item.check.info.id, item.severity, item.check.info.title) for item in selected]
    print_table(("Check", "Severity", "What holds when it passes"), rows)
    click.echo(f"{len(rows)} checks. Next: drscan checks show {rows[0][0]}" if rows else "No checks.")


@checks.command(epilog="Example: drscan checks show SSH-003")
@click.argument("id")
@checks_dir
@as_json
@click.pass_obj
def show(config: Config, id: str, checks_dirs: tuple[Path, ...], as_json: bool) -> None:
    """What a check looks at, why it matters and how to fix it."""
    check = catalog.load(checks_dirs or config.checks_dirs).check(id.upper())
    if as_json:
        click.echo(json.dumps(_data(check, check.info.severity), indent=2))
        return
    info = check.info
    tunables = ", ".join(f"{name} = {value!r}" for name, value in info.tunables.items()) or "none"
    click.echo(f"{info.id}  {info.title}\n")
    for label, text in (
        ("Severity", info.severity),
        ("Why", info.why),
        ("Fix", info.fix),
        ("Controls", ", ".join(info.controls)),
        ("Facts", ", ".join(check.needs)),
        ("Tunables", tunables),
        ("Platforms", ", ".join(info.platforms) or "any"),
        ("Tags", ", ".join(info.tags) or "none"),
    ):
        click.echo(click.wrap_text(f"{label}: {text}", 100, subsequent_indent="  "))


@checks.command(epilog="Example: drscan checks sudoers --user audit | sudo tee /etc/sudoers.d/drscan")
@click.option("--user", default="drscan", show_default=True, help="The account that scans log in with.")
@profile_option
@checks_dir
@as_json
@click.pass_obj
def sudoers(
    config: Config, user: str, profile_name: str | None, checks_dirs: tuple[Path, ...], as_json: bool
) -> None:
    """Every command that a scan runs as root, as a sudoers file: all are read-only, with fixed arguments."""
    found = catalog.load(checks_dirs or config.checks_dirs)
    selected = profile.select(found, profile.load(profile_name or config.profile))
    commands = sudoers_commands((item.check for item in selected), found)
    if as_json:
        click.echo(json.dumps(commands, indent=2))
        return
    click.echo(sudoers_text(user, commands), nl=False)


def sudoers_text(user: str, commands: Sequence[str]) -> str:
    """A sudoers file (sudoers(5)) that lets `user` run exactly these commands without a password."""
    if not commands:
        return "# Nothing that was selected needs root.\n"
    lines = [
        "# Read-only commands that drscan runs as root. Check with: visudo -cf FILE",
        f"Defaults:{user} !requiretty",
    ]
    spelled = [f"{folder}{_escaped(command)}" for command in commands for folder in SBIN]
    lines.append("Cmnd_Alias DRSCAN = \\\n    " + ", \\\n    ".join(spelled))
    lines.append(f"{user} ALL=(root) NOPASSWD: DRSCAN")
    return "\n".join(lines) + "\n"


def _escaped(command: str) -> str:
    name, _, arguments = command.partition(" ")
    for special in "\\,:=":
        arguments = arguments.replace(special, "\\" + special)
    return f"{name} {arguments}" if arguments else f'{name} ""'


@click.command(epilog="Example: drscan run --profile recovery")
@as_json
def profiles(as_json: bool) -> None:
    """The profiles that come with drscan."""
    found = catalog.load()
    rows = []
    for name in profile.built_in():
        loaded = profile.load(name)
        rows.append((name, len(profile.select(found, loaded)), loaded.title, loaded.description))
    if as_json:
        keys = ("name", "checks", "title", "description")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return
    print_table(("Profile", "Checks", "Title", "What for"), rows)


def _data(check: Check, severity: str) -> dict[str, object]:
    info = check.info
    return {
        "id": info.id,
        "title": info.title,
        "severity": str(severity),
        "why": info.why,
        "fix": info.fix,
        "controls": list(info.controls),
        "facts": list(check.needs),
        "tunables": {name: _plain(value) for name, value in info.tunables.items()},
        "platforms": list(info.platforms),
        "tags": list(info.tags),
    }


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else value
