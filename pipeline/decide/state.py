"""What the decide room remembers of each parcel: its case."""

from decimal import Decimal
from enum import IntEnum

from msgspec import Struct

from pipeline.model import Assessed

CASE_KEPT_MS = 400 * 24 * 3_600_000
"""A postal item id may be used again after 12 months (UPU standard S10); a case outlives that."""
FEEDBACK_PER_CASE_MAX = 100
"""Payments and results one case takes in; whatever comes beyond needs a person."""


class CaseState(IntEnum):
    """Where a case stands. NEW: there is no case yet."""

    NEW = 0
    UNDER_INSPECTION = 1
    AWAITING_PAYMENT = 2
    AWAITING_PAYMENT_INSPECTED = 3  # an officer has seen the goods: no amendment any more
    RELEASED = 4
    REFUSED = 5


class Case(Struct, frozen=True, array_like=True, gc=False):
    """The case of a parcel: one entry in memory for each, so that a closed one is small.

    `assessed` is kept while the case is open, its parcel only while an officer may look into it.
    `gc=False`: millions of cases, none of which can be part of a cycle.
    """

    state: CaseState
    version: int
    manifest_id: str
    event_number: int
    paid: Decimal = Decimal(0)
    feedback: tuple[str, ...] = ()
    assessed: Assessed | None = None
