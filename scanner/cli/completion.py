"""`drscan completion`."""

from __future__ import annotations

import click


@click.command(epilog='Example: eval "$(drscan completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print code that makes SHELL complete drscan's commands and options."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind  # noqa: S101 - click knows the three shells above
    click.echo(kind(ctx.find_root().command, {}, "drscan", "_DRSCAN_COMPLETE").source())
