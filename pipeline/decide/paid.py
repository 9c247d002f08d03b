"""What a payment does to a case."""

from typing import NamedTuple

import msgspec

from pipeline.decide.decide import left_to_pay, released, still_to_pay, still_under_inspection
from pipeline.decide.publish import Occasion, RefundDue, Step, take_step
from pipeline.decide.purse import Purse
from pipeline.decide.state import Case, CaseState
from pipeline.model import Assessed, Payment, RefundReason

_REASON_OF = {
    CaseState.RELEASED: RefundReason.AFTER_RELEASE,
    CaseState.REFUSED: RefundReason.REFUSED_ENTRY,
    CaseState.CANCELLED: RefundReason.CASE_ENDED,
    CaseState.CLOSED: RefundReason.CASE_ENDED,
}


class Unasked(NamedTuple):
    """A payment that no request stands for: the case remembers it, and no decision changes."""

    case: Case
    payment: Payment
    refund: RefundDue | None = None
    """None: it waits for a request."""


def refund_late(case: Case, payment: Payment) -> Unasked:
    """A payment for a case that is over."""
    return _refund(case, payment, _REASON_OF[case.state])


def pay(
    case: Case, assessed: Assessed, payment: Payment, occasion: Occasion, purse: Purse
) -> Step | Unasked:
    """Add a payment; in full, or with what was paid before, it releases a parcel that waits for it.

    One that comes while the parcel is under inspection counts once the result is there; the
    account need not reserve it any more.
    """
    revenue = assessed.assessment.revenue
    if payment.currency != revenue.currency:
        return _refund(case, payment, RefundReason.OTHER_CURRENCY)
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


def _refund(case: Case, payment: Payment, reason: RefundReason) -> Unasked:
    refund = RefundDue(payment.amount, payment.currency, reason, payment.payment_id)
    return Unasked(case, payment, refund)
