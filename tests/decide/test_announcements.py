"""Announcements of a parcel that has a case: amendments, duplicates, latecomers."""

from decimal import Decimal

import pytest

from pipeline.decide.publish import event_id
from pipeline.model import (
    AcknowledgementStatus,
    Cause,
    InspectionVerdict,
    Outcome,
    RejectionNoted,
)
from tests.builders import goods_item, parcel
from tests.decide.desk import (
    CARRIER,
    NOTHING_DUE,
    PARCEL_ID,
    RECEIVED_AT,
    Desk,
    assessed,
    payment,
    result,
    revenue_of,
    selected,
)


def test_a_newer_version_is_decided_anew_and_replaces_the_old_event() -> None:
    """The link to the old event is visible to everyone."""
    desk = Desk().announce(assessed()).announce(assessed(version=2, revenue=NOTHING_DUE))
    old, new = desk.events()
    assert (new.outcome, new.cause) == (Outcome.RELEASE, Cause.AMENDMENT)
    assert (new.parcel_version, new.event_number) == (2, 2)
    assert new.supersedes == old.event_id
    assert desk.answers() == []


def test_what_was_paid_before_an_amendment_counts_on() -> None:
    """EUR 5 paid on 9.06; the amended goods owe 12.04."""
    dearer = parcel(items=[goods_item(intrinsic_value=Decimal("40.58"))])
    desk = Desk().announce(assessed()).pay(payment("5"))
    desk.announce(assessed(version=2, parcel=dearer))
    left = revenue_of(dearer).unsecured_due - 5
    assert desk.last.reason == f"Held for payment: {left} EUR must be paid before release."
    assert desk.pay(payment(left, payment_id="P-2")).last.outcome is Outcome.RELEASE


def test_what_was_paid_before_can_cover_an_amendment() -> None:
    """The rest is due for refund."""
    cheaper = parcel(items=[goods_item(intrinsic_value=Decimal("5.00"))])
    desk = Desk().announce(assessed()).pay(payment("9"))
    desk.announce(assessed(version=2, parcel=cheaper))
    over = 9 - revenue_of(cheaper).unsecured_due
    assert desk.last.reason == (
        f"Released: what is due was paid before (9 EUR); {over} EUR are due for refund."
    )


def test_payments_in_another_currency_are_due_for_refund() -> None:
    """An amendment can change the destination, and with it the currency."""
    pounds = revenue_of(parcel())
    pounds = type(pounds)(
        jurisdiction="GB",
        currency="GBP",
        intrinsic_value=Decimal(20),
        customs_value=Decimal(20),
        total_due=Decimal(4),
        unsecured_due=Decimal(4),
    )
    desk = Desk().announce(assessed()).pay(payment("5"))
    desk.announce(assessed(version=2, revenue=pounds))
    assert desk.last.reason == (
        "Held for payment: 4 GBP must be paid before release. 5 EUR paid before are due for refund."
    )
    case = desk.case()
    assert case is not None
    assert case.paid == 0


@pytest.mark.parametrize(
    ("again", "rule_id"),
    [
        (assessed(), "duplicate_parcel"),
        (assessed(manifest_id="SP-0002"), "duplicate_parcel"),
        (assessed(manifest_id="SP-0002", version=3), "duplicate_parcel"),
        (assessed(version=1), "outdated_version"),
    ],
)
def test_a_refused_announcement_is_answered_and_changes_nothing(
    again: object, rule_id: str
) -> None:
    """One parcel taken back from what intake had accepted."""
    desk = Desk().announce(assessed(version=2 if rule_id == "outdated_version" else 1))
    before = desk.case()
    desk.announce(again)  # type: ignore[arg-type]
    (answer,) = desk.answers()
    assert answer.status is AcknowledgementStatus.REJECTED
    counts = (answer.announced_parcels, answer.accepted_parcels, answer.rejected_parcels)
    assert counts == (0, 0, 1)
    assert answer.received_at == RECEIVED_AT
    (fault,) = answer.faults
    assert (fault.rule_id, fault.parcel_id) == (rule_id, PARCEL_ID)
    assert fault.text
    assert fault.correction
    assert desk.stream.notes[-1] == RejectionNoted(rule_id, 1)
    assert (desk.case(), len(desk.events())) == (before, 1)


def test_an_amendment_of_examined_goods_is_refused() -> None:
    """Also when they only wait for payment: an officer has seen them (UCC, art. 173)."""
    desk = Desk().announce(selected()).inspect(result(InspectionVerdict.COMPLIANT))
    desk.announce(assessed(version=2))
    assert desk.answers()[0].faults[0].rule_id == "amendment_too_late"


def test_a_parcel_twice_in_one_envelope_is_decided_once() -> None:
    """Parts of a manifest can name the same parcel; the second one is answered."""
    desk = Desk().announce(assessed(), assessed())
    assert (len(desk.events()), len(desk.answers())) == (1, 1)


def test_event_ids_are_a_pure_function_of_what_they_name() -> None:
    """Every argument counts; the same arguments give the same id on every machine."""
    ids = {
        event_id("A", "P", 1, 1),
        event_id("B", "P", 1, 1),
        event_id("A", "Q", 1, 1),
        event_id("A", "P", 2, 1),
        event_id("A", "P", 1, 2),
        event_id("A", "1|P", 1, 1),
    }
    assert len(ids) == 6
    assert event_id(CARRIER, PARCEL_ID, 1, 1) == "7ae5518d683691760ddb73c3ded68f67"
