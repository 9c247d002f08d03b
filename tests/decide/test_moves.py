"""Every event in every state: the table, and that the room does what the table says."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.decide.moves import MOVES_FILE, CaseEvent, Move, legal_moves, read_moves
from pipeline.decide.state import CaseState
from pipeline.errors import RuleBookError
from pipeline.model import DataSet, InspectionVerdict, MovementKind, NoticeKind, Outcome
from tests.decide.desk import (
    Desk,
    assessed,
    cancellation,
    of_data_set,
    payment,
    result,
    selected,
)

ALL = frozenset({"*"})
DAYS_20, DAYS_100 = 20 * 24, 100 * 24
COMPLIANT, DISCREPANCY, PROHIBITED = InspectionVerdict
DOCUMENT = Path(__file__).parents[2] / "docs" / "cases.md"


def in_state(state: CaseState, data_set: str = "") -> Desk:
    """A desk whose ordinary parcel stands in a state, announced by a data set."""
    desk = Desk(scanned_carriers=ALL)
    match state:
        case CaseState.NEW:
            return desk
        case CaseState.EXPECTED:
            return desk.scan(MovementKind.DEPARTED)
        case CaseState.AWAITING_PAYMENT:
            return desk.announce(of_data_set(data_set, assessed()))
        case CaseState.RELEASED:
            announced = desk.announce(of_data_set(data_set, assessed()))
            return announced.pay(payment(payment_id="P-0"))
        case CaseState.CANCELLED:
            return desk.announce(of_data_set(data_set, assessed())).cancel(cancellation())
        case CaseState.CLOSED:
            announced = desk.announce(of_data_set(data_set, assessed()))
            return announced.wait(DAYS_20).wait(DAYS_20)
    desk.announce(of_data_set(data_set, selected()))
    if state is CaseState.AWAITING_PAYMENT_INSPECTED:
        desk.inspect(result(COMPLIANT, result_id="R-0"))
    if state is CaseState.REFUSED:
        desk.inspect(result(PROHIBITED, result_id="R-0"))
    return desk


HAPPENS: dict[CaseEvent, Callable[[Desk], object]] = {
    CaseEvent.ANNOUNCED: lambda desk: desk.announce(assessed(manifest_id="SP-0002")),
    CaseEvent.AMENDED: lambda desk: desk.announce(assessed(version=2)),
    CaseEvent.OUTDATED: lambda desk: desk.announce(assessed()),
    CaseEvent.CANCELLED: lambda desk: desk.cancel(cancellation()),
    CaseEvent.FOUND_COMPLIANT: lambda desk: desk.inspect(result(COMPLIANT)),
    CaseEvent.FOUND_DISCREPANCY: lambda desk: desk.inspect(result(DISCREPANCY)),
    CaseEvent.FOUND_PROHIBITED: lambda desk: desk.inspect(result(PROHIBITED)),
    CaseEvent.PAID: lambda desk: desk.pay(payment()),
    CaseEvent.FILED: lambda desk: desk.file(DataSet.PRE_LOADING),
    CaseEvent.FILING_DUE: lambda desk: desk.wait(2 * 24),
    CaseEvent.DEPARTED: lambda desk: desk.scan(MovementKind.DEPARTED),
    CaseEvent.ARRIVED: lambda desk: desk.scan(MovementKind.ARRIVED),
    CaseEvent.REMINDER_DUE: lambda desk: desk.wait(DAYS_20),
    CaseEvent.CLOSING_DUE: lambda desk: desk.wait(DAYS_100),
}
"""How an event happens. What is cancelled after arrival is scanned before, what is closed was
reminded of: the test does that."""


class Effect(NamedTuple):
    """What a move on the ordinary parcel publishes."""

    outcome: Outcome | None = None
    fault: str = ""
    """In an answer to its carrier."""
    code: str = ""
    """Of a dead letter."""
    notice: NoticeKind | None = None


EFFECTS: dict[Move, Effect] = {
    Move.DECIDE: Effect(Outcome.REVENUE),
    Move.REFUSE_DUPLICATE: Effect(fault="duplicate_parcel"),
    Move.REFUSE_AMENDMENT: Effect(fault="amendment_too_late"),
    Move.CANCEL: Effect(notice=NoticeKind.CANCELLED),
    Move.FORESTALL: Effect(notice=NoticeKind.CANCELLED),
    Move.REFUSE_CANCELLATION: Effect(notice=NoticeKind.CANCELLATION_REFUSED),
    Move.CONFIRM: Effect(Outcome.REVENUE),
    Move.REASSESS: Effect(Outcome.REVENUE),
    Move.REFUSE_PARCEL: Effect(Outcome.REFUSED),
    Move.COLLECT: Effect(Outcome.RELEASE),
    Move.KEEP_PAYMENT: Effect(Outcome.INSPECTION),
    Move.HOLD_PAYMENT: Effect(),
    Move.REFUND: Effect(notice=NoticeKind.REFUND_DUE),
    Move.EXPECT: Effect(notice=NoticeKind.DATA_DEMANDED),
    Move.RECORD: Effect(),
    Move.DEMAND_DATA: Effect(notice=NoticeKind.DATA_OVERDUE),
    Move.DEMAND_FILING: Effect(notice=NoticeKind.FILING_OVERDUE),
    Move.ASK_FOR_ARRIVAL: Effect(notice=NoticeKind.ARRIVAL_OVERDUE),
    Move.CLOSE: Effect(notice=NoticeKind.CLOSED_NOT_ARRIVED),
    Move.NO_EFFECT: Effect(),
    Move.UNKNOWN: Effect(code="unknown_parcel"),
    Move.ILLEGAL: Effect(code="illegal_move"),
}
LATE_AGAIN = Effect(Outcome.REVENUE, notice=NoticeKind.ARRIVAL_OVERDUE)
PARTICULAR: dict[tuple[CaseState, CaseEvent], Effect] = {
    (CaseState.NEW, CaseEvent.ARRIVED): Effect(notice=NoticeKind.HELD_WITHOUT_DATA),
    (CaseState.NEW, CaseEvent.FILED): Effect(notice=NoticeKind.DATA_AWAITED),
    (CaseState.CANCELLED, CaseEvent.ARRIVED): Effect(notice=NoticeKind.HELD_WITHOUT_DATA),
    (CaseState.CLOSED, CaseEvent.ARRIVED): Effect(notice=NoticeKind.HELD_WITHOUT_DATA),
    (CaseState.EXPECTED, CaseEvent.ARRIVED): Effect(notice=NoticeKind.HELD_WITHOUT_DATA),
    (CaseState.EXPECTED, CaseEvent.CLOSING_DUE): Effect(notice=NoticeKind.CLOSED_WITHOUT_DATA),
    (CaseState.UNDER_INSPECTION, CaseEvent.FILED): Effect(notice=NoticeKind.FILING_JOINED),
    (CaseState.AWAITING_PAYMENT, CaseEvent.FILED): Effect(notice=NoticeKind.FILING_JOINED),
    (CaseState.AWAITING_PAYMENT_INSPECTED, CaseEvent.FILED): Effect(
        notice=NoticeKind.FILING_JOINED
    ),
    (CaseState.RELEASED, CaseEvent.FILED): Effect(notice=NoticeKind.FILING_JOINED),
    (CaseState.CANCELLED, CaseEvent.OUTDATED): Effect(fault="cancelled_parcel"),
    # Announced again with the times of its first manifest, which have passed.
    (CaseState.CLOSED, CaseEvent.ANNOUNCED): LATE_AGAIN,
    (CaseState.CLOSED, CaseEvent.AMENDED): LATE_AGAIN,
}
"""Where a move says something else than elsewhere."""
UNREACHABLE = {
    # The event is told by the case, and there is none, or it does not come so far.
    (CaseState.NEW, CaseEvent.OUTDATED),
    (CaseState.NEW, CaseEvent.CANCELLED_AFTER_ARRIVAL),
    (CaseState.EXPECTED, CaseEvent.OUTDATED),
    (CaseState.EXPECTED, CaseEvent.AMENDED),
    (CaseState.EXPECTED, CaseEvent.FILING_DUE),
    (CaseState.CANCELLED, CaseEvent.CANCELLED_AFTER_ARRIVAL),
    (CaseState.CLOSED, CaseEvent.CANCELLED_AFTER_ARRIVAL),
}


def rows() -> list[tuple[CaseState, CaseEvent, Move]]:
    """The cells of the documented table."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    head = table.index(["state", *(event.value for event in CaseEvent)])
    return [
        (CaseState[state.upper().replace(" ", "_")], CaseEvent(event), Move(move))
        for state, *moves in table[head + 2 : head + 2 + len(CaseState)]
        for event, move in zip(table[head][1:], moves, strict=True)
    ]


def test_the_table_is_as_documented() -> None:
    """No move is legal that the documented table does not have."""
    assert {(state, event): move for state, event, move in rows()} == legal_moves()


@pytest.mark.parametrize(("state", "event", "move"), rows())
def test_the_room_moves_by_the_table(state: CaseState, event: CaseEvent, move: Move) -> None:
    """What a move promises is what the room publishes, and nothing else."""
    if (state, event) in UNREACHABLE:
        return
    desk = in_state(state, "F43" if event is CaseEvent.FILING_DUE else "")
    if event is CaseEvent.CANCELLED_AFTER_ARRIVAL:
        desk.scan(MovementKind.ARRIVED)
        event = CaseEvent.CANCELLED
    if event is CaseEvent.CLOSING_DUE:
        desk.wait(DAYS_20)
    before = desk.case()
    assert (before.state if before else CaseState.NEW) is state
    decided, told = len(desk.events()), len(desk.notices())

    HAPPENS[event](desk)

    effect = PARTICULAR.get((state, event), EFFECTS[move])
    if state is CaseState.EXPECTED and event is CaseEvent.DEPARTED:
        effect = Effect()  # the same scan again
    new_events = desk.events()[decided:]
    assert [new.outcome for new in new_events] == ([effect.outcome] if effect.outcome else [])
    faults = [answer.faults[0].rule_id for answer in desk.answers()]
    assert faults == ([effect.fault] if effect.fault else [])
    assert desk.codes() == ([effect.code] if effect.code else [])
    notices = [notice.kind for notice in desk.notices()[told:]]
    if move in (Move.CANCEL, Move.CLOSE):  # what was paid goes back
        notices = [kind for kind in notices if kind is not NoticeKind.REFUND_DUE]
    assert notices == ([effect.notice] if effect.notice else [])
    noted = move in (Move.RECORD, Move.HOLD_PAYMENT)
    if effect in (Effect(fault=effect.fault), Effect(code=effect.code)) and not noted:
        assert desk.case() == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("new:", "unheard of:", "there is no state unheard of"),
        ("  paid: collect\n", "", "no move for 'paid' in the state 'awaiting payment'"),
        ("  paid: collect\n", "  paid: keep it\n", "line"),
    ],
)
def test_a_table_with_a_gap_or_an_unknown_word_is_refused(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    """Rather no worker than one that does not know what to do."""
    file = tmp_path / "moves.yaml"
    file.write_text(MOVES_FILE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(RuleBookError, match=told):
        read_moves(file)
