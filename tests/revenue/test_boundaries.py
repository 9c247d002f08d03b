"""Every limit at its edge, and every dated change on the days around it."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import pytest

from pipeline.model import GoodsType, LawStatus, RevenueAssessment, TransportMode
from pipeline.model.parcel import PersonType
from pipeline.reference.exchange import Conversion
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.bill import Bill
from pipeline.revenue.conditions import value_conditions
from pipeline.rulebook.book import Law, load_rule_book
from pipeline.rulebook.changes import changes
from pipeline.rulebook.law_check import limits_of
from pipeline.rulebook.law_files import When
from tests.builders import consignee, goods_item, parcel

BOOK = load_rule_book()
FIRST, LAST = date(2018, 1, 2), date(2035, 1, 1)
TODAY = date(2026, 11, 24)
WITHOUT_LIMITS = {"CH", "IN", "NO"}
CENT = Decimal("0.01")
WITHIN = {
    "up_to": (True, True, False),
    "above": (False, False, True),
    "below": (True, False, False),
    "at_least": (False, True, True),
}
"""Whether a value one cent below a limit, at it and one cent above it keeps to the limit."""
FACTS = {
    "sale": {},
    "gift": {"goods_type": GoodsType.GIFT},
    "company": {"consignee": consignee(person_type=PersonType.LEGAL)},
}


@cache
def dates(jurisdiction: str) -> list[date]:
    """The first day of each change, the day before and after, and the last day before the next."""
    changed = sorted({one.day for one in changes(BOOK, FIRST, LAST, jurisdiction)})
    day = timedelta(days=1)
    return sorted({TODAY, *(near for one in changed for near in (one - day, one, one + day))})


def limits(law: Law) -> Iterator[tuple[str, When]]:
    """Limits on the value of a parcel that are in force, each with a rule's conditions."""
    for charge in law.charges:
        for rule in charge.rules:
            for test in rule.when.value:
                name, parameter_id = limits_of(test)[0]
                if law.value(parameter_id).number is not None and not test.factor:
                    yield name, When(value=[test])


def unchanged(source: str, target: str, _: date) -> Conversion | None:
    """Every currency is worth the same: limits stand in many."""
    return Conversion(Decimal(1), "")


@pytest.mark.parametrize("jurisdiction", sorted(BOOK.sources))
def test_every_limit_holds_to_the_cent_on_every_day_of_change(jurisdiction: str) -> None:
    looked_at = 0
    for day in dates(jurisdiction):
        law = BOOK.on(jurisdiction, day)
        for name, when in limits(law):
            limit = law.value(limits_of(when.value[0])[0][1])
            (condition,) = value_conditions(when, law)
            held = []
            for value in (limit.number - CENT, limit.number, limit.number + CENT):
                declared = parcel(
                    items=[goods_item(intrinsic_value=value)],
                    transport_cost=Decimal(0),
                    currency=limit.currency,
                )
                bill = Bill(declared, value, law, day, Conversion(Decimal(1), ""), unchanged)
                held.append(condition.holds(bill))
            assert tuple(held) == WITHIN[name], (day, limit.id)
            looked_at += 1
    assert bool(looked_at) is (jurisdiction not in WITHOUT_LIMITS)


@pytest.mark.parametrize("jurisdiction", sorted(BOOK.sources))
def test_every_value_holds_from_its_first_day_to_its_last(jurisdiction: str) -> None:
    """The day before, the day itself, the last day and the day after of each period."""
    day = timedelta(days=1)
    for parameter in BOOK.sources[jurisdiction].parameters:
        for entry in parameter.values:
            if entry.withdrawn is not None:
                continue
            last = entry.until - day if entry.until else entry.start + day
            for inside in (entry.start, last):
                found = BOOK.on(jurisdiction, inside).value(parameter.id)
                assert (found.text, found.status) == (entry.value, entry.status), inside
            first = all(entry.start <= one.start for one in parameter.values)
            before = BOOK.on(jurisdiction, entry.start - day).value(parameter.id)
            assert (before.since is None) == first
            if entry.until:
                after = BOOK.on(jurisdiction, entry.until).value(parameter.id)
                assert after.since in {entry.until, None}


@pytest.mark.parametrize("jurisdiction", sorted(BOOK.sources))
@pytest.mark.parametrize("facts", FACTS)
def test_an_assessment_at_every_edge_adds_up(jurisdiction: str, facts: str) -> None:
    """On every day of change, with values around every limit: nothing raises, and sums hold."""
    country = next(iter(BOOK.sources[jurisdiction].entry.zones))
    for day in dates(jurisdiction):
        law = BOOK.on(jurisdiction, day)
        edges = {law.value(limits_of(when.value[0])[0][1]).number for _, when in limits(law)}
        for value in sorted({one + step for one in edges for step in (-CENT, 0, CENT)}):
            found = assessed(country, day, value, facts)
            assert found.total_due == sum((line.amount for line in found.lines), Decimal(0))
            assert all(line.rule_version <= day.isoformat() for line in found.lines)
            unsure = [one.status for one in (*found.lines, *found.not_charged)]
            assert found.estimated or LawStatus.UNVERIFIED not in unsure


def assessed(country: str, day: date, value: Decimal, facts: str) -> RevenueAssessment:
    return assess_revenue(
        parcel(items=[goods_item(intrinsic_value=value)], **FACTS[facts]),
        destination_country=country,
        transport_mode=TransportMode.AIR,
        legal_date=day,
        book=BOOK,
        on_account=False,
        convert=unchanged,
    )
