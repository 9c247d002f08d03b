"""Whether advance data came in time: what a manifest is told, and what is counted."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Instant


class Timeliness(StrEnum):
    """When the data of a manifest were issued, against the deadline of complete data."""

    BEFORE_DEPARTURE = "before_departure"  # in time, and before the conveyance left
    IN_TIME = "in_time"  # under way, before the deadline
    LATE = "late"  # after the deadline
    AFTER_ARRIVAL = "after_arrival"  # after the deadline, and after the estimated arrival
    NO_DEADLINE = "no_deadline"  # none is known, or the times it is reckoned from are missing


class DeadlineCheck(Struct, frozen=True):
    """One deadline, and whether the data missed it."""

    deadline_id: Annotated[str, Meta(description="as in docs/deadlines.md")]
    due_at: Annotated[
        Instant,
        Meta(
            description="a deadline before loading is reckoned from departure, the latest moment "
            "at which loading can end"
        ),
    ]
    missed: Annotated[
        bool,
        Meta(description="of minimum data: missed unless they were filed apart"),
    ]


class TimelinessReport(Struct, frozen=True):
    """How timely a manifest is. The time of issue counts, as the message gives it."""

    timeliness: Timeliness
    lead_time_minutes: Annotated[
        int | None,
        Meta(description="from issue to estimated arrival, negative after it; null: not known"),
    ] = None
    deadlines: list[DeadlineCheck] = []


def minutes_between(earlier: datetime, later: datetime) -> int:
    """Whole minutes, rounded down."""
    return int((later - earlier).total_seconds() // 60)
