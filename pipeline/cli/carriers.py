"""`greenlane carriers`: the data quality of senders, from the scorecards."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import BROKER_DEFAULT, AsJson, Broker, TopicPrefix, broker_at
from pipeline.model.score import PERCENT, Scorecard, SubjectKind, Window, WindowFigures
from pipeline.model.text import shown
from pipeline.ops.topic_reader import TopicReader
from pipeline.score.room import SCORECARDS
from pipeline.score.state import LENGTHS_S

POLL_MS = 200
NONE = "-"

_decode = msgspec.json.Decoder(Scorecard).decode


def carriers(
    by: Annotated[
        SubjectKind,
        typer.Option(metavar="KIND", help="Whose data: carrier, origin or platform."),
    ] = SubjectKind.CARRIER,
    window: Annotated[
        Window,
        typer.Option(metavar="WINDOW", help="What counts and faults are of: 1h, 24h or 30d."),
    ] = Window.DAY,
    as_json: AsJson = False,
    broker: Broker = BROKER_DEFAULT,
    topic_prefix: TopicPrefix = "",
) -> None:
    """Show the data quality of carriers, origins or platforms, the worst score first.

    For example:

        greenlane carriers
        greenlane carriers --by platform --window 30d
        greenlane carriers --json

    How parcels are scored stands in docs/scores.md. A window in which a sender sent nothing shows
    as "-". With --json, one scorecard a line, with all windows as of its newest message. Exit
    status: 0, or 1 if no broker answers.
    """
    reader = TopicReader(
        broker_at(broker), [SCORECARDS], topic_prefix=topic_prefix, from_beginning=True
    )
    with Console(stderr=True).status("reading the scorecards"):
        cards = asyncio.run(_newest(reader, by))
    if as_json:
        for card in cards:
            typer.echo(msgspec.json.encode(card).decode())
    else:
        table = scorecard_table(cards, by, window, datetime.now(UTC))
        Console(highlight=False).print(table)


async def _newest(reader: TopicReader, kind: SubjectKind) -> list[Scorecard]:
    """The newest card of each subject of a kind, by name."""
    newest: dict[str, Scorecard] = {}
    async with reader:
        ends = await reader.ends()
        while await reader.is_behind(ends):
            for record in await reader.poll(POLL_MS):
                card = _decode(record.value or b"")
                if card.kind is kind:
                    newest[card.name] = card
    return [newest[name] for name in sorted(newest)]


def scorecard_table(
    cards: Iterable[Scorecard], kind: SubjectKind, window: Window, now: datetime
) -> Table:
    """Subjects that sent something within 30 days: counts of one window, scores of all three."""
    table = Table(title=f"Data quality by {kind}, {window}", title_justify="left", box=None)
    table.add_column(kind.value, style="dim", no_wrap=True)
    columns = ("parcels", "rejected", "late", "complete", "valid", *(f"score {w}" for w in Window))
    for column in columns:
        table.add_column(column, justify="right")
    table.add_column("most frequent faults")
    rows = [(card, {w: card.figures_at(w, now, LENGTHS_S) for w in Window}) for card in cards]
    for card, figures in sorted(rows, key=lambda row: _rank(row[1][window])):
        if figures[Window.MONTH]:
            scores = (_score(figures[w]) for w in Window)
            counts, faults = _counts(figures[window]), _faults(figures[window])
            table.add_row(shown(card.name), *counts, *scores, faults)
    return table


def _rank(figures: WindowFigures | None) -> float:
    """The worst first, those without a score last."""
    return figures.quality.score_percent if figures and figures.quality else PERCENT + 1.0


def _counts(figures: WindowFigures | None) -> tuple[str, ...]:
    if figures is None:
        return (NONE,) * 5
    quality = figures.quality
    return (
        f"{figures.parcels:,}",
        f"{figures.rejected_parcels / figures.parcels:.1%}",
        f"{figures.late_parcels / figures.parcels:.1%}",
        f"{quality.completeness_percent:.1f}" if quality else NONE,
        f"{quality.validity_percent:.1f}" if quality else NONE,
    )


def _score(figures: WindowFigures | None) -> str:
    return f"{figures.quality.score_percent:.1f}" if figures and figures.quality else NONE


def _faults(figures: WindowFigures | None) -> str:
    faults = figures.top_faults if figures else []
    return ", ".join(f"{fault.rule_id} {fault.times:,}" for fault in faults) or NONE
