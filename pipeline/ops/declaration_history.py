"""What became of a parcel month by month, and so what the declaration of a month says of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipeline.model import ChargeKind, Decision, IrgCategory, Outcome
from pipeline.ops.declaration import ZERO, Amounts, Entry, EntryKind, Place
from pipeline.ops.settlement import Settlement, settlement_of
from pipeline.rulebook.declaration_forms import declaration_form
from pipeline.rulebook.monthly import month_after

UNKNOWN_FORM = "unknown"


class Released(NamedTuple):
    """A parcel that is released: where it is declared, and what it owes."""

    place: Place
    amounts: Amounts
    category: IrgCategory
    settlement: Settlement
    estimated: bool


class Event(NamedTuple):
    """A decision, or a notice that ends a case, in a month given by its first day."""

    month: date
    event_id: str
    released: Released | None = None


History = Mapping[int, Event]
"""Events of one parcel by their numbers."""

_NOTHING = Event(date.min, "")


def released_by(decision: Decision, month: date) -> Released | None:
    """What a decision releases; None for any other outcome."""
    if decision.outcome is not Outcome.RELEASE:
        return None
    revenue, category = decision.revenue, decision.irg_category
    amounts: defaultdict[ChargeKind, Decimal] = defaultdict(lambda: ZERO)
    for line in revenue.lines:
        amounts[line.kind] += line.amount
    form = declaration_form(revenue.jurisdiction, category, month)
    return Released(
        Place(
            decision.destination_country,
            revenue.jurisdiction,
            revenue.currency,
            form.id if form else UNKNOWN_FORM,
        ),
        Amounts(amounts[ChargeKind.DUTY], amounts[ChargeKind.TAX], amounts[ChargeKind.FEE]),
        category,
        settlement_of(decision),
        revenue.estimated,
    )


def stood(history: History, until: date) -> Event:
    """The event that held when a month began: the one with the highest number before it."""
    before = [number for number, event in history.items() if event.month < until]
    return history[max(before)] if before else _NOTHING


def has_gaps(history: History) -> bool:
    """Whether events are missing: they have numbers from 1 on."""
    return len(history) != max(history)


def entries_of(parcel_id: str, history: History, month: date) -> Iterator[tuple[Place, Entry]]:
    """What the declarations of a month say of a parcel: nothing, if nothing happened in it."""
    old, new = stood(history, month), stood(history, month_after(month))
    if old.event_id == new.event_id:
        return
    before, after = old.released, new.released
    if before and (after is None or after.place != before.place):
        first = _first_declared(history, before.place)
        nothing = before._replace(amounts=Amounts())
        yield before.place, _entry(EntryKind.REMOVAL, parcel_id, new, nothing, before, first)
    if after:
        first = _first_declared(history, after.place)
        is_new = first == month
        kind = EntryKind.PARCEL if is_new else EntryKind.CORRECTION
        same = before if before and before.place == after.place else None
        yield after.place, _entry(kind, parcel_id, new, after, same, first)


def _first_declared(history: History, place: Place) -> date:
    """The first month at whose end the parcel stood at a place."""
    months = sorted({event.month for event in history.values()})
    for month in months:
        released = stood(history, month_after(month)).released
        if released and released.place == place:
            return month
    raise ValueError(f"it never stood at {place}")


def _entry(
    kind: EntryKind,
    parcel_id: str,
    event: Event,
    now: Released,
    before: Released | None,
    first: date,
) -> Entry:
    amounts = now.amounts.less(before.amounts) if before else now.amounts
    return Entry(
        parcel_id=parcel_id,
        kind=kind,
        category=now.category,
        event_id=event.event_id,
        first_declared=first.isoformat()[:7],
        settlement=Settlement.REMOVED if kind is EntryKind.REMOVAL else now.settlement,
        estimated=now.estimated,
        duty=amounts.duty,
        tax=amounts.tax,
        fees=amounts.fees,
        total=amounts.total,
    )
