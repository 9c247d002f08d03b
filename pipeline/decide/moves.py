"""The legal moves of a case: which event does what in which state. Everything else is refused.

The table itself is data: `rulebook/lifecycle/moves.yaml`.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from itertools import product
from pathlib import Path

from pipeline.decide.state import CaseState
from pipeline.errors import RuleBookError
from pipeline.model import InspectionVerdict
from pipeline.rulebook.files import read_yaml
from pipeline.rulebook.lifecycle import LIFECYCLE_FOLDER

MOVES_FILE = LIFECYCLE_FOLDER / "moves.yaml"


class CaseEvent(StrEnum):
    """What can happen to a case."""

    ANNOUNCED = "announced"  # on another manifest, or for the first time
    AMENDED = "amended"  # a newer version of the manifest the case stands on
    OUTDATED = "outdated"  # no newer version of it
    CANCELLED = "cancelled"
    CANCELLED_AFTER_ARRIVAL = "cancelled after arrival"
    FOUND_COMPLIANT = "found compliant"
    FOUND_DISCREPANCY = "found discrepancy"
    FOUND_PROHIBITED = "found prohibited"
    PAID = "paid"
    FILED = "filed"  # a partial filing speaks of it
    FILING_DUE = "filing due"  # one that must come beside its data has not come in time
    DEPARTED = "departed"
    ARRIVED = "arrived"  # or presented
    REMINDER_DUE = "reminder due"
    CLOSING_DUE = "closing due"


class Move(StrEnum):
    """What an event does to a case."""

    DECIDE = "decide"
    REFUSE_DUPLICATE = "refuse duplicate"  # the announcement is refused, the case stays
    REFUSE_AMENDMENT = "refuse amendment"
    CANCEL = "cancel"
    FORESTALL = "forestall"  # cancelled before it is known: the announcement will be refused
    REFUSE_CANCELLATION = "refuse cancellation"
    CONFIRM = "confirm"  # release, or revenue if something is due
    REASSESS = "reassess"
    REFUSE_PARCEL = "refuse parcel"
    COLLECT = "collect"
    KEEP_PAYMENT = "keep payment"  # it counts once the result of the inspection is there
    HOLD_PAYMENT = "hold payment"  # it counts once the parcel is decided
    REFUND = "refund"
    EXPECT = "expect"  # a parcel without data: demand them
    RECORD = "record"
    DEMAND_DATA = "demand data"
    DEMAND_FILING = "demand filing"
    ASK_FOR_ARRIVAL = "ask for arrival"
    CLOSE = "close"
    NO_EFFECT = "no effect"
    UNKNOWN = "unknown parcel"
    ILLEGAL = "illegal move"


EVENT_OF_VERDICT = {
    InspectionVerdict.COMPLIANT: CaseEvent.FOUND_COMPLIANT,
    InspectionVerdict.DISCREPANCY: CaseEvent.FOUND_DISCREPANCY,
    InspectionVerdict.PROHIBITED: CaseEvent.FOUND_PROHIBITED,
}

Table = Mapping[tuple[CaseState, CaseEvent], Move]


def legal_move(state: CaseState, event: CaseEvent) -> Move:
    """What an event does in a state."""
    return legal_moves()[state, event]


@cache
def legal_moves() -> Table:
    """The table of the rule book. Total: every event in every state."""
    return read_moves(MOVES_FILE)


def read_moves(path: Path) -> Table:
    """A table from its file.

    Raises:
        RuleBookError: the file breaks its format, names a state that there is not, or lacks a cell.
    """
    rows = read_yaml(path, dict[str, dict[CaseEvent, Move]])
    unknown = rows.keys() - {told(state) for state in CaseState}
    if unknown:
        raise RuleBookError(f"{path}: there is no state {', '.join(sorted(unknown))}")
    table = {}
    for state, event in product(CaseState, CaseEvent):
        move = rows.get(told(state), {}).get(event)
        if move is None:
            raise RuleBookError(f"{path}: no move for {event.value!r} in the state {told(state)!r}")
        table[state, event] = move
    return table


def told(state: CaseState) -> str:
    """The state in words."""
    return state.name.lower().replace("_", " ")
