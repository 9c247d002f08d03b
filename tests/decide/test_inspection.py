"""What results of inspections do."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline import __version__
from pipeline.decide.state import kept
from pipeline.model import Cause, FeedbackNoted, FoundItem, InspectionVerdict, IrgCategory, Outcome
from pipeline.reference.version import reference_version
from pipeline.rulebook.book import load_rule_book
from tests.builders import goods_item, parcel
from tests.decide.desk import (
    CARRIER,
    NOTHING_DUE,
    Desk,
    assessed,
    hit,
    payment,
    result,
    selected,
)

COMPLIANT, DISCREPANCY, PROHIBITED = InspectionVerdict


def test_compliant_goods_with_nothing_due_are_released() -> None:
    """The officer's word ends the case."""
    desk = Desk().announce(selected(revenue=NOTHING_DUE)).inspect(result(COMPLIANT))
    assert desk.last.outcome is Outcome.RELEASE
    assert desk.last.reason == "Released: inspected and found as declared."
    assert (desk.last.cause, desk.last.causing_id) == (Cause.INSPECTION_RESULT, "R-1")


def test_compliant_goods_with_charges_wait_for_payment() -> None:
    """An inspection pays no duty."""
    desk = Desk().announce(selected()).inspect(result(COMPLIANT))
    assert desk.last.outcome is Outcome.REVENUE
    assert desk.last.reason == (
        "Held for payment: inspected and found as declared; 9.06 EUR must be paid before release."
    )


def test_a_higher_value_found_is_charged_and_the_difference_shown() -> None:
    """EUR 249 instead of 24.90 are above the limit of low value: the tariff's duty applies."""
    found = FoundItem(1, intrinsic_value=Decimal("249.00"))
    desk = Desk().announce(selected()).inspect(result(DISCREPANCY, found_items=[found]))
    before, after = desk.events()
    assert after.outcome is Outcome.REVENUE
    assert after.revenue.intrinsic_value == Decimal("249.00")
    assert after.irg_category is IrgCategory.HIGH_VALUE
    difference = after.revenue.total_due - before.revenue.total_due
    assert difference > 0
    assert f"(difference +{difference})" in after.reason
    assert f"{after.revenue.unsecured_due} EUR must be paid before release" in after.reason


def test_what_an_account_secures_is_not_asked_for_after_a_discrepancy() -> None:
    """The account answers for the higher amount too."""
    found = FoundItem(1, intrinsic_value=Decimal("249.00"))
    desk = Desk(on_account_carriers=frozenset({CARRIER})).announce(selected())
    desk.inspect(result(DISCREPANCY, found_items=[found]))
    assert desk.last.outcome is Outcome.RELEASE
    assert desk.last.revenue.total_due > 0


def test_what_differs_is_taken_from_the_finding_and_the_rest_from_the_declaration() -> None:
    """A finding on one goods item leaves the other as declared."""
    two_items = parcel(items=[goods_item(), goods_item(sequence_number=2)])
    found = FoundItem(2, commodity_code="640411", quantity=1, intrinsic_value=Decimal(40))
    desk = Desk().announce(selected(parcel=two_items))
    desk.inspect(result(DISCREPANCY, found_items=[found]))
    assert desk.last.revenue.intrinsic_value == Decimal("64.90")


def test_a_mandatory_profile_keeps_the_category_of_the_normal_procedure() -> None:
    """Restricted goods stay restricted, whatever their value turns out to be."""
    restricted = selected(rules=[hit(rule_id="R05", mandatory=True)])
    desk = Desk().announce(restricted).inspect(result(DISCREPANCY))
    assert desk.last.irg_category is IrgCategory.HIGH_VALUE


def test_prohibited_goods_are_refused_on_the_topic_of_those_who_ordered_the_inspection() -> None:
    """The end of the case."""
    desk = Desk().announce(selected()).inspect(result(PROHIBITED, legal_basis="Washington, 1973"))
    assert desk.last.outcome is Outcome.REFUSED
    assert desk.last.reason == (
        "Refused: the inspection found prohibited goods (Washington, 1973)."
    )
    assert len(desk.stream.read("inspection")) == 2


def test_what_was_paid_for_refused_goods_is_due_for_refund() -> None:
    """Part was paid, then an amendment led to an inspection."""
    desk = Desk().announce(assessed()).pay(payment("5")).announce(selected(version=2))
    desk.inspect(result(PROHIBITED))
    assert desk.last.reason.endswith("prohibited goods; 5 EUR are due for refund.")


def test_names_and_addresses_are_forgotten_after_the_inspection() -> None:
    """A case that waits for a payment needs no goods and no parties."""
    desk = Desk().announce(selected())
    under_inspection, waiting = desk.case(), desk.inspect(result(COMPLIANT)).case()
    assert under_inspection is not None
    assert waiting is not None
    assert (kept(under_inspection) or assessed()).parcel is not None
    assert (kept(waiting) or selected()).parcel is None


@pytest.mark.parametrize(
    ("found", "where"),
    [
        ([FoundItem(7)], "$.found_items[0].sequence_number"),
        ([FoundItem(1), FoundItem(1)], "$.found_items[1].sequence_number"),
        ([FoundItem(1, intrinsic_value=Decimal(-1))], "$.found_items[0].intrinsic_value"),
        ([FoundItem(1, intrinsic_value=Decimal("NaN"))], "$.found_items[0].intrinsic_value"),
        ([FoundItem(1, intrinsic_value=Decimal("1e999"))], "$.found_items[0].intrinsic_value"),
        ([FoundItem(1, quantity=10**9)], "$.found_items[0].quantity"),
        ([FoundItem(1, commodity_code="61?9")], "$.found_items[0].commodity_code"),
    ],
)
def test_a_finding_that_fits_no_goods_is_told_where(found: list[FoundItem], where: str) -> None:
    """The case stays under inspection, and a corrected result with the same id is taken."""
    desk = Desk().announce(selected()).inspect(result(DISCREPANCY, found_items=found))
    assert desk.codes() == ["invalid_message"]
    assert where in dict(desk.dead_letters()[0].headers)["error_text"].decode()
    assert desk.inspect(result(DISCREPANCY)).last.event_number == 2


def test_a_repeated_result_has_no_second_effect() -> None:
    """The same result id, even when the case has moved on."""
    desk = Desk().announce(selected()).inspect(result(COMPLIANT)).pay(payment())
    before = desk.case()
    desk.inspect(result(COMPLIANT))
    assert (desk.case(), desk.codes(), len(desk.events())) == (before, [], 3)
    assert desk.stream.notes[-1] == FeedbackNoted("inspection_result", "repeated")


def test_charges_computed_anew_name_the_versions_they_rest_on() -> None:
    """Days may lie between, and a new release; what was scored stays with its own versions."""
    desk = Desk().announce(selected()).inspect(result(DISCREPANCY))
    before, after = (event.versions for event in desk.events())
    assert before == assessed().assessment.versions
    assert after == replace(
        before,
        rule_book=load_rule_book().version,
        reference_data=reference_version(),
        software=__version__,
    )
    assert after != before


def test_a_confirmed_assessment_keeps_its_versions() -> None:
    desk = Desk().announce(selected()).inspect(result(COMPLIANT))
    assert desk.last.versions == assessed().assessment.versions
