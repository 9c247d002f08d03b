"""Consolidated declarations, from the topics alone: each parcel once, and corrections add up."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decide.state import CaseState
from pipeline.errors import RuleBookError
from pipeline.model import InspectionVerdict, IrgCategory, case_key
from pipeline.ops.declaration import Amounts, Declaration, EntryKind
from pipeline.ops.declaration_tally import DECLARATION_TOPICS, DeclarationTally
from pipeline.ops.settlement import Settlement
from pipeline.rulebook import declaration_forms as forms
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.monthly import month_after
from pipeline.stream.records import Record
from tests.accounts.bank import LIMIT, Bank
from tests.builders import parcel as ordinary_parcel
from tests.decide.desk import (
    CARRIER,
    NOTHING_DUE,
    Desk,
    assessed,
    cancellation,
    payment,
    result,
    revenue_of,
)

JULY, AUGUST, SEPTEMBER = date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)
PARCEL, CORRECTION, REMOVAL = EntryKind
DAYS_31 = 31 * 24
HIGH = IrgCategory.HIGH_VALUE


def tally_of(desk: Desk, month: date) -> DeclarationTally:
    """Topics in an order, and with repeats, that must not matter."""
    tally = DeclarationTally(CARRIER, month, load_rule_book().legal_date)
    records = [record for topic in DECLARATION_TOPICS for record in desk.stream.read(topic)]
    random.Random(1).shuffle(records)
    for record in [*records, *records[:3]]:
        tally.add(record)
    return tally


def declared(desk: Desk, month: date) -> list[tuple[str, EntryKind, str, str]]:
    """Parcel, kind, total and first month of each entry in a month."""
    found = tally_of(desk, month).declarations()
    assert all(one.closed and one.complete for one in found)
    return [
        (entry.parcel_id, entry.kind, str(entry.total), entry.first_declared)
        for one in found
        for entry in one.entries
    ]


def test_a_declaration_has_every_way_in_which_a_parcel_is_released_and_no_other() -> None:
    """On account, paid, with nothing due; not what waits for a payment or an officer."""
    bank = Bank().order(LIMIT, "9.06").announce(assessed(parcel_id="ACCOUNT"))
    bank.announce(assessed(parcel_id="PAID")).pay(payment(parcel_id="PAID"))
    bank.announce(assessed(parcel_id="FREE", revenue=NOTHING_DUE))
    bank.announce(assessed(parcel_id="WAITS"))
    (one,) = tally_of(bank, JULY).declarations()
    entries = {entry.parcel_id: (entry.settlement, str(entry.total)) for entry in one.entries}
    assert entries == {
        "ACCOUNT": (Settlement.ACCOUNT, "9.06"),
        "FREE": (Settlement.NOTHING_DUE, "0"),
        "PAID": (Settlement.CONSIGNEE, "9.06"),
    }
    assert one.declared == Amounts(Decimal("6.00"), Decimal("12.12"), Decimal(0))
    assert (one.country, one.jurisdiction, one.currency) == ("DE", "EU", "EUR")
    assert (one.form_id, one.due_on, one.law_status) == (
        *("eu.super_reduced", date(2026, 8, 10), "unverified"),
    )


def test_high_value_has_a_form_of_its_own() -> None:
    desk = Desk().announce(assessed(parcel_id="A", revenue=NOTHING_DUE))
    desk.announce(assessed(parcel_id="B", revenue=NOTHING_DUE, irg_category=HIGH))
    both = tally_of(desk, JULY).declarations()
    found = {one.form_id: [entry.parcel_id for entry in one.entries] for one in both}
    assert found == {"eu.super_reduced": ["A"], "eu.supplementary": ["B"]}


def test_a_parcel_released_and_cancelled_in_one_month_stands_nowhere() -> None:
    desk = Desk().announce(assessed()).pay(payment()).cancel(cancellation())
    assert declared(desk, JULY) == []


def test_a_cancellation_in_a_later_month_removes_what_was_declared() -> None:
    desk = Desk().announce(assessed(parcel_id="A")).pay(payment(parcel_id="A")).wait(DAYS_31)
    desk.cancel(cancellation(parcel_id="A"))
    assert declared(desk, JULY) == [("A", PARCEL, "9.06", "2026-07")]
    assert declared(desk, AUGUST) == [("A", REMOVAL, "-9.06", "2026-07")]
    (one,) = tally_of(desk, AUGUST).declarations()
    assert (one.declared_before.total, one.stands.total) == (Decimal("9.06"), 0)
    assert one.entries[0].event_id == desk.notices("A")[-1].notice_id


def test_what_is_closed_because_it_never_arrived_is_removed() -> None:
    desk = Desk(scanned_carriers=frozenset({"*"}))
    desk.announce(assessed(parcel_id="A", revenue=NOTHING_DUE)).wait(DAYS_31).wait(DAYS_31)
    kinds = [declared(desk, month) for month in (JULY, AUGUST, SEPTEMBER)]
    assert kinds == [[("A", PARCEL, "0", "2026-07")], [("A", REMOVAL, "0", "2026-07")], []]


def test_an_amendment_after_the_declaration_is_a_correction() -> None:
    """The case is cancelled and announced anew; the difference is declared."""
    desk = Desk().announce(assessed(parcel_id="A")).pay(payment(parcel_id="A")).wait(DAYS_31)
    desk.cancel(cancellation(parcel_id="A"))
    less = revenue_of(ordinary_parcel(transport_cost=Decimal(0)))
    desk.announce(assessed(parcel_id="A", version=2, revenue=less))
    desk.pay(payment(less.total_due, parcel_id="A", payment_id="P-2"))
    difference = str(less.total_due - Decimal("9.06"))
    assert declared(desk, AUGUST) == [("A", CORRECTION, difference, "2026-07")]


def test_a_parcel_that_comes_back_after_its_removal_is_no_second_one() -> None:
    desk = Desk().announce(assessed(parcel_id="A")).pay(payment(parcel_id="A")).wait(DAYS_31)
    desk.cancel(cancellation(parcel_id="A")).wait(DAYS_31)
    desk.announce(assessed(parcel_id="A", version=2))
    desk.pay(payment(parcel_id="A", payment_id="P-2"))
    assert declared(desk, SEPTEMBER) == [("A", CORRECTION, "9.06", "2026-07")]


def test_a_parcel_of_another_form_now_is_removed_from_the_first_one() -> None:
    desk = Desk().announce(assessed(parcel_id="A", revenue=NOTHING_DUE)).wait(DAYS_31)
    desk.cancel(cancellation(parcel_id="A"))
    desk.announce(assessed(parcel_id="A", version=2, revenue=NOTHING_DUE, irg_category=HIGH))
    found = tally_of(desk, AUGUST).declarations()
    assert [(one.form_id, one.entries[0].kind) for one in found] == [
        ("eu.super_reduced", REMOVAL),
        ("eu.supplementary", PARCEL),
    ]


def test_the_month_is_that_of_the_country_of_destination() -> None:
    """23:00 UTC of the last of July is August in Germany."""
    late_ms = int(datetime(2026, 7, 31, 23, tzinfo=UTC).timestamp() * 1000)
    desk = Desk()
    envelope = msgspec.msgpack.encode([assessed(parcel_id="A", revenue=NOTHING_DUE)])
    desk.send("assessments", None, envelope, timestamp_ms=late_ms)
    assert [len(declared(desk, month)) for month in (JULY, AUGUST)] == [0, 1]


def test_lost_records_are_told_of() -> None:
    """Of a parcel whose first event is gone, and of a removal whose release is gone."""
    desk = Desk().announce(assessed(parcel_id="A")).pay(payment(parcel_id="A"))
    tally = DeclarationTally(CARRIER, JULY, load_rule_book().legal_date)
    for record in desk.stream.read("release"):
        tally.add(record)
    assert [one.complete for one in tally.declarations()] == [False]
    desk.cancel(cancellation(parcel_id="A"))
    tally = DeclarationTally(CARRIER, JULY, load_rule_book().legal_date)
    for record in desk.stream.read("notices"):
        tally.add(record)
    assert (tally.declarations(), tally.complete) == ([], False)


def test_a_cancellation_that_overtook_its_parcel_is_nothing_lost() -> None:
    desk = Desk().cancel(cancellation(parcel_id="A"))
    tally = tally_of(desk, JULY)
    assert (tally.declarations(), tally.complete) == ([], True)


def test_an_unreadable_decision_is_counted_and_others_do_not_count() -> None:
    tally = DeclarationTally("OTHER", JULY, load_rule_book().legal_date)
    tally.add(Record("release", 0, 0, 0, None, b"{"))
    for record in Desk().announce(assessed(revenue=NOTHING_DUE)).stream.read("release"):
        tally.add(record)
    assert (tally.unreadable, tally.declarations()) == (1, [])


def test_a_declaration_whose_sums_do_not_agree_says_so() -> None:
    (one,) = tally_of(Desk().announce(assessed(revenue=NOTHING_DUE)), JULY).declarations()
    assert not msgspec.structs.replace(one, stands=Amounts(Decimal(1))).closed
    assert not msgspec.structs.replace(one, entries=one.entries * 2).closed


def test_a_jurisdiction_without_a_form_has_no_date() -> None:
    revenue = msgspec.structs.replace(NOTHING_DUE, jurisdiction="US")
    (one,) = tally_of(Desk().announce(assessed(revenue=revenue)), JULY).declarations()
    assert (one.form_id, one.due_on, one.law_status) == ("unknown", None, "unknown")


def test_the_date_that_was_read_is_the_24th() -> None:
    form = forms.declaration_form("CA", IrgCategory.LOW_VALUE_DUTIABLE, JULY)
    assert form is not None
    assert (form.due_on(JULY), form.status) == (date(2026, 8, 24), "enacted")


def test_two_forms_for_the_same_parcels_are_refused_with_their_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = forms.PATH.read_text().replace("categories: [4]", "categories: [3, 4]", 1)
    path = tmp_path / "declaration_forms.yaml"
    path.write_text(text)
    monkeypatch.setattr(forms, "PATH", path)
    with pytest.raises(RuleBookError, match=r"line \d+: eu.supplementary holds together"):
        forms.declaration_forms.__wrapped__()


PARCELS = ("A", "B")
ACTS: list[Callable[[Desk, str, int], object]] = [
    lambda desk, name, n: desk.announce(assessed(parcel_id=name, version=n)),
    lambda desk, name, n: desk.announce(
        assessed(parcel_id=name, version=n, revenue=NOTHING_DUE, irg_category=HIGH)
    ),
    lambda desk, name, n: desk.announce(assessed(parcel_id=name, version=n, revenue=NOTHING_DUE)),
    lambda desk, name, n: desk.pay(payment(parcel_id=name, payment_id=f"P-{n}")),
    lambda desk, name, n: desk.cancel(cancellation(n, parcel_id=name)),
    lambda desk, name, n: desk.wait(20 * 24),
    lambda desk, name, n: desk.inspect(
        result(InspectionVerdict.COMPLIANT, parcel_id=name, result_id=f"R-{n}")
    ),
]


@settings(max_examples=200, deadline=None)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(ACTS), st.sampled_from(PARCELS)), min_size=6, max_size=24
    ),
)
def test_each_released_parcel_stands_once_and_corrections_add_up(
    acts: list[tuple[Callable[[Desk, str, int], object], str]],
) -> None:
    """Over all months, whatever happened: the sums of a parcel's entries are its last state."""
    desk = Desk()
    for number, (act, name) in enumerate(acts, start=1):
        act(desk, name, number)
    found: list[Declaration] = []
    month = JULY
    while month <= desk.now.date():
        found += tally_of(desk, month).declarations()
        month = month_after(month)
    assert all(one.closed and one.complete for one in found)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    first: Counter[tuple[str, str]] = Counter()
    for one in found:
        for entry in one.entries:
            sums[entry.parcel_id] += entry.total
            first[entry.parcel_id, one.form_id] += entry.kind is PARCEL
    assert set(first.values()) <= {1}
    for name in PARCELS:
        case = desk.case(case_key(CARRIER, name))
        released = case is not None and case.state is CaseState.RELEASED
        assert sums[name] == (desk.events(name)[-1].revenue.total_due if released else 0)
        assert not released or any(parcel_id == name for parcel_id, _ in first)
