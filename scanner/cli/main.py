"""The `drscan` command: finds the subcommand, loads the settings, turns errors into one line."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from scanner import __version__

# Command modules are imported when they are called for, so that `--help` stays quick.
COMMANDS = {
    "init": ("scanner.cli.init:init", "Write a starter workspace."),
    "run": ("scanner.cli.run:run", "Scan the assets of the inventory."),
    "findings": ("scanner.cli.findings:findings", "List findings, or show one."),
    "diff": ("scanner.cli.scans:diff", "Show what differs between two scans."),
    "scans": ("scanner.cli.scans:scans", "List the scans in the database."),
    "export": ("scanner.cli.export:export", "Write findings to a file for other tools."),
    "inventory": ("scanner.cli.inventory:inventory", "Look at the inventory, check it, import it."),
    "checks": ("scanner.cli.checks:checks", "List and explain the checks."),
    "profiles": ("scanner.cli.checks:profiles", "List the profiles."),
    "completion": ("scanner.cli.completion:completion", "Print shell completion code."),
}


class LazyGroup(click.Group):
    """A group that knows its subcommands' names and help, and imports one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name where there is no such command."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: drscan init office && cd office && drscan run",
)
@click.version_option(__version__, "--version", prog_name="drscan")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings [./drscan.yaml].",
)
@click.option(
    "--db", type=click.Path(path_type=Path, dir_okay=False), help="Database of findings [./drscan.db]."
)
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
@click.pass_context
def cli(ctx: click.Context, config_path: Path | None, db: Path | None, debug: bool) -> None:
    """Is it secure, and could we get it back?

    drscan looks at every asset of an inventory without an agent, runs security and backup checks on what
    it sees, and keeps each finding with its evidence in SQLite.
    """
    from dataclasses import replace

    from scanner import config

    settings = config.load(config_path)
    ctx.obj = replace(settings, database=db) if db else settings


def main() -> None:
    """Entry point of the `drscan` command. Exit codes: 0, 1, 2, 3 as in README.md."""
    debug = "--debug" in sys.argv
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("drscan: stopped", err=True)
        sys.exit(3)
    except Exception as error:
        if debug or not is_plain(error):
            raise
        from scanner.inventory.problem import printable

        click.echo("\n".join(printable(line) for line in str(error).splitlines()), err=True)
        sys.exit(2)


def is_plain(error: Exception) -> bool:
    """True for errors whose text is already what a person needs."""
    from scanner.catalog import CatalogError
    from scanner.inventory.load import InventoryError, SelectionError
    from scanner.inventory.secrets import SecretError
    from scanner.profile import ProfileError
    from scanner.store.errors import StoreError
    from scanner.transport.base import TransportError

    return isinstance(
        error,
        InventoryError
        | SelectionError
        | SecretError
        | CatalogError
        | ProfileError
        | StoreError
        | TransportError
        | OSError,
    )
