"""Partial filings and item data meet in any order; what does not come is waited for and told."""

from datetime import timedelta

import pytest

from pipeline.decide.state import CaseState
from pipeline.model import DataSet, MovementKind, NoticeKind
from tests.decide.desk import Desk, assessed

DAY = 24


@pytest.mark.parametrize("data_set", DataSet)
def test_item_data_that_do_not_come_are_demanded_and_the_case_closed(data_set: DataSet) -> None:
    """A day after the filing, and thirty days after it."""
    desk = Desk().file(data_set).wait(2 * DAY).wait(30 * DAY)
    awaited, overdue, closed = desk.notices()
    assert [awaited.kind, overdue.kind, closed.kind] == [
        NoticeKind.DATA_AWAITED,
        NoticeKind.DATA_OVERDUE,
        NoticeKind.CLOSED_WITHOUT_DATA,
    ]
    assert awaited.causing_id == "F-1"
    assert data_set.value.replace("_", " ") in awaited.text
    assert overdue.occurred_at == awaited.due_at
    assert overdue.due_at is not None
    assert closed.occurred_at == overdue.due_at


@pytest.mark.parametrize("filing_first", [True, False])
def test_filing_and_item_data_join_in_any_order(filing_first: bool) -> None:
    """The parcel is decided once, its case knows of both, and nobody is asked for anything."""
    desk = Desk()
    if filing_first:
        desk.file(DataSet.PRE_LOADING).file(DataSet.RECEPTACLE_LINKS).announce(assessed())
    else:
        desk.announce(assessed()).file(DataSet.RECEPTACLE_LINKS).file(DataSet.PRE_LOADING)
    told = len(desk.notices())
    case = desk.wait(2 * DAY).wait(40 * DAY).case()
    assert case is not None
    assert (case.state, case.filed) == (CaseState.AWAITING_PAYMENT, 3)
    assert (len(desk.events()), len(desk.notices())) == (1, told)


def test_a_repeated_filing_has_no_effect() -> None:
    desk = Desk().file(DataSet.PRE_LOADING).file(DataSet.PRE_LOADING)
    assert len(desk.notices()) == 1


def test_an_arrival_before_the_item_data_has_deadlines_of_its_own() -> None:
    """Stored goods have ninety days from then, not thirty from the filing."""
    desk = Desk().file(DataSet.RECEPTACLE_LINKS).scan(MovementKind.ARRIVED)
    desk.wait(2 * DAY).wait(40 * DAY)
    held, overdue = desk.notices()[1:]
    assert [held.kind, overdue.kind] == [NoticeKind.HELD_WITHOUT_DATA, NoticeKind.DATA_OVERDUE]
    assert overdue.due_at is not None
    assert overdue.due_at - held.occurred_at > timedelta(days=90)
