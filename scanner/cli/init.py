"""`drscan init`."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click


@click.command(epilog="Example: drscan init office && cd office && drscan run")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def init(folder: Path) -> None:
    """Write a commented starter workspace to FOLDER: settings, an inventory with this machine in it, a plan.

    Files that exist are never overwritten.
    """
    starter = files("scanner") / "starter"
    for relative, source in _walk(starter):
        target = folder / relative
        if target.exists():
            click.echo(f"kept   {target}")
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text("utf-8"), "utf-8")
        except OSError as error:
            raise click.UsageError(f"{target}: {error.strerror}") from error
        click.echo(f"wrote  {target}")
    change = "" if folder == Path() else f"cd {folder} && "
    click.echo(f"Next: {change}drscan run")


def _walk(folder: Traversable, prefix: Path = Path()) -> list[tuple[Path, Traversable]]:
    found = []
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            found += _walk(item, prefix / item.name)
        elif item.name.endswith(".yaml"):
            found.append((prefix / item.name, item))
    return found
