"""What a payment does to a case that waits for one."""

import msgspec

from pipeline.decide.decide import left_to_pay, released, still_to_pay
from pipeline.decide.publish import Occasion, Step, take_step
from pipeline.decide.state import Case
from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, is_amount, refusal
from pipeline.model import Assessed, Payment


def pay(case: Case, assessed: Assessed, payment: Payment, occasion: Occasion) -> Step | Refusal:
    """Add a payment; in full, or with what was paid before, it releases the parcel."""
    revenue = assessed.assessment.revenue
    if payment.currency != revenue.currency:
        requested = f"paid {payment.currency}, requested {revenue.currency}"
        return refusal(ErrorCode.CURRENCY_MISMATCH, requested)
    if not is_amount(payment.amount, above_zero=True):
        return refusal(
            ErrorCode.INVALID_MESSAGE,
            "amount must be above 0, with at most four decimal places - at `$.amount`",
        )
    paid = case.paid + payment.amount
    left = left_to_pay(revenue, paid)
    if left > 0:
        why = f"{paid:f} of {revenue.unsecured_due:f} {revenue.currency} paid, {left:f} left to pay"
        ruling = still_to_pay(why, revenue, case.state)
    else:
        ruling = released(f"{paid:f} {revenue.currency} paid in full", revenue, paid)
    return take_step(assessed, ruling, occasion, msgspec.structs.replace(case, paid=paid), revenue)
