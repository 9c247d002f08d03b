"""What a payment does to a case that waits for one."""

import msgspec

from pipeline.decide.decide import left_to_pay, released, still_to_pay, still_under_inspection
from pipeline.decide.publish import Occasion, Step, take_step
from pipeline.decide.purse import Purse
from pipeline.decide.state import Case, CaseState
from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, is_amount, refusal
from pipeline.model import Assessed, Payment


def pay(
    case: Case, assessed: Assessed, payment: Payment, occasion: Occasion, purse: Purse
) -> Step | Refusal:
    """Add a payment; in full, or with what was paid before, it releases a parcel that waits for it.

    One that comes while the parcel is under inspection counts once the result is there; the
    account need not reserve it any more.
    """
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
    noted = msgspec.structs.replace(case, paid=paid)
    if case.state is CaseState.UNDER_INSPECTION:
        secured = purse.secure(revenue, paid, held=case.held, final=False)
        ruling = still_under_inspection(f"{paid:f} {revenue.currency} paid meanwhile")
        return take_step(assessed, ruling, occasion, noted, secured)
    left = left_to_pay(revenue, paid)
    if left > 0:
        why = f"{paid:f} of {revenue.unsecured_due:f} {revenue.currency} paid, {left:f} left to pay"
        ruling = still_to_pay(why, revenue, case.state)
    else:
        ruling = released(f"{paid:f} {revenue.currency} paid in full", revenue, paid)
    return take_step(assessed, ruling, occasion, noted, revenue)
