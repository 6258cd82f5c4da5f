"""`drscan inventory`: look at, check and make the list of assets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from scanner.cli.options import as_json, inventory_option, print_table, selection
from scanner.cli.trust import trust
from scanner.duration import format_duration

if TYPE_CHECKING:
    from scanner.config import Config
    from scanner.inventory.load import Inventory
    from scanner.model import Asset


class InputError(click.ClickException):
    """Wrong input: its text goes to stderr as it is, one problem a line, and drscan ends with 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(self.message, file=file, err=file is None)


def fail(problems: Sequence[object]) -> NoReturn:
    """End with exit code 2 and one line a problem."""
    from scanner.inventory.problem import printable

    raise InputError("\n".join(printable(str(problem)) for problem in problems))


def read_inventory(context: click.Context, paths: tuple[Path, ...]) -> Inventory:
    """The inventory of the paths given, else of the configuration; warnings go to stderr."""
    from scanner.inventory.load import InventoryError, load

    config: Config = context.obj
    try:
        inventory = load(paths or config.inventory, ssh_config=config.ssh_config)
    except InventoryError as error:
        fail(error.problems)
    for warning in inventory.warnings:
        click.echo(f"warning: {warning}", err=True)
    return inventory


def select_assets(
    inventory: Inventory, limit: str | None, tags: tuple[str, ...], zones: tuple[str, ...]
) -> tuple[Asset, ...]:
    """The assets selected; ends with exit code 2 when the selection is not possible."""
    from scanner.inventory.load import SelectionError, select

    try:
        return select(inventory, limit, tags, zones)
    except SelectionError as error:
        fail([error])


def _print_json(data: object) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


@click.group()
def inventory() -> None:
    """Look at, check and make the list of assets."""


@inventory.command("list")
@selection
@as_json
@click.pass_context
def list_assets(
    context: click.Context,
    paths: tuple[Path, ...],
    limit: str | None,
    tags: tuple[str, ...],
    zones: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the assets.

    Example: drscan inventory list --limit 'db*:&prod' --zone dmz
    """
    assets = select_assets(read_inventory(context, paths), limit, tags, zones)
    if as_json:
        from scanner.inventory.document import asset_document

        _print_json([asset_document(asset) for asset in assets])
    else:
        print_table(("Asset", "Address", "Tier", "Zone", "Owner", "RTO", "RPO", "Groups"), map(_row, assets))


def _row(asset: Asset) -> tuple[object, ...]:
    return (
        asset.name,
        _address(asset),
        asset.tier,
        asset.zone,
        asset.owner,
        "" if asset.rto is None else format_duration(asset.rto),
        "" if asset.rpo is None else format_duration(asset.rpo),
        " ".join(asset.groups),
    )


def _address(asset: Asset) -> str:
    connection = asset.connection
    if connection.transport == "local":
        return "local"
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    return host if connection.port == 22 else f"{host}:{connection.port}"


@inventory.command()
@click.argument("host")
@inventory_option
@as_json
@click.pass_context
def show(context: click.Context, host: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """Show all that is known of one asset, and how it is reached.

    Example: drscan inventory show db1
    """
    from scanner.inventory.document import asset_document
    from scanner.inventory.problem import allowed

    assets = {asset.name: asset for asset in read_inventory(context, paths).assets}
    if host not in assets:
        fail([f"there is no asset {host!r}; {allowed(assets, host)}"])
    document = asset_document(assets[host])
    if as_json:
        _print_json(document)
        return
    import yaml

    click.echo(yaml.safe_dump(_without_empty(document), sort_keys=False, allow_unicode=True), nl=False)


def _without_empty(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _without_empty(value) for name, value in data.items() if value not in (None, [])}
    return [_without_empty(item) for item in data] if isinstance(data, list) else data


@inventory.command()
@click.argument("group", default="all")
@inventory_option
@as_json
@click.pass_context
def graph(context: click.Context, group: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """Draw the groups as a tree, from GROUP or from the top.

    Example: drscan inventory graph web
    """
    from scanner.inventory.document import graph_document, graph_lines

    loaded = read_inventory(context, paths)
    try:
        lines = graph_lines(loaded, group)
    except LookupError as error:
        fail([error.args[0]])
    if as_json:
        _print_json(graph_document(loaded))
    else:
        click.echo("\n".join(lines))


@inventory.command()
@inventory_option
@click.pass_context
def validate(context: click.Context, paths: tuple[Path, ...]) -> None:
    """Check the inventory and say everything that is wrong with it.

    Example: drscan inventory validate -i inventory/assets.yaml
    """
    loaded = read_inventory(context, paths)
    click.echo(f"{len(loaded.assets)} assets, {len(loaded.groups)} groups: no errors")


@inventory.command()
def schema() -> None:
    """Print the JSON Schema of an assets file, for editors that complete and check YAML.

    Example: drscan inventory schema > assets.schema.json
    """
    from scanner.inventory.schema import json_schema

    _print_json(json_schema())


@inventory.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--force", is_flag=True, help="Replace the output file if there is one.")
def import_csv(file: Path, output: Path | None, force: bool) -> None:
    """Make an inventory from an asset list saved as CSV.

    Columns, in any order: name (required), address, port, user, groups, tags, owner, tier, zone,
    classification, services, expected_ports, rto, rpo.

    Example: drscan inventory import assets.csv -o inventory/assets.yaml
    """
    import yaml

    from scanner.inventory.csv_import import convert
    from scanner.inventory.problem import InventoryError

    try:
        data = convert(file)
    except InventoryError as error:
        fail(error.problems)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        fail([f"{output} exists already; give --force to replace it"])
    except OSError as error:
        fail([f"{output} cannot be written: {error.strerror}"])
    click.echo(f"{output}: {len(data['all']['hosts'])} assets", err=True)


inventory.add_command(trust)
