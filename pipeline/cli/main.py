"""The `greenlane` command: each sub-command is a file of this folder."""

import logging
import sys
from typing import Annotated

import typer
from rich.console import Console

from pipeline import __version__
from pipeline.cli import (
    broker,
    carriers,
    check,
    decide,
    declaration,
    demo,
    explain,
    law,
    ledger,
    publish,
    rules,
    simulate,
    statement,
    topics,
    watch,
    worker,
)
from pipeline.errors import GreenlaneError, InputFileError, SettingsError

app = typer.Typer(
    name="greenlane",
    help="Clear cross-border parcels as a stream: manifests in, decisions out. "
    "Start with `greenlane demo`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # paragraphs flow to the width of the terminal
)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("rules")(rules.rules)
app.command("decide")(decide.decide)
app.command("explain")(explain.explain)
app.command("publish")(publish.publish)
app.command("watch")(watch.watch)
app.command("ledger")(ledger.ledger)
app.command("statement")(statement.statement)
app.command("declaration")(declaration.declaration)
app.command("carriers")(carriers.carriers)
app.command("simulate")(simulate.simulate)
app.command("worker")(worker.worker)
app.command("broker")(broker.broker)
app.add_typer(law.app, name="law")
app.add_typer(topics.app, name="topics")

EXIT_FAILED = 1
EXIT_UNUSABLE_CALL = 2


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"greenlane {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Options before the sub-command."""


def main() -> None:
    """Entry point: errors meant for people end in one line, not in a traceback."""
    # A client that finds no broker logs what we are about to say better.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        app()
    except GreenlaneError as error:
        console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        console.print(f"greenlane: {error}")
        unusable = isinstance(error, InputFileError | SettingsError)
        sys.exit(EXIT_UNUSABLE_CALL if unusable else EXIT_FAILED)
