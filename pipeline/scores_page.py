"""The page of `docs/` on scores, from their dated tables."""

from collections.abc import Iterator

from pipeline.intake.measure import NAMES_MAX
from pipeline.model import Severity
from pipeline.rulebook.scores import Element, ScoreTable, load_score_tables
from pipeline.score.room import SUBJECTS_MAX, TOP_FAULTS
from pipeline.score.state import GRAINS

WINDOWS = "\n".join(
    f"| {window.value} | {grain.buckets} of {grain.bucket_ms // 60_000:,} minutes |"
    for window, grain in GRAINS.items()
)
INTRO = f"""\
The data of every parcel are scored as they come in:

- **completeness**: the share of the elements below that are filled, rounded down to a percent;
- **validity**: 100 less a penalty for each fault, at least 0;
- **score**: completeness times validity.

A decision tells those of its parcel, with the timeliness of its manifest (`data_quality`). An
acknowledgement tells the means over the parcels of its message (`quality`). A parcel that does
not have the form of the message counts 0 in all three. A message that is refused as a whole counts
its parcels as rejected, and is not scored: nobody looked at them. A repeat counts nothing.

The room `score` sums up what comes in by carrier, by origin (country of the consignor) and by
platform (`platform` of the parcel, whatever its capitals), and publishes a card on the topic
`scorecards`: parcels, rejected, late (see [deadlines.md](deadlines.md)), means, and the
{TOP_FAULTS} most frequent faults, for three windows. They end with the newest message of the
subject (`as_of`, the broker's time), and consist of whole buckets, the running one included:

| window | buckets |
|---|---|
{WINDOWS}

Parcels that `decide` refuses later (an id announced twice, an amendment too late) stay counted as
accepted. Of one message the {NAMES_MAX} origins and the {NAMES_MAX} platforms with most parcels
are told apart. Names are the senders' choice: beyond {SUBJECTS_MAX:,} subjects in a partition, new
ones are scored together as `other`.

`greenlane carriers` shows the cards as a table, by carrier, origin or platform;
`greenlane_quality_ratio` holds the same for the dashboard.
"""


def scores_page(note: str) -> str:
    """All tables, the newest first."""
    lines = ["# Scores of data quality", "", note, "", INTRO]
    for table in reversed(load_score_tables()):
        lines += _table(table)
    return "\n".join(lines)


def _table(table: ScoreTable) -> Iterator[str]:
    yield f"## From {table.valid_from}"
    yield ""
    yield f"Basis: {table.basis}."
    yield ""
    penalties = table.penalties_percent
    yield (
        f"Penalties: {penalties[Severity.ERROR]} for an error, "
        f"{penalties[Severity.WARNING]} for a warning."
    )
    yield ""
    yield "| element | or instead | asked of | |\n|---|---|---|---|"
    yield from map(_row, table.elements)
    yield ""


def _row(element: Element) -> str:
    first, *others = (f"`{pointer}`" for pointer in element.fields)
    kinds = ", ".join(element.goods_types) or "all goods"
    return f"| {first} | {', '.join(others)} | {kinds} | {_level(element)} |"


def _level(element: Element) -> str:
    return "needed" if element.needed else "recommended"
