"""Makes up consolidated declarations from what the public topics say: a pure tally."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime

import msgspec
from msgspec import Struct

from pipeline.model import Decision, Notice
from pipeline.ops.declaration import Amounts, Declaration, Entry, Place
from pipeline.ops.declaration_history import (
    Event,
    History,
    entries_of,
    has_gaps,
    released_by,
    stood,
)
from pipeline.rulebook.declaration_forms import form_with_id
from pipeline.rulebook.monthly import month_after
from pipeline.stream.records import Record

DECLARATION_TOPICS = ("release", "inspection", "revenue", "notices")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

LocalDate = Callable[[datetime, str], date]
"""The calendar date of a moment in a country."""


class DeclarationTally:
    """Collects what the topics say of one operator, fed in any order and with any repeats.

    Args:
        operator: the carrier.
        month: the first day of the period.
        local_date: tells in which month an event falls, where the parcel goes.
    """

    def __init__(self, operator: str, month: date, local_date: LocalDate) -> None:
        self.complete = True
        self.unreadable = 0
        self._operator = operator
        self._month = month
        self._local_date = local_date
        self._decisions: defaultdict[str, dict[int, Event]] = defaultdict(dict)
        self._countries: dict[str, str] = {}
        self._ends: defaultdict[str, dict[int, Notice]] = defaultdict(dict)

    def add(self, record: Record) -> None:
        """Take in one record."""
        value = record.value or b""
        try:
            if _decode_carrier(value).carrier != self._operator:
                return
            if record.topic == "notices":
                notice = _decode_notice(value)
                if notice.event_number:
                    self._ends[notice.parcel_id][notice.event_number] = notice
            else:
                self._add_decision(_decode_decision(value))
        except _UNREADABLE:
            self.unreadable += 1

    def declarations(self) -> list[Declaration]:
        """Those of the period, by place; none for a place at which nothing happened in it."""
        entries: defaultdict[Place, list[Entry]] = defaultdict(list)
        before: defaultdict[Place, Amounts] = defaultdict(Amounts)
        stands: defaultdict[Place, Amounts] = defaultdict(Amounts)
        torn: set[Place] = set()
        for parcel_id, history in self._histories():
            for until, total in ((self._month, before), (month_after(self._month), stands)):
                released = stood(history, until).released
                if released:
                    total[released.place] = total[released.place].more(released.amounts)
            for place, entry in entries_of(parcel_id, history, self._month):
                entries[place].append(entry)
                if has_gaps(history):
                    torn.add(place)
        self.complete = self.complete and not self._is_release_lost()
        return [
            _declaration(
                self._operator,
                place,
                self._month,
                entries=entries[place],
                before=before[place],
                stands=stands[place],
                complete=self.complete and place not in torn,
            )
            for place in sorted(entries)
        ]

    def _histories(self) -> Iterator[tuple[str, History]]:
        """By parcel, in the order of their ids, of those that have a decision."""
        for parcel_id, decisions in sorted(self._decisions.items()):
            country = self._countries[parcel_id]
            ends = {
                number: Event(self._month_of(notice.occurred_at, country), notice.notice_id)
                for number, notice in self._ends.get(parcel_id, {}).items()
            }
            yield parcel_id, decisions | ends

    def _is_release_lost(self) -> bool:
        """Whether a case was ended in the period whose decisions are no longer on the topics."""
        return any(
            min(ends) > 1
            and any(n.occurred_at.date().replace(day=1) == self._month for n in ends.values())
            for parcel_id, ends in self._ends.items()
            if parcel_id not in self._decisions
        )

    def _add_decision(self, decision: Decision) -> None:
        country = decision.destination_country
        month = self._month_of(decision.occurred_at, country)
        self._countries[decision.parcel_id] = country
        self._decisions[decision.parcel_id][decision.event_number] = Event(
            month, decision.event_id, released_by(decision, month)
        )

    def _month_of(self, moment: datetime, country: str) -> date:
        return self._local_date(moment, country).replace(day=1)


def _declaration(
    operator: str,
    place: Place,
    month: date,
    *,
    entries: list[Entry],
    before: Amounts,
    stands: Amounts,
    complete: bool,
) -> Declaration:
    declared = Amounts()
    for entry in entries:
        declared = declared.more(Amounts(entry.duty, entry.tax, entry.fees))
    form = form_with_id(place.form_id)
    return Declaration(
        operator=operator,
        country=place.country,
        jurisdiction=place.jurisdiction,
        currency=place.currency,
        period=month.isoformat()[:7],
        form_id=place.form_id,
        title=form.title if form else "no form is known",
        due_on=form.due_on(month) if form else None,
        law_status=form.status if form else "unknown",
        legal_basis=form.legal_basis if form else "",
        complete=complete,
        entries=entries,
        declared_before=before,
        declared=declared,
        stands=stands,
    )


class _Carrier(Struct):
    carrier: str


_decode_carrier = msgspec.json.Decoder(_Carrier).decode
_decode_decision = msgspec.json.Decoder(Decision).decode
_decode_notice = msgspec.json.Decoder(Notice).decode
