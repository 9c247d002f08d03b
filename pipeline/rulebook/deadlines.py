"""Deadlines of advance data: dated files of `deadlines/`, by jurisdiction and mode of transport."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from msgspec import Meta, Struct

from pipeline.errors import RuleBookError
from pipeline.model import TransportMode
from pipeline.model.fields import Instant
from pipeline.model.revenue import LawStatus
from pipeline.rulebook.files import read_yaml, yaml_files

SUBJECT = "deadlines"


class DataSetKind(StrEnum):
    """What must be there by the deadline."""

    COMPLETE = "complete"
    MINIMUM = "minimum"  # what is screened before loading; may be filed apart


class Event(StrEnum):
    """What a deadline is reckoned from."""

    LOADING = "loading"  # no message names it: it ends with departure at the latest
    DEPARTURE = "departure"
    ARRIVAL = "arrival"


Hours = Annotated[int, Meta(ge=0, le=240)]


class Due(Struct, frozen=True, forbid_unknown_fields=True):
    """So many hours before an event, on journeys shorter than `journey_hours_below`."""

    before: Event
    hours: Hours = 0
    journey_hours_below: Hours | None = None


class DeadlineExample(Struct, frozen=True, forbid_unknown_fields=True):
    """When data are due on one journey."""

    departure_at: Instant
    arrival_at: Instant
    due_at: Instant


class Deadline(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One deadline, in force from `valid_from` until the day before `until`."""

    id: str
    modes: Annotated[list[TransportMode], Meta(min_length=1)]
    data: DataSetKind
    valid_from: date
    until: date | None = None
    status: LawStatus
    legal_basis: str
    source: str
    due: Annotated[list[Due], Meta(min_length=1)]
    examples: Annotated[list[DeadlineExample], Meta(min_length=1)]

    def holds_on(self, day: date) -> bool:
        """Whether it is in force."""
        return self.valid_from <= day and (self.until is None or day < self.until)

    def due_at(self, departure_at: datetime, arrival_at: datetime) -> datetime:
        """When the data of a journey are due: the first line counts whose journeys include it."""
        journey = arrival_at - departure_at
        for due in self.due:
            limit = due.journey_hours_below
            if limit is None or journey < timedelta(hours=limit):
                break
        event_at = arrival_at if due.before is Event.ARRIVAL else departure_at
        return event_at - timedelta(hours=due.hours)


class DeadlineFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The deadlines of one law."""

    jurisdictions: Annotated[list[str], Meta(min_length=1)]
    deadlines: list[Deadline]


class Deadlines:
    """All deadlines, by jurisdiction.

    Args:
        files: what was read, by jurisdiction.
    """

    def __init__(self, files: Mapping[str, Sequence[Deadline]]) -> None:
        self.of_jurisdiction = files

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Self:
        """Read files.

        Raises:
            RuleBookError: a file breaks the format, a jurisdiction or an id stands twice, two hold
                for one mode at one time, or the last line of one does not hold for all journeys.
        """
        found: dict[str, Sequence[Deadline]] = {}
        for path in paths:
            file = read_yaml(path, DeadlineFile)
            for deadline in file.deadlines:
                if deadline.due[-1].journey_hours_below is not None:
                    raise RuleBookError(f"{path}: {deadline.id} says nothing of longer journeys")
            _check_apart(path, file.deadlines)
            for jurisdiction in file.jurisdictions:
                if jurisdiction in found:
                    raise RuleBookError(f"{path}: {jurisdiction} has another file")
                found[jurisdiction] = file.deadlines
        return cls(found)

    def on(self, jurisdiction: str, mode: TransportMode, day: date) -> list[Deadline]:
        """What holds for a mode of transport into a jurisdiction on a day of arrival."""
        return [
            deadline
            for deadline in self.of_jurisdiction.get(jurisdiction, ())
            if mode in deadline.modes and deadline.holds_on(day)
        ]


@cache
def load_deadlines() -> Deadlines:
    """The deadlines of the rule book."""
    return Deadlines.read(yaml_files(SUBJECT))


def _check_apart(path: Path, deadlines: Sequence[Deadline]) -> None:
    for index, one in enumerate(deadlines):
        for other in deadlines[:index]:
            if one.id == other.id and one.valid_from == other.valid_from:
                raise RuleBookError(f"{path}: {one.id} from {one.valid_from} stands twice")
            later = max(one.valid_from, other.valid_from)
            if (
                one.data is other.data
                and set(one.modes) & set(other.modes)
                and one.holds_on(later)
                and other.holds_on(later)
            ):
                raise RuleBookError(f"{path}: {other.id} and {one.id} hold at the same time")
