"""Goods found otherwise are assessed by the law that was published when the result arrived."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.model import Decision, FoundItem, InspectionVerdict
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.overlay import overlaid
from pipeline.rulebook.shelf import NOTICE_MS, Shelf
from tests.builders import parcel
from tests.decide import desk
from tests.decide.desk import FIRST_MS, LEGAL_DATE, result, revenue_of, selected
from tests.revenue.new_law import PATH, flat_duty_of_four

FOUND = [FoundItem(1, quantity=3)]
LONG_AGO_MS = FIRST_MS - 3_600_000


def reassessed(
    monkeypatch: pytest.MonkeyPatch, covers_from: date, published_at_ms: int
) -> Decision:
    release = load_rule_book()
    shelf = Shelf(release)
    new = overlaid({PATH: flat_duty_of_four("2026-07-02")})
    shelf.publish(new.following(release, covers_from), published_at_ms)
    monkeypatch.setattr(desk, "Shelf", lambda _: shelf)
    inspection = result(InspectionVerdict.DISCREPANCY, found_items=FOUND)
    return desk.Desk().announce(selected()).inspect(inspection).last


def duty_of(decision: Decision) -> str:
    return str(next(line.amount for line in decision.revenue.lines if line.charge == "duty"))


def test_law_published_before_the_result_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = reassessed(monkeypatch, LEGAL_DATE, LONG_AGO_MS)
    assert duty_of(decision) == "4.00"
    assert decision.versions.rule_book != load_rule_book().version


@pytest.mark.parametrize(
    ("covers_from", "published_at_ms"),
    [(date(2026, 7, 8), LONG_AGO_MS), (LEGAL_DATE, FIRST_MS + NOTICE_MS)],
)
def test_law_of_later_days_and_law_published_later_do_not(
    monkeypatch: pytest.MonkeyPatch, covers_from: date, published_at_ms: int
) -> None:
    decision = reassessed(monkeypatch, covers_from, published_at_ms)
    assert duty_of(decision) == "3.00"
    assert decision.versions.rule_book == load_rule_book().version


def test_other_parcels_of_the_day_count_as_they_did_before() -> None:
    """What the consignee's other parcels are worth is not known here, so the first sum stays."""
    found = replace(revenue_of(parcel()), same_day_goods=Decimal(100))
    inspection = result(InspectionVerdict.DISCREPANCY, found_items=FOUND)
    before = replace(selected().header, destination_country="KR")
    announced = replace(selected(revenue=found), header=before)
    assert desk.Desk().announce(announced).inspect(inspection).last.revenue.same_day_goods == 100
