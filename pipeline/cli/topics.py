"""`greenlane topics`: the declared topics, shown and created."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from pipeline.cli.acls import acls
from pipeline.cli.options import BROKER_DEFAULT, AsJson, Broker, TopicPrefix, settings_for
from pipeline.connection import broker_of
from pipeline.contract.create import REPLICATION_FACTOR_DEFAULT, create_topics
from pipeline.contract.declarations import TopicDeclaration, declarations, declared_topics

MS_PER_DAY = 86_400_000
FOR_EVER_MS = -1

app = typer.Typer(
    help="The topics that carriers, officers, collectors and the workers themselves use.",
    no_args_is_help=True,
)
app.command("acls")(acls)


@app.command()
def create(
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
    partitions: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Partitions of every topic instead of the declared number; at least twice the "
            "number of workers. Cannot be changed later.",
        ),
    ] = None,
    replication_factor: Annotated[
        int, typer.Option(min=1, help="Copies of each partition; 3 is usual on a real cluster.")
    ] = REPLICATION_FACTOR_DEFAULT,
) -> None:
    """Create the topics that are missing on a broker, as they are declared.

    For example:

        greenlane topics create --broker 127.0.0.1:9092

    Can be repeated: topics that exist stay as they are. If one differs from its declaration in a
    way that would break the pipeline, the differences are listed and the exit status is 1.
    Carriers in GREENLANE_CARRIERS_WITH_TOPICS get topics of their own.
    """
    settings = settings_for(broker)
    topics = declarations(settings.carriers_apart())
    created = asyncio.run(
        create_topics(
            broker_of(settings),
            topics,
            topic_prefix=topic_prefix,
            partitions=partitions,
            replication_factor=replication_factor,
        )
    )
    for name in created:
        typer.echo(f"created {name}")
    typer.echo(f"{len(created)} created, {len(topics) - len(created)} existed already")


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show what each topic is for: its key, who writes and reads it, how long it is kept.

    For example:

        greenlane topics show
        greenlane topics show --json

    Needs no broker. The whole contract with schemas and examples is topics/asyncapi.yaml.
    """
    if as_json:
        typer.echo(msgspec.json.encode(declared_topics()))
        return
    console = Console(markup=False)
    for title, public in (("For everyone", True), ("Between the rooms", False)):
        console.print(_table(title, [t for t in declared_topics() if t.public is public]))


def _table(title: str, topics: Sequence[TopicDeclaration]) -> Table:
    table = Table(
        Column("topic, and its key", no_wrap=True),
        "written by",
        "read by",
        Column("kept", no_wrap=True),
        title=title,
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for topic in topics:
        table.add_row(
            f"{topic.name}\n  {topic.key.partition(':')[0]}",
            topic.owner,
            ", ".join(topic.readers),
            _kept(topic),
        )
    return table


def _kept(topic: TopicDeclaration) -> str:
    if topic.cleanup_policy == "compact":
        return "newest per key"
    if topic.retention_ms == FOR_EVER_MS:
        return "for ever"
    days = (topic.retention_ms or 0) // MS_PER_DAY
    return f"{days} days" if days else "as the broker says"
