"""A decision in words: an officer finds everything the decision rests on."""

from decimal import Decimal

import msgspec

from pipeline.model import FoundItem, InspectionVerdict
from pipeline.model.explain import explain
from tests.builders import goods_item, parcel
from tests.decide.desk import Desk, assessed, hit, payment, result, selected


def test_a_first_decision_is_told_line_by_line() -> None:
    """Outcome, reason, category, rules, money with its legal basis, law and versions."""
    assert explain(Desk().announce(assessed(score=30, rules=[hit()])).last) == [
        "Parcel LX123456785CN of SWIFTPOST is held for payment.",
        "  Why: Held for payment: 9.06 EUR must be paid before release.",
        "  Announced on manifest SP-0001, version 1, to DE.",
        "  Event 1: the first decision on this parcel.",
        (
            "  Category 3 (low value, duty or tax due): 24.90 EUR is not above 150.00, and charges "
            "are payable."
        ),
        "  Risk score 30 of 100:",
        "    R01 version 1, undervalued: 30 points; observed 1.00 EUR, limit 5.00 EUR",
        "  Duty and tax in EU: goods of 24.90 EUR, customs value 28.90 EUR.",
        (
            "    duty 3.00 EUR: 3.00 EUR per item = 3.00, items 1 (eu.duty.low_value_per_item "
            "of 2026-07-01; Council Regulation (EU) 2026/382)"
        ),
        (
            "    tax 6.06 EUR: (goods 24.90 + transport 4.00 + duty 3.00) x 19 % = 6.06 "
            "(eu.vat.rate.DE of 2021-01-01; Directive 2006/112/EC, Art. 96-97, and national law)"
        ),
        "    Total 9.06 EUR: to be paid before release.",
        (
            "  Law of 2026-07-07; rule book law-1, risk rules risk-1, data rules data-1, "
            "reference data ref-1, software 0.1."
        ),
    ]


def test_what_came_before_is_named() -> None:
    """The event that is replaced, and the message that caused this one."""
    first, second = Desk().announce(assessed()).pay(payment()).events()
    lines = explain(second)
    assert "  Event 2: payment P-1." in lines
    assert f"  It replaces event {first.event_id}." in lines


def test_conversion_estimates_and_mandatory_rules_are_told() -> None:
    """Nothing that makes a figure less certain is left out."""
    dollars = parcel(currency="USD", items=[goods_item(commodity_code="")])
    found = FoundItem(1, intrinsic_value=Decimal(900))
    desk = Desk().announce(
        selected(parcel=dollars, rules=[hit(mandatory=True, pointer="/items/0", limit="")])
    )
    lines = explain(desk.inspect(result(InspectionVerdict.DISCREPANCY, found_items=[found])).last)
    assert any("USD for 1 EUR" in line for line in lines)
    assert "    This is an estimate:" in lines
    assert any(line.startswith("    - ") for line in lines)
    assert (
        "    R01 version 1, undervalued: mandatory inspection; observed 1.00 EUR at /items/0"
    ) in lines


def test_nothing_in_senders_texts_acts_on_a_screen() -> None:
    """Control characters are shown, not sent."""
    decision = msgspec.structs.replace(
        Desk().announce(assessed(rules=[hit(observed="\x1b[2J\n")])).last, reason="\u202ereason"
    )
    assert all(line.isprintable() for line in explain(decision))
