"""What becomes of the money of a case that ends."""

from pipeline.decide.purse import Purse
from pipeline.decide.state import Case, Memory, kept
from pipeline.stream import Outbox


def give_back(case: Case, carrier: str, partition: int, memory: Memory, outbox: Outbox) -> str:
    """Give back what the case holds on its operator's account; tells of it, and of a refund due."""
    told = []
    if case.paid:
        assessed = kept(case)
        currency = f" {assessed.assessment.revenue.currency}" if assessed else ""
        told.append(f"{case.paid:f}{currency} paid before are due for refund")
    if case.held:
        purse = Purse(carrier, memory)
        purse.restore(case.held, case.held_in)
        purse.close(partition, outbox)
        told.append(f"{case.held:f} {case.held_in} go back to the carrier's account")
    return "; ".join(told)
