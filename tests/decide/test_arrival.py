"""Arrival without data, and data without arrival: demanded, told again, closed, by event time."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.decide.overdue import Overdue
from pipeline.decide.state import CaseState
from pipeline.model import InspectionVerdict, MovementKind, NoticeKind
from pipeline.rulebook.lifecycle import load_deadlines
from tests.decide.desk import (
    CONSIGNEE,
    FIRST_MS,
    KEY,
    NOTHING_DUE,
    RECEIVED_AT,
    Desk,
    assessed,
    cancellation,
    payment,
    result,
    selected,
)

DAY = 24
SCANNED = frozenset({"SWIFTPOST"})


def kinds(desk: Desk) -> list[NoticeKind]:
    return [notice.kind for notice in desk.notices()]


def state(desk: Desk) -> CaseState:
    case = desk.case()
    return case.state if case else CaseState.NEW


def test_a_parcel_that_arrives_without_data_is_held_demanded_escalated_and_closed() -> None:
    """A day for the carrier to answer, then the 90 days of temporary storage, from the scan."""
    desk = Desk().scan(MovementKind.ARRIVED).wait(2 * DAY).wait(90 * DAY)
    held, overdue, closed = desk.notices()
    assert [held.kind, overdue.kind, closed.kind] == [
        NoticeKind.HELD_WITHOUT_DATA,
        NoticeKind.DATA_OVERDUE,
        NoticeKind.CLOSED_WITHOUT_DATA,
    ]
    scanned_at = datetime.fromtimestamp(FIRST_MS / 1000, UTC)
    assert held.due_at is not None
    assert timedelta(hours=24) <= held.due_at - scanned_at <= timedelta(hours=25)
    assert overdue.occurred_at == held.due_at
    assert overdue.due_at == closed.occurred_at
    assert overdue.legal_basis == "Regulation (EU) No 952/2013, art. 149"
    assert closed.event_number == 1
    assert state(desk) is CaseState.CLOSED


def test_late_data_are_assessed_and_the_hold_ends() -> None:
    """The decision says that they were late, and no deadline is kept any more."""
    desk = Desk().scan(MovementKind.ARRIVED).announce(assessed(revenue=NOTHING_DUE))
    assert desk.last.event_number == 1
    assert desk.last.supersedes == ""
    assert desk.last.reason.endswith("Its data came after it was scanned.")
    assert kinds(desk.wait(2 * DAY).wait(100 * DAY)) == [NoticeKind.HELD_WITHOUT_DATA]


def test_data_that_come_after_the_closing_open_the_case_again() -> None:
    desk = Desk().scan(MovementKind.ARRIVED).wait(2 * DAY).wait(90 * DAY).announce(assessed())
    assert desk.last.supersedes == desk.notices()[-1].notice_id
    assert state(desk) is CaseState.AWAITING_PAYMENT


def test_a_departure_without_data_demands_them_and_the_arrival_holds() -> None:
    desk = Desk().scan(MovementKind.DEPARTED).scan(MovementKind.ARRIVED)
    assert kinds(desk) == [NoticeKind.DATA_DEMANDED, NoticeKind.HELD_WITHOUT_DATA]
    assert kinds(desk.wait(2 * DAY)).count(NoticeKind.DATA_OVERDUE) == 1


def test_a_scan_that_says_less_than_is_known_has_no_effect() -> None:
    """Repeats, and scans that come out of order: nothing of them need be remembered."""
    desk = Desk().scan(MovementKind.PRESENTED)
    for kind in MovementKind:
        desk.scan(kind)
    assert kinds(desk) == [NoticeKind.HELD_WITHOUT_DATA]
    effects = [note.effect for note in desk.stream.notes if hasattr(note, "effect")]
    assert effects == ["applied", "repeated", "repeated", "repeated"]


def test_a_cancelled_parcel_that_arrives_is_held_and_its_past_told() -> None:
    desk = Desk().announce(assessed()).cancel(cancellation()).scan(MovementKind.ARRIVED)
    held = desk.notices()[-1]
    assert held.kind is NoticeKind.HELD_WITHOUT_DATA
    assert held.text.endswith("(its carrier had cancelled it)")


def test_data_without_an_arrival_are_asked_after_and_closed() -> None:
    """Seven days after the estimated arrival; thirty after the data came (UCC, art. 171)."""
    desk = Desk(scanned_carriers=SCANNED).announce(assessed()).pay(payment("5"))
    assert desk.wait(6 * DAY).notices() == []
    (asked,) = desk.wait(2 * DAY).notices()
    assert asked.kind is NoticeKind.ARRIVAL_OVERDUE
    assert asked.due_at is not None
    assert asked.due_at - RECEIVED_AT == timedelta(days=30)
    closed = desk.wait(30 * DAY).notices()[-1]
    assert closed.kind is NoticeKind.CLOSED_NOT_ARRIVED
    assert closed.supersedes == desk.last.event_id
    assert "5 EUR paid before are due for refund" in closed.text
    assert desk.reversed() == [(CONSIGNEE, KEY, 1, "SP-0001")]


@pytest.mark.parametrize("when", ["before the reminder", "after it"])
def test_an_arrival_ends_the_asking(when: str) -> None:
    desk = Desk(scanned_carriers=SCANNED).announce(assessed())
    if when == "after it":
        desk.wait(8 * DAY)
    told = len(desk.notices())
    desk.scan(MovementKind.ARRIVED).wait(10 * DAY).wait(40 * DAY)
    assert len(desk.notices()) == told
    assert state(desk) is CaseState.AWAITING_PAYMENT


def test_a_parcel_that_an_officer_has_seen_has_arrived() -> None:
    desk = Desk(scanned_carriers=SCANNED).announce(selected())
    desk.inspect(result(InspectionVerdict.COMPLIANT)).pay(payment()).wait(10 * DAY).wait(40 * DAY)
    assert desk.notices() == []


def test_nothing_is_asked_after_where_nobody_scans() -> None:
    """Else every parcel of such a carrier would be closed after thirty days."""
    desk = Desk(scanned_carriers=frozenset({"BLUEWAVE"})).announce(assessed())
    assert desk.wait(10 * DAY).wait(40 * DAY).notices() == []
    assert kinds(Desk(scanned_carriers=frozenset({"*"})).announce(assessed()).wait(10 * DAY)) == [
        NoticeKind.ARRIVAL_OVERDUE
    ]


def test_an_amendment_has_deadlines_of_its_own_and_nobody_is_asked_twice() -> None:
    desk = Desk(scanned_carriers=SCANNED).announce(assessed()).announce(assessed(version=2))
    assert kinds(desk.wait(10 * DAY).wait(40 * DAY)) == [
        NoticeKind.ARRIVAL_OVERDUE,
        NoticeKind.CLOSED_NOT_ARRIVED,
    ]


def test_the_parcels_of_an_envelope_share_their_deadlines() -> None:
    """A hundred parcels cost one more entry of memory, and each is asked after once."""
    ids = [f"P{number}" for number in range(100)]
    desk = Desk(scanned_carriers=SCANNED).announce(*(assessed(parcel_id=own) for own in ids))
    assert len(desk.stream._workshop.state("decide", 0)) == 101
    desk.scan(MovementKind.ARRIVED, parcel_id="P7").wait(10 * DAY)
    asked = [own for own in ids if desk.notices(own)]
    assert asked == [own for own in ids if own != "P7"]


def test_a_deadline_that_cannot_be_worked_on_goes_to_the_dead_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    desk = Desk(scanned_carriers=SCANNED).announce(assessed())
    monkeypatch.setattr(Overdue, "fall_due", fail)
    assert desk.wait(10 * DAY).codes() == ["internal_error"]


def test_a_deadline_is_that_of_its_day() -> None:
    """Before the first version of it began, that one holds."""
    deadlines = load_deadlines()
    closing = deadlines.of("closed_not_arrived", datetime(2026, 7, 7, tzinfo=UTC).date())
    assert closing.hours == 30 * 24
    assert deadlines.of("closed_not_arrived", datetime(2001, 1, 1, tzinfo=UTC).date()) == closing
