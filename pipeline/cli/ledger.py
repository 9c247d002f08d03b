"""`greenlane ledger`: announced against decided, on a running installation."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Annotated

import orjson
import typer
from rich.console import Console

from pipeline.cli.demo_view import ledger_table
from pipeline.cli.options import BROKER_DEFAULT, AsJson, Broker, TopicPrefix, settings_for
from pipeline.connection import broker_of
from pipeline.ops.ledger import Ledger
from pipeline.ops.ledger_reader import LedgerReader
from pipeline.settings import Settings
from pipeline.stream.records import Record

TOLD_EVERY = 10_000


def ledger(
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for parcels still on their way.")
    ] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Add up what became of every announced parcel: the difference must be 0.

    For example:

        greenlane ledger --broker 127.0.0.1:9092

    Reads the public topics from the beginning, committed messages only. Parcels on their way count
    as difference until they are decided. Exit status: 0 if the ledger closes, 1 if not.
    """
    with Console(stderr=True).status("reading the topics") as status:
        found = asyncio.run(_settle(settings_for(broker), topic_prefix, wait, status.update))
    if as_json:
        typer.echo(orjson.dumps(found._asdict() | {"difference": found.difference}).decode())
    else:
        Console(highlight=False).print(ledger_table(found))
    if not found.closed:
        raise typer.Exit(1)


async def _settle(
    settings: Settings, topic_prefix: str, wait_s: float, progress: Callable[[str], None]
) -> Ledger:
    read = count(1)

    def tell(_record: Record) -> None:
        number = next(read)
        if number % TOLD_EVERY == 0:
            progress(f"reading the topics: {number:,} records")

    async with LedgerReader(
        broker_of(settings),
        topic_prefix=topic_prefix,
        manifest_parcels_max=settings.manifest_parcels_max,
        on_record=tell,
    ) as reader:
        return await reader.settle(wait_s)
