"""Every event in every state: the table, and that the room does what the table says."""

from pathlib import Path

import pytest

from pipeline.decide.moves import MOVES, CaseEvent, Move
from pipeline.decide.state import CaseState
from pipeline.model import InspectionVerdict, Outcome
from tests.decide.desk import Desk, assessed, payment, result, selected

COMPLIANT, DISCREPANCY, PROHIBITED = InspectionVerdict
DOCUMENT = Path(__file__).parents[2] / "docs" / "cases.md"


def in_state(state: CaseState) -> Desk:
    """A desk whose ordinary parcel stands in a state."""
    desk = Desk()
    if state is CaseState.NEW:
        return desk
    if state is CaseState.AWAITING_PAYMENT:
        return desk.announce(assessed())
    if state is CaseState.RELEASED:
        return desk.announce(assessed()).pay(payment(payment_id="P-0"))
    desk.announce(selected())
    if state is CaseState.AWAITING_PAYMENT_INSPECTED:
        desk.inspect(result(COMPLIANT, result_id="R-0"))
    if state is CaseState.REFUSED:
        desk.inspect(result(PROHIBITED, result_id="R-0"))
    return desk


def happens(event: CaseEvent, desk: Desk) -> None:
    """Let an event happen to the ordinary parcel."""
    match event:
        case CaseEvent.ANNOUNCED:
            desk.announce(assessed())
        case CaseEvent.AMENDED:
            desk.announce(assessed(version=2))
        case CaseEvent.FOUND_COMPLIANT:
            desk.inspect(result(COMPLIANT))
        case CaseEvent.FOUND_DISCREPANCY:
            desk.inspect(result(DISCREPANCY))
        case CaseEvent.FOUND_PROHIBITED:
            desk.inspect(result(PROHIBITED))
        case CaseEvent.PAID:
            desk.pay(payment())


EFFECTS: dict[Move, tuple[Outcome | None, str, str]] = {
    Move.DECIDE: (Outcome.REVENUE, "", ""),
    Move.REFUSE_DUPLICATE: (None, "duplicate_parcel", ""),
    Move.REFUSE_AMENDMENT: (None, "amendment_too_late", ""),
    Move.CONFIRM: (Outcome.REVENUE, "", ""),
    Move.REASSESS: (Outcome.REVENUE, "", ""),
    Move.REFUSE_PARCEL: (Outcome.REFUSED, "", ""),
    Move.COLLECT: (Outcome.RELEASE, "", ""),
    Move.KEEP_PAYMENT: (Outcome.INSPECTION, "", ""),
    Move.UNKNOWN: (None, "", "unknown_parcel"),
    Move.ILLEGAL: (None, "", "illegal_move"),
}
"""Of each move on the ordinary parcel: new outcome, fault in an answer, code of a dead letter."""


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
    assert {(state, event): move for state, event, move in rows()} == MOVES


@pytest.mark.parametrize(("state", "event", "move"), rows())
def test_the_room_moves_by_the_table(state: CaseState, event: CaseEvent, move: Move) -> None:
    """What a move promises is what the room publishes, and nothing else."""
    desk = in_state(state)
    before = desk.case()
    assert (before.state if before else CaseState.NEW) is state
    decided = len(desk.events())

    happens(event, desk)

    outcome, fault, code = EFFECTS[move]
    new_events = desk.events()[decided:]
    assert [new.outcome for new in new_events] == ([outcome] if outcome else [])
    assert [answer.faults[0].rule_id for answer in desk.answers()] == ([fault] if fault else [])
    assert desk.codes() == ([code] if code else [])
    if outcome is None:
        assert desk.case() == before
