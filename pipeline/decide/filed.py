"""What a partial filing does to the case of its parcel: without item data, they are waited for."""

import msgspec

from pipeline.decide.arrivals import HOUR_MS, DueHours, due_hours, keep_watch
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.notify import About, Notices
from pipeline.decide.publish import instant
from pipeline.decide.state import Case, CaseState, Memory, case_of, put_case
from pipeline.model import DataSet, Filed, NoticeKind, case_key
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import Outbox, Record

BIT_OF = {DataSet.RECEPTACLE_LINKS: 1, DataSet.PRE_LOADING: 2}

_decode_envelope = msgspec.msgpack.Decoder(list[Filed]).decode


def join_filings(
    record: Record, memory: Memory, deadlines: Deadlines, notices: Notices, outbox: Outbox
) -> None:
    """Join each entry of an envelope to the case of its parcel, in whichever order they come."""
    expected: dict[DueHours, list[str]] = {}
    for filed in _decode_envelope(record.value or b""):
        key = case_key(filed.carrier, filed.parcel_id)
        before = case_of(memory, key) or Case(CaseState.NEW, 0, "", 0)
        after = msgspec.structs.replace(before, filed=before.filed | BIT_OF[filed.data_set])
        move = legal_move(before.state, CaseEvent.FILED)
        if after == before or move is Move.NO_EFFECT:
            continue
        if move is Move.EXPECT:
            due = _due(record, deadlines)
            after = msgspec.structs.replace(after, state=CaseState.EXPECTED, due_h=due.reminder)
            expected.setdefault(due, []).append(key)
            what = filed.data_set.value.replace("_", " ")
            about = About(
                filed.carrier,
                filed.parcel_id,
                instant(record.timestamp_ms),
                filed.filing_id,
                f"{what}, filing {filed.filing_id}",
            )
            due_at = instant(due.reminder * HOUR_MS)
            notices.tell(NoticeKind.DATA_AWAITED, about, None, outbox, due_at=due_at)
        put_case(memory, key, after, record.timestamp_ms)
    keep_watch(expected, record, memory)


def _due(record: Record, deadlines: Deadlines) -> DueHours:
    now_ms, day = record.timestamp_ms, instant(record.timestamp_ms).date()
    return due_hours(
        now_ms + deadlines.of("data_awaited", day).hours * HOUR_MS,
        now_ms + deadlines.of("closed_not_arrived", day).hours * HOUR_MS,
    )
