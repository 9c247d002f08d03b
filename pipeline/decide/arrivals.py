"""Which cases have deadlines: announced parcels that must arrive, and scanned ones without data."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from pipeline.decide.moments import HOUR_MS, hour_after
from pipeline.decide.state import Joined, Memory, Watch
from pipeline.model import ManifestHeader
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import Record

ALL_CARRIERS = "*"
WATCH = "~"
"""Keys of watches begin with it, as no carrier's id does, so no key of a case."""


class DueHours(NamedTuple):
    """The hours, since 1970, of a reminder and of the closing after it; 0: nothing is closed."""

    reminder: int
    closing: int
    for_filings: bool = False


Watched = dict[DueHours, list[str]]
"""Keys of cases by their deadlines."""


class Arrivals:
    """Until when announced parcels must have arrived, for carriers whose parcels are scanned."""

    def __init__(self, carriers: frozenset[str], deadlines: Deadlines) -> None:
        self._carriers = carriers
        self._all = ALL_CARRIERS in carriers
        self._deadlines = deadlines

    def deadlines_of(self, header: ManifestHeader, joined: Joined | None) -> DueHours | None:
        """Of a parcel of a manifest, by its conveyance; None where no arrival is waited for."""
        conveyance = joined.conveyance if joined else None
        arrival_at = (conveyance or header).estimated_arrival_at
        return self.until(header.carrier, arrival_at, header.received_at)

    def until(self, carrier: str, arrival_at: datetime, lodged_at: datetime) -> DueHours | None:
        """Of a parcel that should arrive then, and whose newest data were received then."""
        if not (self._all or carrier in self._carriers):
            return None
        day = lodged_at.astimezone(UTC).date()
        overdue = self._deadlines.of("arrival_overdue", day)
        closed = self._deadlines.of("closed_not_arrived", day)
        return due_hours(
            _ms(arrival_at) + overdue.hours * HOUR_MS,
            _ms(lodged_at) + closed.hours * HOUR_MS,
        )


def due_hours(reminder_ms: int, closing_ms: int) -> DueHours:
    """Whole hours; what is to be closed was reminded of before."""
    reminder = hour_after(reminder_ms)
    return DueHours(reminder, max(hour_after(closing_ms), reminder + 1))


def keep_watch(watched: Mapping[DueHours, list[str]], record: Record, memory: Memory) -> None:
    """Remember deadlines that the parcels of one record have: few entries for many parcels.

    The first case is part of the key: those of an envelope that wait for money come apart.
    """
    for (reminder, closing, for_filings), cases in watched.items():
        key = f"{WATCH}{reminder}/{closing}/{record.topic}/{record.offset}/{cases[0]}"
        put_watch(memory, key, Watch(reminder, closing, cases, for_filings))


def put_watch(memory: Memory, key: str, watch: Watch) -> None:
    """The entry expires just before its hour begins, so it is worked on when that has begun."""
    memory.put(key, watch, expires_at_ms=watch.due_h * HOUR_MS - 1)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
