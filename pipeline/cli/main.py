"""The `greenlane` command: each sub-command is a file of this folder."""

import sys

import typer
from rich.console import Console

from pipeline import __version__
from pipeline.cli import decide, worker
from pipeline.errors import GreenlaneError

app = typer.Typer(
    name="greenlane",
    help="Clear cross-border parcels as a stream: manifests in, decisions out. "
    "Start with [bold]greenlane demo[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("decide")(decide.decide)
app.command("worker")(worker.worker)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"greenlane {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options before the sub-command."""


def main() -> None:
    """Entry point: errors meant for people end in one line and exit status 1."""
    try:
        app()
    except GreenlaneError as error:
        Console(stderr=True).print(f"[red]greenlane:[/red] {error}", highlight=False)
        sys.exit(1)
