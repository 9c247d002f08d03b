"""Two time axes: when law holds, and since when that was known.

A period is [from, until) on the axis of the law's dates, and [known, withdrawn) on the axis of
knowledge. What holds on a day, as far as it was known on another day, is the last of the periods
then known that begin by then: whoever did not know yet of a change took the law before it to go on.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Protocol, TypeVar


class Dated(Protocol):
    """Something that holds in a period."""

    @property
    def start(self) -> date: ...  # noqa: D102
    @property
    def until(self) -> date | None: ...  # noqa: D102
    @property
    def known(self) -> date: ...  # noqa: D102
    @property
    def withdrawn(self) -> date | None: ...  # noqa: D102


T = TypeVar("T", bound=Dated)


def is_known(entry: Dated, known_on: date | None) -> bool:
    """Whether an entry counts by what was known on a day; None: by all that is known."""
    if known_on is None:
        return entry.withdrawn is None
    return entry.known <= known_on and (entry.withdrawn is None or known_on < entry.withdrawn)


def in_force(entries: Sequence[T], day: date, known_on: date | None = None) -> T | None:
    """The entry that holds on `day`, of entries of one subject; None outside all periods."""
    known = [entry for entry in entries if is_known(entry, known_on)]
    begun = [entry for entry in known if entry.start <= day]
    if not begun:
        return None
    entry = max(begun, key=lambda one: one.start)
    ended = entry.until is not None and entry.until <= day
    # Its end was learnt together with what follows it: unknown then, it did not end.
    follower_known = any(one.start == entry.until for one in known)
    has_follower = any(one.start == entry.until for one in entries)
    return None if ended and (follower_known or not has_follower) else entry


def fault_of(entries: Sequence[Dated]) -> tuple[int, str] | None:
    """The first entry that breaks the order of periods, and how; None if all is well."""
    for index, entry in enumerate(entries):
        if entry.until is not None and entry.until <= entry.start:
            return index, f"the period from {entry.start} ends before it begins"
        if entry.withdrawn is not None and entry.withdrawn <= entry.known:
            return index, f"the period from {entry.start} is withdrawn before it was known"
    final = [index for index, entry in enumerate(entries) if entry.withdrawn is None]
    for earlier, later in pairwise(final):
        if entries[earlier].until != entries[later].start:
            return later, (
                f"a period until {entries[earlier].until} is followed by one from "
                f"{entries[later].start}; periods must meet, a time without a rule is a period "
                "with value null"
            )
    for index, entry in enumerate(entries):
        for other in entries[:index]:
            if other.start == entry.start and _known_together(other, entry):
                return index, f"two periods from {entry.start} were known at one time"
    return None


def _known_together(one: Dated, other: Dated) -> bool:
    latest = max(one.known, other.known)
    return all(entry.withdrawn is None or latest < entry.withdrawn for entry in (one, other))
