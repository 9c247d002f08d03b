"""What the decide room remembers of each parcel: its case.

Beside cases, by keys that no case can have, stand slices of accounts (`purse.py`) and receptacles
(`receptacles.py`), encoded.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

import msgspec
from msgspec import Struct

from pipeline.model import Assessed, Conveyance
from pipeline.stream import KeyedState

CASE_KEPT_MS = 400 * 24 * 3_600_000
"""A postal item id may be used again after 12 months (UPU standard S10); a case outlives that."""
UNDECIDED_KEPT_MS = 120 * 24 * 3_600_000
"""A case without a decision rests on a scan or the like alone; it outlives its deadlines."""
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
    EXPECTED = 6  # scanned, but not announced
    CANCELLED = 7
    CLOSED = 8  # by a deadline: not arrived, or without data


class Stage(IntEnum):
    """How far a parcel was scanned."""

    NOWHERE = 0
    DEPARTED = 1
    ARRIVED = 2
    PRESENTED = 3


_ENDS_WITHOUT_DATA = frozenset({CaseState.EXPECTED, CaseState.CANCELLED, CaseState.CLOSED})
_AWAITING_PAYMENT = frozenset({CaseState.AWAITING_PAYMENT, CaseState.AWAITING_PAYMENT_INSPECTED})


class Joined(Struct, frozen=True, array_like=True, gc=False):
    """What partial filings say of a parcel, and which are waited for."""

    receptacle_id: str = ""
    awaited: int = 0
    """Which must still come: bits, by data set."""
    due_h: int = 0
    """The hour, since 1970, by which they must; 0: it has passed, or none is awaited."""
    conveyance: Conveyance | None = None


NOTHING_JOINED = Joined()


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
    """By payments, without what was given back."""
    feedback: tuple[str, ...] = ()
    assessed: bytes = b""
    """msgpack of `Assessed`; empty once the case is closed."""
    held: Decimal = Decimal(0)
    """Held for the parcel on the operator's account."""
    consignee: bytes = b""
    """Pseudonym of the consignee for whom the parcel counts."""
    moved: Stage = Stage.NOWHERE
    due_h: int = 0
    """The hour, since 1970, of the next deadline; 0: there is none."""
    filed: int = 0
    """Which partial filings have come: bits, by data set."""
    currency: str = ""
    """Of what is held and paid, which may have to be given back; empty if there is nothing."""
    joined: Joined | None = None
    """None: no partial filing said anything that is kept, and none is waited for."""

    @property
    def arrived(self) -> bool:
        """Whether the parcel is known to be here: by a scan, or because an officer has seen it."""
        return self.moved >= Stage.ARRIVED or any(map(_is_result, self.feedback))


@dataclass(frozen=True, slots=True)
class Watch:
    """Cases with the same deadline: an entry that expires, and is worked on then."""

    due_h: int
    closing_h: int
    """The hour of the deadline after this one; 0: this is the last."""
    cases: list[str]
    for_filings: bool = False
    """They wait for partial filings, not for arrival or data."""


Entry = Case | Watch | bytes
"""Written as an array, a map and bytes: that tells them apart."""
Memory = KeyedState[Entry]


def case_of(memory: Memory, key: str) -> Case | None:
    """The case of a parcel."""
    entry = memory.get(key)
    return entry if isinstance(entry, Case) else None


def put_case(memory: Memory, key: str, case: Case, now_ms: int) -> None:
    """Remember a case."""
    undecided = case.state in _ENDS_WITHOUT_DATA and case.event_number <= 1
    kept_ms = UNDECIDED_KEPT_MS if undecided and not case.feedback else CASE_KEPT_MS
    memory.put(key, case, expires_at_ms=now_ms + kept_ms)


def _is_result(feedback_id: str) -> bool:
    return feedback_id.startswith("inspection_result/")


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
