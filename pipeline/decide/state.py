"""What the decide room remembers of each parcel: its case.

Beside cases, by keys that no case can have, stand slices of accounts (`purse.py`), encoded.
"""

from decimal import Decimal
from enum import IntEnum

import msgspec
from msgspec import Struct

from pipeline.model import Assessed
from pipeline.stream import KeyedState

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


_AWAITING_PAYMENT = frozenset({CaseState.AWAITING_PAYMENT, CaseState.AWAITING_PAYMENT_INSPECTED})


class Case(Struct, frozen=True, array_like=True, gc=False):
    """The case of a parcel: one entry in memory for each, so that a closed one is small.

    `assessed` is kept while the case is open, its parcel only while an officer may look into it;
    encoded, because that takes a fifth of the memory and leaves the garbage collector nothing to
    search. `gc=False` for the same reason: no case can be part of a cycle.
    """

    state: CaseState
    version: int
    manifest_id: str
    event_number: int
    paid: Decimal = Decimal(0)
    feedback: tuple[str, ...] = ()
    assessed: bytes = b""
    """msgpack of `Assessed`; empty once the case is closed."""
    held: Decimal = Decimal(0)
    """Held for the parcel on the operator's account, in the currency of its assessment."""


Memory = KeyedState[Case | bytes]


def case_of(state: Memory, key: str) -> Case | None:
    """The case of a parcel."""
    case = state.get(key)
    return case if isinstance(case, Case) else None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Assessed).decode


def keep(assessed: Assessed, state: CaseState) -> bytes:
    """What a case in this state keeps of its assessment."""
    if state is CaseState.UNDER_INSPECTION:
        return _encode(assessed)
    if state in _AWAITING_PAYMENT:
        if assessed.parcel is not None:  # names and addresses: nobody needs them any more
            assessed = msgspec.structs.replace(assessed, parcel=None)
        return _encode(assessed)
    return b""


def kept(case: Case) -> Assessed | None:
    """The assessment of an open case."""
    return _decode(case.assessed) if case.assessed else None
