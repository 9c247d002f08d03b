"""What becomes of the money of a case that ends."""

from pipeline.decide.early import early_of, forget_early
from pipeline.decide.notify import About, Notices
from pipeline.decide.publish import RefundDue
from pipeline.decide.purse import Purse
from pipeline.decide.state import Case, Memory
from pipeline.model import RefundReason, case_key
from pipeline.stream import Outbox

ENDED = RefundReason.CASE_ENDED


def give_back(
    case: Case, about: About, partition: int, memory: Memory, notices: Notices, outbox: Outbox
) -> str:
    """Give back what was paid, and what the case holds on its operator's account; tells of it."""
    told = []
    key = case_key(about.carrier, about.parcel_id)
    early = early_of(case, key, memory)
    refunds = [payment.refund(ENDED) for payment in early]
    if case.paid:
        refunds.append(RefundDue(case.paid, case.currency, ENDED))
    for refund in refunds:
        notices.tell_refund(refund, about, case, outbox)
        told.append(f"{refund.amount:f} {refund.currency} paid before are due for refund")
    if case.held:
        purse = Purse(about.carrier, memory)
        purse.restore(case.held, case.currency)
        purse.close(partition, outbox)
        told.append(f"{case.held:f} {case.currency} go back to the carrier's account")
    forget_early(early, key, memory)
    return "; ".join(told)
