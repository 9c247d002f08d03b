"""What is told of parcels whose partial filings have not come by their deadline."""

from msgspec.structs import replace

from pipeline.decide.joined import filings_of
from pipeline.decide.moments import HOUR_MS, instant
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.notify import About, Notices
from pipeline.decide.state import Memory, Watch, case_of, put_case
from pipeline.model import NoticeKind
from pipeline.stream import Outbox


def demand_filings(watch: Watch, memory: Memory, notices: Notices, outbox: Outbox) -> None:
    """Tell of each case of a watch what is missing; the decisions on it stand."""
    for key in watch.cases:
        case = case_of(memory, key)
        joined = case.joined if case else None
        if case is None or joined is None or joined.due_h != watch.due_h:
            continue
        if legal_move(case.state, CaseEvent.FILING_DUE) is not Move.DEMAND_FILING:
            continue
        after = replace(case, joined=replace(joined, due_h=0))
        carrier, _, parcel_id = key.partition("/")
        filings = filings_of(after.filed, after.joined)
        missing = ", ".join(name.replace("_", " ") for name in filings.awaited) if filings else ""
        about = About(carrier, parcel_id, instant(watch.due_h * HOUR_MS), detail=missing)
        notices.tell(NoticeKind.FILING_OVERDUE, about, after, outbox, filings=filings)
        put_case(memory, key, after, memory.watermark_ms)
