"""Item data that ask for a partial filing wait for it: a named state, a deadline, a notice."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations

import msgspec
import pytest
from msgspec.structs import replace

from pipeline.decide import filed, receptacles
from pipeline.decide.state import CaseState
from pipeline.model import (
    Assessed,
    Conveyance,
    DataSet,
    Decision,
    Filed,
    Filings,
    FilingState,
    MovementKind,
    NoticeKind,
    TransportMode,
)
from pipeline.model.explain import explain
from pipeline.rulebook.counterparts import counterparts_of
from tests.builders import ARRIVAL_AT, DEPARTURE_AT
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
LINKS, FLIGHT = DataSet.RECEPTACLE_LINKS, DataSet.CONVEYANCE
BAG = "CNSHAADEFRAAACN60001001010045"
BY_AIR = Conveyance(
    TransportMode.AIR, ARRIVAL_AT, DEPARTURE_AT, "CA931", "999-12345675", "SKYCARGO"
)
POSTAL = of_data_set("F43", assessed())


def filings(decision: Decision) -> Filings:
    assert decision.filings is not None
    return decision.filings


def state_of(desk: Desk) -> FilingState:
    return filings(desk.last).state


def link(desk: Desk, receptacle_id: str = BAG) -> Desk:
    return desk.file(LINKS, receptacle_id=receptacle_id)


def carry(desk: Desk, receptacle_id: str = BAG) -> Desk:
    """An airline files by which flight a receptacle travels; it knows no parcels."""
    entry = Filed("SKYCARGO", "", FLIGHT, "MAWB-1", receptacle_id, BY_AIR)
    return desk.send("filings", None, msgspec.msgpack.encode([entry]))


def test_the_decision_says_what_is_awaited_and_until_when() -> None:
    """The parcel is decided all the same: what is missing is no error."""
    last = Desk().announce(POSTAL).last
    assert last.outcome.value == "revenue"
    assert filings(last) == Filings(
        FilingState.AWAITED, awaited=[LINKS, FLIGHT], due_at=RECEIVED_AT + timedelta(days=1)
    )


def test_an_officer_reads_of_both() -> None:
    desk = Desk().announce(POSTAL)
    awaited = "receptacle links, conveyance awaited, until 2026-07-07 09:00 UTC"
    assert f"  Partial filings: {awaited}." in explain(desk.last)
    carry(link(desk.wait(2 * DAY))).pay(payment())
    joined = "joined by receptacle links, conveyance"
    flight = "air CA931 arrives 2026-07-07 04:00 UTC"
    assert f"  Partial filings: {joined}; receptacle {BAG}; {flight}." in explain(desk.last)


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
    assert overdue.filings == Filings(FilingState.OVERDUE, awaited=[LINKS, FLIGHT])
    desk.inspect(result(COMPLIANT)).pay(payment())
    assert state_of(desk) is FilingState.OVERDUE


@pytest.mark.parametrize("order", [*permutations(["item data", "link", "flight"])])
def test_filings_and_item_data_join_in_any_order(order: Sequence[str]) -> None:
    """The flight names the receptacle only. Whoever reads decisions and notices knows it all."""
    desk = Desk()
    acts: dict[str, Callable[[], Desk]] = {
        "item data": lambda: desk.announce(POSTAL),
        "link": lambda: link(desk),
        "flight": lambda: carry(desk),
    }
    for act in order:
        acts[act]()
    notice = desk.notices()[-1] if order[-1] != "item data" else None
    told = notice.filings if notice else filings(desk.last)
    assert told == Filings(
        FilingState.JOINED, joined=[LINKS, FLIGHT], receptacle_id=BAG, conveyance=BY_AIR
    )
    if notice:
        assert notice.kind is NoticeKind.FILING_JOINED
        assert notice.causing_id in {"F-1", "MAWB-1"}
    desk.wait(2 * DAY).pay(payment())
    assert NoticeKind.FILING_OVERDUE not in [notice.kind for notice in desk.notices()]
    assert filings(desk.last) == told


def test_late_filings_end_the_wait() -> None:
    desk = carry(link(Desk().announce(POSTAL).wait(2 * DAY))).pay(payment())
    assert [n.kind for n in desk.notices()] == [
        NoticeKind.FILING_OVERDUE,
        NoticeKind.FILING_JOINED,
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
    assert counterparts_of("F43", LEGAL_DATE) == (LINKS, FLIGHT)
    assert counterparts_of("F43", before) == ()
    assert counterparts_of("F30", LEGAL_DATE) == ()


def test_a_flight_may_name_the_parcel_itself() -> None:
    desk = Desk().announce(assessed()).file(FLIGHT, conveyance=BY_AIR).pay(payment())
    assert filings(desk.last) == Filings(FilingState.JOINED, joined=[FLIGHT], conveyance=BY_AIR)


def test_a_flight_of_the_receptacle_before_says_nothing_of_the_parcel() -> None:
    """It was put into another bag."""
    desk = carry(link(link(Desk().announce(POSTAL)), "ANOTHER")).pay(payment())
    told = filings(desk.last)
    assert (told.conveyance, told.awaited) == (None, [FLIGHT])


@pytest.mark.parametrize("flight_first", [True, False])
def test_a_parcel_is_expected_by_the_flight_that_was_filed_for_it(flight_first: bool) -> None:
    """Item data of the post know no flight: its day of issue stood for the arrival before."""
    late = replace(BY_AIR, estimated_arrival_at=ARRIVAL_AT + timedelta(days=10))
    desk = Desk(scanned_carriers=frozenset({"*"}))
    if flight_first:
        desk.file(FLIGHT, conveyance=late).announce(assessed())
    else:
        desk.announce(assessed()).file(FLIGHT, conveyance=late)
    desk.wait(9 * DAY)
    kinds = [notice.kind for notice in desk.notices()]
    assert NoticeKind.ARRIVAL_OVERDUE not in kinds
    desk.wait(11 * DAY)
    overdue = desk.notices()[-1]
    assert overdue.kind is NoticeKind.ARRIVAL_OVERDUE
    assert overdue.occurred_at == late.estimated_arrival_at + timedelta(days=7)


def test_a_flight_filed_after_the_arrival_starts_no_new_wait() -> None:
    desk = Desk(scanned_carriers=frozenset({"*"})).announce(assessed())
    desk.scan(MovementKind.ARRIVED).file(FLIGHT, conveyance=BY_AIR).wait(40 * DAY)
    assert [notice.kind for notice in desk.notices()] == [NoticeKind.FILING_JOINED]


def test_a_receptacle_of_too_many_parcels_is_told_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is lost: the link that was not taken is a dead letter, the others hold."""
    monkeypatch.setattr(receptacles, "CASES_MAX", 2)
    monkeypatch.setattr(filed, "CASES_MAX", 2)
    desk = Desk()
    for parcel_id in ("P1", "P2", "P3", "P1"):
        desk.file(LINKS, parcel_id, receptacle_id=BAG)
    (letter,) = desk.dead_letters()
    assert dict(letter.headers)["parcels"] == b"0"
    (kept,) = msgspec.msgpack.decode(letter.value or b"", type=list[Filed])
    assert kept.parcel_id == "P3"
    assert b"more than 2 parcels" in dict(letter.headers)["error_text"]
