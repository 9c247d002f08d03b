"""What inspection results and payments do to the case of their parcel."""

from datetime import datetime

import msgspec

from pipeline.decide.inspected import confirm, reassess, refuse_parcel
from pipeline.decide.moves import EVENT_OF_VERDICT, MOVES, CaseEvent, Move
from pipeline.decide.paid import pay
from pipeline.decide.publish import Occasion, Step
from pipeline.decide.purse import Purse
from pipeline.decide.state import FEEDBACK_PER_CASE_MAX, Case, kept
from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, refusal
from pipeline.model import Cause, InspectionResult, Payment
from pipeline.rulebook.book import RuleBook
from pipeline.rulebook.vendors import VendorRegister

KIND_OF = {InspectionResult: "inspection_result", Payment: "payment"}


def feedback_id(feedback: InspectionResult | Payment) -> str:
    """What a repeat is known by; results and payments are numbered by different people."""
    own = feedback.payment_id if isinstance(feedback, Payment) else feedback.result_id
    return f"{KIND_OF[type(feedback)]}/{own}"


def feed_back(
    case: Case | None,
    feedback: InspectionResult | Payment,
    occurred_at: datetime,
    *,
    book: RuleBook,
    on_account: bool,
    vendors: VendorRegister,
    purse: Purse,
) -> Step | Refusal | None:
    """The step a message causes; a refusal if the case does not allow it; None for a repeat."""
    if case is None:
        return refusal(ErrorCode.UNKNOWN_PARCEL)
    own_id = feedback_id(feedback)
    if own_id in case.feedback:
        return None
    if len(case.feedback) >= FEEDBACK_PER_CASE_MAX:
        return refusal(ErrorCode.ILLEGAL_MOVE, f"the case has taken in {FEEDBACK_PER_CASE_MAX}")
    event = _event_of(feedback)
    move = MOVES[case.state, event]
    assessed = kept(case)
    if move is Move.ILLEGAL or assessed is None:
        state = case.state.name.lower().replace("_", " ")
        return refusal(ErrorCode.ILLEGAL_MOVE, f"{event.value}, but the parcel is {state}")
    noted = msgspec.structs.replace(case, feedback=(*case.feedback, own_id))
    if isinstance(feedback, Payment):
        occasion = Occasion(Cause.PAYMENT, occurred_at, feedback.payment_id)
        return pay(noted, assessed, feedback, occasion, purse)
    occasion = Occasion(Cause.INSPECTION_RESULT, occurred_at, feedback.result_id)
    if move is Move.REASSESS:
        return reassess(
            noted,
            assessed,
            feedback,
            occasion,
            book=book,
            on_account=on_account,
            vendors=vendors,
            purse=purse,
        )
    if move is Move.REFUSE_PARCEL:
        return refuse_parcel(noted, assessed, feedback, occasion, purse)
    return confirm(noted, assessed, occasion, purse)


def _event_of(feedback: InspectionResult | Payment) -> CaseEvent:
    if isinstance(feedback, Payment):
        return CaseEvent.PAID
    return EVENT_OF_VERDICT[feedback.verdict]
