"""The legal moves of a case: which event does what in which state. Everything else is refused.

No amendment once goods are to be examined or were released: art. 173(2) of Regulation (EU)
No 952/2013 (Union Customs Code); other jurisdictions' rules are alike.
"""

from enum import StrEnum

from pipeline.decide.state import CaseState
from pipeline.model import InspectionVerdict


class CaseEvent(StrEnum):
    """What can happen to a case."""

    ANNOUNCED = "announced"  # an assessment that is no amendment of the case
    AMENDED = "amended"  # a newer version of the manifest the case stands on
    FOUND_COMPLIANT = "found compliant"
    FOUND_DISCREPANCY = "found discrepancy"
    FOUND_PROHIBITED = "found prohibited"
    PAID = "paid"


class Move(StrEnum):
    """What an event does to a case."""

    DECIDE = "decide"
    REFUSE_DUPLICATE = "refuse duplicate"  # the announcement is refused, the case stays
    REFUSE_AMENDMENT = "refuse amendment"
    CONFIRM = "confirm"  # release, or revenue if something is due
    REASSESS = "reassess"
    REFUSE_PARCEL = "refuse parcel"
    COLLECT = "collect"
    KEEP_PAYMENT = "keep payment"  # it counts once the result of the inspection is there
    UNKNOWN = "unknown parcel"
    ILLEGAL = "illegal move"


EVENT_OF_VERDICT = {
    InspectionVerdict.COMPLIANT: CaseEvent.FOUND_COMPLIANT,
    InspectionVerdict.DISCREPANCY: CaseEvent.FOUND_DISCREPANCY,
    InspectionVerdict.PROHIBITED: CaseEvent.FOUND_PROHIBITED,
}

_COLUMNS = tuple(CaseEvent)
_ROWS = {
    CaseState.NEW: (
        Move.DECIDE,
        Move.DECIDE,  # a higher version without a case: the first one was never accepted
        Move.UNKNOWN,
        Move.UNKNOWN,
        Move.UNKNOWN,
        Move.UNKNOWN,
    ),
    CaseState.UNDER_INSPECTION: (
        Move.REFUSE_DUPLICATE,
        Move.REFUSE_AMENDMENT,
        Move.CONFIRM,
        Move.REASSESS,
        Move.REFUSE_PARCEL,
        Move.KEEP_PAYMENT,
    ),
    CaseState.AWAITING_PAYMENT: (
        Move.REFUSE_DUPLICATE,
        Move.DECIDE,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.COLLECT,
    ),
    CaseState.AWAITING_PAYMENT_INSPECTED: (
        Move.REFUSE_DUPLICATE,
        Move.REFUSE_AMENDMENT,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.COLLECT,
    ),
    CaseState.RELEASED: (
        Move.REFUSE_DUPLICATE,
        Move.REFUSE_AMENDMENT,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.ILLEGAL,
    ),
    CaseState.REFUSED: (
        Move.REFUSE_DUPLICATE,
        Move.REFUSE_AMENDMENT,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.ILLEGAL,
        Move.ILLEGAL,
    ),
}
MOVES: dict[tuple[CaseState, CaseEvent], Move] = {
    (state, event): move
    for state, row in _ROWS.items()
    for event, move in zip(_COLUMNS, row, strict=True)
}
"""Total: every event in every state."""
