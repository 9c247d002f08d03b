"""What a case knows of the partial filings of its parcel: which came, and which must still come."""

from datetime import UTC

from msgspec.structs import replace

from pipeline.decide.moments import HOUR_MS, hour_after, instant
from pipeline.decide.state import NOTHING_JOINED, Case, Joined
from pipeline.model import DataSet, Filed, Filings, FilingState, ManifestHeader
from pipeline.rulebook.counterparts import counterparts_of
from pipeline.rulebook.lifecycle import load_deadlines

BIT_OF = {DataSet.RECEPTACLE_LINKS: 1, DataSet.PRE_LOADING: 2, DataSet.CONVEYANCE: 4}


def awaited_with(header: ManifestHeader, before: Case | None) -> Joined | None:
    """What is known once item data came: the filings that they ask for, and that have not come.

    An amendment gives no more time: what was awaited before is due as before.
    """
    joined = before.joined if before else None
    if not header.specific_circumstance:
        return _known(replace(joined, awaited=0, due_h=0)) if joined else None
    day = header.received_at.astimezone(UTC).date()
    awaited = 0
    for data_set in counterparts_of(header.specific_circumstance, day):
        awaited |= BIT_OF[data_set]
    joined = joined or NOTHING_JOINED
    awaited &= ~(before.filed if before else 0)
    due_h = joined.due_h if awaited else 0
    if awaited & ~joined.awaited:
        due_ms = round(header.received_at.timestamp() * 1000)
        due_h = hour_after(due_ms + load_deadlines().of("filing_awaited", day).hours * HOUR_MS)
    return _known(replace(joined, awaited=awaited, due_h=due_h))


def joined_with(case: Case, filed: Filed) -> Case:
    """The case with one more filing; nothing is awaited any more if that was the last."""
    bit, joined = BIT_OF[filed.data_set], case.joined or NOTHING_JOINED
    awaited = joined.awaited & ~bit
    joined = replace(
        joined,
        receptacle_id=filed.receptacle_id or joined.receptacle_id,
        conveyance=filed.conveyance or joined.conveyance,
        awaited=awaited,
        due_h=joined.due_h if awaited else 0,
    )
    return replace(case, filed=case.filed | bit, joined=_known(joined))


def _known(joined: Joined) -> Joined | None:
    return None if joined == NOTHING_JOINED else joined


def filings_of(filed: int, joined: Joined | None) -> Filings | None:
    """The same as it is told; None if no filing came and none is awaited."""
    if not filed and joined is None:
        return None
    joined = joined or NOTHING_JOINED
    state = FilingState.JOINED
    if joined.awaited:
        state = FilingState.AWAITED if joined.due_h else FilingState.OVERDUE
    return Filings(
        state,
        joined=[data_set for data_set, bit in BIT_OF.items() if filed & bit],
        awaited=[data_set for data_set, bit in BIT_OF.items() if joined.awaited & bit],
        due_at=instant(joined.due_h * HOUR_MS) if joined.due_h else None,
        receptacle_id=joined.receptacle_id,
        conveyance=joined.conveyance,
    )
