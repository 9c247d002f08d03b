"""`greenlane simulate`: simulated carriers, to a broker or a file."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from pipeline.cli.options import BROKER_DEFAULT, Broker, TopicPrefix, broker_at
from pipeline.errors import InputFileError
from pipeline.sandbox.carriers.simulate import simulate as simulate_messages
from pipeline.sandbox.carriers.truth import MessageKind, SimulatedMessage
from pipeline.sandbox.publisher import publish


def simulate(
    parcels: Annotated[int, typer.Option(min=1, help="Parcels to announce.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option(help="Write JSON Lines to this file instead of publishing to a broker."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Write what was planted to this file, one message a line."),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0, help="Parcels per second; 0: as fast as they go.")
    ] = 0,
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
) -> None:
    """Simulate carriers with known truth: faults, undervalued, split and prohibited goods.

    For example:

        greenlane simulate --parcels 500 --seed 7 --output manifests.jsonl
        greenlane simulate --parcels 100000 --rate 2000 --broker 127.0.0.1:9092

    In a file, messages that nobody can read are left out: a line holds one manifest. On a broker
    they are sent, as real carriers do. The parcels of repeated messages do not count. --truth
    tells of each message its kind, and which parcels are planted. All persons and firms are
    invented.
    """
    try:
        with truth.open("wb") if truth else nullcontext() as truth_file:
            messages = _with_truth(simulate_messages(parcels, seed), truth_file)
            with _progress() as progress:
                task = progress.add_task("simulating", total=parcels)
                if output:
                    _write(output, _advancing(messages, progress, task))
                    return
                asyncio.run(
                    publish(
                        _advancing(messages, progress, task),
                        broker=broker_at(broker),
                        topic_prefix=topic_prefix,
                        parcels_per_second=rate or None,
                    )
                )
    except OSError as error:
        path = error.filename or output or truth
        raise InputFileError(f"{path} cannot be written: {error.strerror}") from error


def _write(path: Path, messages: Iterable[SimulatedMessage]) -> None:
    with path.open("wb") as file:
        for message in messages:
            if message.kind is not MessageKind.CORRUPT:
                file.write(message.value + b"\n")


def _with_truth(
    messages: Iterable[SimulatedMessage], file: BinaryIO | None
) -> Iterator[SimulatedMessage]:
    for message in messages:
        if file:
            line = {
                "key": message.key.decode(),
                "kind": message.kind,
                "parcels": message.parcels,
                "planted": message.planted,
                "faults": dict(message.faults),
            }
            file.write(orjson.dumps(line) + b"\n")
        yield message


def _advancing(
    messages: Iterable[SimulatedMessage], progress: Progress, task: TaskID
) -> Iterator[SimulatedMessage]:
    for message in messages:
        yield message
        progress.advance(task, message.announced)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("parcels"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
