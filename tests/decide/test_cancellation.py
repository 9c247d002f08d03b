"""A carrier takes a parcel back: before it arrives, and whichever message comes first."""

from decimal import Decimal

import msgspec
import pytest

from pipeline.decide.room import DecideRoom
from pipeline.decide.state import CaseState
from pipeline.model import MovementKind, NoticeKind, Outcome, Refund, RefundReason, TransportMode
from pipeline.rulebook.book import load_rule_book
from pipeline.stream.memory import MemoryStream
from tests.decide.desk import (
    CONSIGNEE,
    KEY,
    NOTHING_DUE,
    Desk,
    assessed,
    cancellation,
    payment,
    selected,
)

OTHER_CONSIGNEE = "fedcba9876543210fedcba98"


def test_a_cancellation_supersedes_the_decision() -> None:
    """It is the next event of the case, so a reader sees which one holds."""
    desk = Desk().announce(assessed()).cancel(cancellation())
    (notice,), (decision,) = desk.notices(), desk.events()
    assert (notice.kind, notice.event_number) == (NoticeKind.CANCELLED, 2)
    assert (notice.supersedes, notice.causing_id) == (decision.event_id, "C-1")


def test_the_next_announcement_supersedes_the_cancellation() -> None:
    """On another manifest, or as a higher version of the same: the parcel is not active."""
    for again in (assessed(manifest_id="SP-0002"), assessed(version=2)):
        desk = Desk().announce(assessed()).cancel(cancellation()).announce(again)
        (notice,) = desk.notices()
        assert (desk.last.event_number, desk.last.supersedes) == (3, notice.notice_id)
        assert desk.last.outcome is Outcome.REVENUE


def test_money_paid_for_a_cancelled_parcel_is_due_for_refund() -> None:
    """And does not count for the same parcel announced anew."""
    desk = Desk().announce(assessed()).pay(payment("5")).cancel(cancellation())
    refund, end = desk.notices()
    assert end.text.endswith("(5 EUR paid before are due for refund)")
    assert refund.refund == Refund(Decimal(5), "EUR", RefundReason.CASE_ENDED)
    desk.announce(assessed(version=2))
    assert "9.06 EUR must be paid" in desk.last.reason


def test_a_cancellation_that_overtakes_its_parcel_refuses_it_when_it_comes() -> None:
    """The carrier is told twice: that it is cancelled, and of the announcement that came late."""
    desk = Desk().cancel(cancellation(version=2)).announce(assessed()).announce(assessed(version=2))
    assert [answer.faults[0].rule_id for answer in desk.answers()] == ["cancelled_parcel"] * 2
    assert desk.events() == []
    assert desk.announce(assessed(version=3)).last.event_number == 2


def test_a_cancellation_of_a_version_that_is_on_its_way_refuses_that_too() -> None:
    desk = Desk().announce(assessed()).cancel(cancellation(version=2))
    desk.announce(assessed(version=2))
    assert desk.answers()[0].faults[0].rule_id == "cancelled_parcel"


def test_a_repeated_cancellation_may_name_a_higher_version() -> None:
    desk = Desk().cancel(cancellation()).cancel(cancellation(version=2))
    desk.announce(assessed(version=2))
    assert desk.events() == []
    first, second = desk.cancel(cancellation(version=2)).notices()
    assert second.supersedes == first.notice_id


@pytest.mark.parametrize(
    "wrong",
    [cancellation(version=1), cancellation(version=2, manifest_id="SP-0002")],
    ids=["older version", "other manifest"],
)
def test_a_cancellation_of_something_else_is_refused_with_what_stands(wrong: object) -> None:
    """A repeat of an old one must not cancel what was announced since."""
    desk = Desk().announce(assessed(version=2)).cancel(wrong)  # type: ignore[arg-type]
    (notice,) = desk.notices()
    assert notice.kind is NoticeKind.CANCELLATION_REFUSED
    assert "stands on SP-0001, version 2" in notice.text
    assert notice.event_number == 0


def test_a_parcel_that_has_arrived_cannot_be_cancelled() -> None:
    desk = Desk().announce(assessed(revenue=NOTHING_DUE)).scan(MovementKind.ARRIVED)
    (notice,) = desk.cancel(cancellation()).notices()
    assert notice.text.endswith("(the parcel is released and has arrived)")


def test_a_cancelled_parcel_counts_no_longer_for_its_consignee() -> None:
    desk = Desk().announce(assessed()).cancel(cancellation())
    assert desk.reversed() == [(CONSIGNEE, KEY, 1, "SP-0001")]
    assert Desk().announce(selected()).cancel(cancellation()).reversed() == []  # refused


@pytest.mark.parametrize("consignee", [CONSIGNEE, OTHER_CONSIGNEE])
def test_an_amended_parcel_counts_as_it_is_now(consignee: str) -> None:
    desk = Desk().announce(assessed()).announce(assessed(version=2, consignee=consignee))
    assert desk.reversed() == [(CONSIGNEE, KEY, 1, "SP-0001")]


@pytest.mark.parametrize("consignee", [CONSIGNEE, OTHER_CONSIGNEE])
def test_a_refused_announcement_does_not_count(consignee: str) -> None:
    desk = Desk().announce(assessed())
    desk.announce(assessed(manifest_id="SP-0002", consignee=consignee))
    assert desk.reversed() == [(consignee, KEY, 1, "SP-0002")]


def test_what_is_decided_goes_on_counting_when_it_is_announced_once_more() -> None:
    assert Desk().announce(assessed()).announce(assessed()).reversed() == []


def test_an_amendment_may_not_change_a_locked_field() -> None:
    """The answer says which, and the decision stands."""
    desk = Desk().announce(assessed())
    desk.announce(assessed(version=2, transport_mode=TransportMode.MAIL))
    (fault,) = desk.answers()[0].faults
    assert (fault.rule_id, fault.value) == ("locked_field", "transport_mode: mail, before air")
    assert len(desk.events()) == 1


def test_a_locked_field_may_change_after_a_cancellation() -> None:
    desk = Desk().announce(assessed()).cancel(cancellation())
    assert desk.announce(assessed(version=2, transport_mode=TransportMode.MAIL)).answers() == []
    case = desk.case()
    assert case is not None
    assert case.state is CaseState.AWAITING_PAYMENT


@pytest.mark.parametrize(
    ("topic", "codes", "copies"),
    [("cancellations", [b"carrier_mismatch"], 0), ("cancellations.SWIFTPOST", [], 1)],
)
def test_a_carrier_apart_cancels_on_its_own_topic_and_gets_its_own_copy(
    topic: str, codes: list[bytes], copies: int
) -> None:
    """On the shared topic its name would be anybody's to use."""
    room = DecideRoom(
        load_rule_book(), on_account_carriers=frozenset(), carriers_apart=["SWIFTPOST"]
    )
    stream = MemoryStream([room])
    value = msgspec.json.encode(cancellation())
    stream.publish(topic, key=KEY.encode(), value=value, timestamp_ms=1)
    stream.run_until_idle()
    letters = stream.read("dead-letters")
    assert [dict(letter.headers)["error_code"] for letter in letters] == codes
    assert len(stream.read("notices")) == len(stream.read("notices.SWIFTPOST")) == copies
