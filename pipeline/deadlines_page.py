"""The page of `docs/` on deadlines of advance data, from their dated files."""

from collections.abc import Iterator

from pipeline.rulebook.deadlines import Deadline, Due, load_deadlines

INTRO = """\
An acknowledgement tells how timely a manifest was (`timeliness`): its class, the lead time from
issue to estimated arrival, and each deadline with whether it was missed. Missing the deadline of
*complete* data draws DQ29. *Minimum* data, which are screened before loading, may have been filed
apart, so that deadline is only named.

| class | the data were issued |
|---|---|
| `before_departure` | in time, and before departure |
| `in_time` | under way, before the deadline |
| `late` | after the deadline, before the estimated arrival |
| `after_arrival` | after the deadline and after the estimated arrival |
| `no_deadline` | none is known for the destination and mode, or times are missing |

The time of issue counts, as the message gives it, so that a file gets the same answer on every day;
a clock that runs ahead is told by DQ28b. No message names the time of loading: such a deadline is
reckoned from departure, when loading has ended at the latest, so that whoever misses it has missed
the law's for certain. Counted per carrier: `greenlane_carrier_timeliness_parcels_total`.
"""


def deadlines_page(note: str) -> str:
    """All deadlines by jurisdiction."""
    lines = ["# Deadlines of advance data", "", note, "", INTRO]
    for jurisdiction, deadlines in load_deadlines().of_jurisdiction.items():
        lines += [f"## {jurisdiction}", ""]
        lines.append("| id | modes | data | due | in force | status | legal basis; source |")
        lines.append("|---|---|---|---|---|---|---|")
        lines += map(_row, deadlines)
        lines.append("")
    return "\n".join(lines)


def _row(deadline: Deadline) -> str:
    until = f" until {deadline.until}" if deadline.until else ""
    cells = (
        f"`{deadline.id}`",
        ", ".join(deadline.modes),
        deadline.data.value,
        "; ".join(_dues(deadline)),
        f"from {deadline.valid_from}{until}",
        deadline.status.value,
        f"{deadline.legal_basis}; {deadline.source}",
    )
    return f"| {' | '.join(cells)} |"


def _dues(deadline: Deadline) -> Iterator[str]:
    for due in deadline.due:
        limit = due.journey_hours_below
        journeys = f"on journeys under {limit} h " if limit is not None else ""
        yield f"{journeys}{_when(due)}"


def _when(due: Due) -> str:
    return f"{due.hours} h before {due.before.value}" if due.hours else f"by {due.before.value}"
