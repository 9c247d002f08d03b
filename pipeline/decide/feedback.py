"""What inspection results and payments do to the case of their parcel."""

from datetime import datetime

import msgspec

from pipeline.decide.inspected import confirm, reassess, refuse_parcel
from pipeline.decide.moves import EVENT_OF_VERDICT, CaseEvent, Move, legal_move, told
from pipeline.decide.paid import Unasked, pay, refund_late
from pipeline.decide.publish import Occasion, Step
from pipeline.decide.purse import Purse
from pipeline.decide.state import FEEDBACK_PER_CASE_MAX, Case, kept
from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, is_amount, refusal
from pipeline.model import Cause, InspectionResult, Payment
from pipeline.reference.codes import currency_minor_units
from pipeline.rulebook.book import RuleBook
from pipeline.rulebook.vendors import VendorRegister

KIND_OF = {InspectionResult: "inspection_result", Payment: "payment"}


def feedback_id(feedback: InspectionResult | Payment) -> str:
    """What a repeat is known by; results and payments are numbered by different people."""
    own = feedback.payment_id if isinstance(feedback, Payment) else feedback.result_id
    return f"{KIND_OF[type(feedback)]}/{own}"


def feed_back(
    case: Case,
    feedback: InspectionResult | Payment,
    occurred_at: datetime,
    *,
    book: RuleBook,
    on_account: bool,
    vendors: VendorRegister,
    purse: Purse,
) -> Step | Unasked | Refusal | None:
    """The step a message causes; a refusal if the case does not allow it; None for a repeat.

    `case` is a new one if none is known.
    """
    own_id = feedback_id(feedback)
    if own_id in case.feedback:
        return None
    fault = _fault(case, feedback)
    if fault:
        return fault
    event = _event_of(feedback)
    move = legal_move(case.state, event)
    if move is Move.UNKNOWN:
        return refusal(ErrorCode.UNKNOWN_PARCEL)
    noted = msgspec.structs.replace(case, feedback=(*case.feedback, own_id))
    if isinstance(feedback, Payment) and move is Move.HOLD_PAYMENT:
        return Unasked(noted, feedback)
    if isinstance(feedback, Payment) and move is Move.REFUND:
        return refund_late(noted, feedback)
    assessed = kept(case)
    if move is Move.ILLEGAL or assessed is None:
        what = f"{event.value}, but the parcel is {told(case.state)}"
        return refusal(ErrorCode.ILLEGAL_MOVE, what)
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


def _fault(case: Case, feedback: InspectionResult | Payment) -> Refusal | None:
    """Why a message has no effect, in whichever state the case is."""
    if len(case.feedback) >= FEEDBACK_PER_CASE_MAX:
        return refusal(ErrorCode.ILLEGAL_MOVE, f"the case has taken in {FEEDBACK_PER_CASE_MAX}")
    if not isinstance(feedback, Payment):
        return None
    if not is_amount(feedback.amount, above_zero=True):
        what = "amount must be above 0, with at most four decimal places - at `$.amount`"
        return refusal(ErrorCode.INVALID_MESSAGE, what)
    if feedback.currency not in currency_minor_units():
        what = f"{feedback.currency!r} is no currency of ISO 4217 - at `$.currency`"
        return refusal(ErrorCode.INVALID_MESSAGE, what)
    return None


def _event_of(feedback: InspectionResult | Payment) -> CaseEvent:
    if isinstance(feedback, Payment):
        return CaseEvent.PAID
    return EVENT_OF_VERDICT[feedback.verdict]
