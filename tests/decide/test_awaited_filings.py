"""Item data that ask for a partial filing wait for it: a named state, a deadline, a notice."""

from datetime import timedelta

import pytest

from pipeline.decide.state import CaseState
from pipeline.model import Assessed, DataSet, Decision, Filings, FilingState, NoticeKind
from pipeline.model.explain import explain
from pipeline.rulebook.counterparts import counterparts_of
from tests.decide.desk import (
    LEGAL_DATE,
    RECEIVED_AT,
    Desk,
    assessed,
    cancellation,
    of_data_set,
    payment,
    result,
    selected,
)
from tests.decide.test_moves import COMPLIANT

DAY = 24
LINKS = DataSet.RECEPTACLE_LINKS
BAG = "CNSHAADEFRAAACN60001001010045"
POSTAL = of_data_set("F43", assessed())


def filings(decision: Decision) -> Filings:
    assert decision.filings is not None
    return decision.filings


def state_of(desk: Desk) -> FilingState:
    return filings(desk.last).state


def link(desk: Desk, receptacle_id: str = BAG) -> Desk:
    return desk.file(LINKS, receptacle_id=receptacle_id)


def test_the_decision_says_what_is_awaited_and_until_when() -> None:
    """The parcel is decided all the same: what is missing is no error."""
    last = Desk().announce(POSTAL).last
    assert last.outcome.value == "revenue"
    assert filings(last) == Filings(
        FilingState.AWAITED, awaited=[LINKS], due_at=RECEIVED_AT + timedelta(days=1)
    )


def test_an_officer_reads_of_both() -> None:
    desk = Desk().announce(POSTAL)
    assert "  Partial filings: receptacle links awaited, until 2026-07-07 09:00 UTC." in explain(
        desk.last
    )
    link(desk.wait(2 * DAY)).pay(payment())
    assert f"  Partial filings: joined by receptacle links; receptacle {BAG}." in explain(desk.last)


def test_a_parcel_whose_data_ask_for_nothing_names_no_filings() -> None:
    assert Desk().announce(assessed()).last.filings is None


@pytest.mark.parametrize("ordinary", [assessed(), selected()])
def test_a_filing_that_does_not_come_is_told_once_and_later_decisions_say_so(
    ordinary: Assessed,
) -> None:
    desk = Desk().announce(of_data_set("F43", ordinary)).wait(2 * DAY).wait(10 * DAY)
    (overdue,) = desk.notices()
    assert overdue.kind is NoticeKind.FILING_OVERDUE
    assert overdue.occurred_at == filings(desk.last).due_at
    assert (overdue.manifest_id, overdue.parcel_version) == ("SP-0001", 1)
    assert "receptacle links" in overdue.text
    assert overdue.filings == Filings(FilingState.OVERDUE, awaited=[LINKS])
    desk.inspect(result(COMPLIANT)).pay(payment())
    assert state_of(desk) is FilingState.OVERDUE


@pytest.mark.parametrize("filing_first", [True, False])
def test_a_link_and_item_data_join_in_any_order(filing_first: bool) -> None:
    """Whoever reads decisions and notices knows the receptacle; nothing is demanded any more."""
    desk = Desk()
    if filing_first:
        link(desk).announce(POSTAL)
        told = filings(desk.last)
    else:
        link(desk.announce(POSTAL))
        notice = desk.notices()[-1]
        assert (notice.kind, notice.causing_id) == (NoticeKind.FILING_JOINED, "F-1")
        assert notice.filings is not None
        told = notice.filings
    assert told == Filings(FilingState.JOINED, joined=[LINKS], receptacle_id=BAG)
    desk.wait(2 * DAY).pay(payment())
    assert NoticeKind.FILING_OVERDUE not in [notice.kind for notice in desk.notices()]
    assert filings(desk.last) == told


def test_a_late_link_ends_the_wait() -> None:
    desk = link(Desk().announce(POSTAL).wait(2 * DAY)).pay(payment())
    assert [n.kind for n in desk.notices()] == [
        NoticeKind.FILING_OVERDUE,
        NoticeKind.FILING_JOINED,
    ]
    assert state_of(desk) is FilingState.JOINED


def test_another_receptacle_replaces_the_one_before_and_a_repeat_is_silent() -> None:
    """Items are put into other bags on the way."""
    desk = link(link(link(Desk().announce(POSTAL)), "ANOTHER"), "ANOTHER").pay(payment())
    assert [n.kind for n in desk.notices()] == [NoticeKind.FILING_JOINED] * 2
    assert filings(desk.last).receptacle_id == "ANOTHER"


def test_another_data_set_does_not_stand_for_the_one_awaited() -> None:
    desk = Desk().announce(POSTAL).file(DataSet.PRE_LOADING).pay(payment())
    told = filings(desk.last)
    assert (told.state, told.joined) == (FilingState.AWAITED, [DataSet.PRE_LOADING])


def test_an_amendment_gives_no_more_time() -> None:
    desk = Desk().announce(POSTAL)
    later = of_data_set("F43", assessed(version=2, received_at=RECEIVED_AT + timedelta(hours=20)))
    desk.announce(later)
    first, second = desk.events()
    assert filings(first) == filings(second)
    desk.wait(2 * DAY)
    assert [n.kind for n in desk.notices()] == [NoticeKind.FILING_OVERDUE]


def test_an_amendment_by_complete_data_asks_for_nothing_more() -> None:
    desk = Desk().announce(POSTAL).announce(assessed(version=2)).wait(2 * DAY)
    assert desk.last.filings is None
    assert desk.notices() == []


def test_nothing_is_demanded_of_a_parcel_taken_back() -> None:
    desk = Desk().announce(POSTAL).cancel(cancellation()).wait(2 * DAY)
    assert [n.kind for n in desk.notices()] == [NoticeKind.CANCELLED]
    case = desk.case()
    assert case is not None
    assert case.state is CaseState.CANCELLED


def test_what_is_asked_for_is_dated() -> None:
    """The data sets of postal items bind from the first release of the system on."""
    before = LEGAL_DATE.replace(year=2020)
    assert counterparts_of("F43", LEGAL_DATE) == (LINKS,)
    assert counterparts_of("F43", before) == ()
    assert counterparts_of("F30", LEGAL_DATE) == ()
