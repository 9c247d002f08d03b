"""`greenlane watch`: decisions as they are committed."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from typing import Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console

from pipeline.cli.options import BROKER_DEFAULT, AsJson, Broker, TopicPrefix, broker_at
from pipeline.model import Decision, Outcome
from pipeline.model.explain import explain
from pipeline.ops.ledger import OUTCOME_TOPICS
from pipeline.ops.topic_reader import TopicReader

POLL_MS = 200
COLOURS = {
    Outcome.RELEASE: "green",
    Outcome.INSPECTION: "yellow",
    Outcome.REVENUE: "cyan",
    Outcome.REFUSED: "red",
}

_decode = msgspec.json.Decoder(Decision).decode


def watch(
    carrier: Annotated[str, typer.Option(help="Only decisions on this carrier's parcels.")] = "",
    outcome: Annotated[
        Outcome | None,
        typer.Option(
            metavar="OUTCOME", help="Only this one: release, inspection, revenue or refused."
        ),
    ] = None,
    parcel: Annotated[str, typer.Option(help="Only the parcel with this id.")] = "",
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Begin with the oldest decisions kept.")
    ] = False,
    count: Annotated[int, typer.Option(min=0, help="Stop after so many; 0: at Ctrl-C.")] = 0,
    in_words: Annotated[
        bool, typer.Option("--explain", help="Tell each decision in words, with all its reasons.")
    ] = False,
    as_json: AsJson = False,
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
) -> None:
    """Watch decisions live: one line each, or with --explain the whole story.

    For example:

        greenlane watch --outcome inspection --explain
        greenlane watch --parcel LX123456785CN --from-beginning

    Shows what is decided from now on, unless --from-beginning is given, until Ctrl-C. What is not
    committed is not shown. Exit status: 0, or 1 if no broker answers.
    """
    sought = Sought(carrier, outcome, parcel)
    style = Style.JSON if as_json else Style.WORDS if in_words else Style.LINE
    reader = TopicReader(
        broker_at(broker),
        _topics(outcome),
        topic_prefix=topic_prefix,
        from_beginning=from_beginning,
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(_follow(reader, sought, style, count))


def _topics(outcome: Outcome | None) -> Sequence[str]:
    """Only those that can hold the outcome: an officer may not be allowed to read the others."""
    if outcome is None:
        return OUTCOME_TOPICS
    return ("inspection" if outcome is Outcome.REFUSED else outcome.value,)


class Style(Enum):
    """How a decision is shown."""

    LINE = 1
    WORDS = 2
    JSON = 3


class Sought(NamedTuple):
    """Which decisions are wanted; empty means any."""

    carrier: str
    outcome: Outcome | None
    parcel_id: str

    def fits(self, decision: Decision) -> bool:
        """Whether a decision is wanted."""
        return (
            self.carrier in ("", decision.carrier)
            and self.outcome in (None, decision.outcome)
            and self.parcel_id in ("", decision.parcel_id)
        )


async def _follow(reader: TopicReader, sought: Sought, style: Style, count: int) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    left = count
    async with reader:
        told = Console(stderr=True, highlight=False, soft_wrap=True)
        told.print("Watching decisions; Ctrl-C ends it.", style="dim")
        while True:
            for record in await reader.poll(POLL_MS):
                decision = _decode(record.value or b"")
                if not sought.fits(decision):
                    continue
                _show(console, decision, record.value or b"", style)
                left -= 1
                if left == 0:
                    return


def _show(console: Console, decision: Decision, value: bytes, style: Style) -> None:
    colour = COLOURS[decision.outcome]
    if style is Style.JSON:
        sys.stdout.buffer.write(value + b"\n")
        sys.stdout.flush()
    elif style is Style.WORDS:
        headline, *lines = explain(decision)
        console.print(headline, style=colour)
        console.print("\n".join(lines) + "\n")
    else:
        console.print(
            f"{decision.received_at:%H:%M:%S} {decision.outcome:<10} {decision.carrier} "
            f"{decision.parcel_id}: {decision.reason}",
            style=colour,
        )
