"""What the demonstration shows: live figures, the ledger, the truth against the outcomes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.cli.program import program
from pipeline.ops.ledger import Ledger
from pipeline.sandbox.carriers.truth import ParcelKind

OUTCOME_STYLES = {
    "release": "green",
    "inspection": "yellow",
    "revenue": "cyan",
    "rejected": "red",
    "dead-lettered": "magenta",
}


class LiveFigures(NamedTuple):
    """What is known at one moment of the run."""

    ledger: Ledger
    parcels_expected: int
    duration_s: float
    parcels_per_second: float
    latency_ms: Mapping[str, float]
    workers: int
    restarts: int


def live_panel(figures: LiveFigures) -> RenderableType:
    """The panel that is drawn again and again while the stream runs."""
    ledger = figures.ledger
    ended = ledger.announced - ledger.difference
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim")
    grid.add_column(justify="right")
    grid.add_column(justify="left")
    grid.add_row("announced", f"{ledger.announced:,}", "")
    grid.add_row(
        "decided",
        f"{ended:,}",
        ProgressBar(total=max(figures.parcels_expected, 1), completed=ended, width=40),
    )
    for name, count in outcome_counts(ledger).items():
        share = count / ended if ended else 0.0
        grid.add_row(name, f"{count:,}", Text(f"{share:6.1%}", style=OUTCOME_STYLES[name]))
    grid.add_row("on their way", f"{ledger.difference:,}", "(lag)")
    grid.add_row("parcels/s", f"{figures.parcels_per_second:,.0f}", "")
    latency = figures.latency_ms
    grid.add_row(
        "latency",
        f"{latency['p50']:,.0f} ms",
        f"p95 {latency['p95']:,.0f} ms, p99 {latency['p99']:,.0f} ms",
    )
    restarted = f", {figures.restarts} restarts" if figures.restarts else ""
    title = f"{figures.workers} workers{restarted}, {figures.duration_s:.0f} s"
    return Panel(grid, title=title, title_align="left", expand=False)


def outcome_counts(ledger: Ledger) -> dict[str, int]:
    """How parcels ended, by the names people read."""
    return {
        "release": ledger.release,
        "inspection": ledger.inspection,
        "revenue": ledger.revenue,
        "rejected": ledger.rejected,
        "dead-lettered": ledger.dead_lettered,
    }


def ledger_table(ledger: Ledger) -> RenderableType:
    """The sum that must come out."""
    table = Table(title="Ledger, in parcels", title_justify="left", box=None, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_row("announced", f"{ledger.announced:,}")
    for name, count in outcome_counts(ledger).items():
        table.add_row(f"- {name}", f"{count:,}", style=OUTCOME_STYLES[name])
    style = "bold green" if ledger.closed else "bold red"
    table.add_row("= difference", f"{ledger.difference:,}", style=style)
    remarks = [
        f"{ledger.repeated_messages} messages were sent twice and counted once."
        if ledger.repeated_messages
        else "",
        f"{ledger.decided_twice} events stand twice!" if ledger.decided_twice else "",
    ]
    return Group(table, *(Text(remark, style="dim") for remark in remarks if remark))


def truth_table(ended: Mapping[ParcelKind, Mapping[str, int]]) -> RenderableType:
    """What was planted, and how it ended."""
    table = Table(title="What was planted, and how it ended", title_justify="left", box=None)
    table.add_column("planted", style="dim")
    table.add_column("parcels", justify="right")
    columns = ("inspection", "revenue", "release", "refused")
    for column in columns:
        table.add_column(column, justify="right")
    for kind, outcomes in sorted(ended.items()):
        counts = [f"{outcomes[column]:,}" if outcomes.get(column) else "-" for column in columns]
        table.add_row(kind, f"{sum(outcomes.values()):,}", *counts)
    return table


def explanations(explained: Iterable[Sequence[str]]) -> RenderableType:
    """Decisions in words, one panel each."""
    return Group(
        *(
            Panel("\n".join(lines[1:]), title=lines[0], title_align="left", expand=False)
            for lines in explained
        )
    )


def next_steps() -> str:
    """Commands to go on with."""
    greenlane = program()
    return f"""\
Where to look next
  Manifests in a file, and what becomes of them without a broker:
    {greenlane} simulate --parcels 500 --seed 7 --output manifests.jsonl
    {greenlane} decide manifests.jsonl
  All this until Ctrl-C; it tells how to follow single decisions meanwhile:
    {greenlane} demo --keep
  The tour: README.md"""
