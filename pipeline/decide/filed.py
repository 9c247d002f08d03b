"""What a partial filing does to the case of its parcel: without item data, they are waited for.

One that comes after the decision is told of; the decision stands.
"""

import msgspec
from msgspec.structs import replace

from pipeline.decide.arrivals import DueHours, due_hours, keep_watch
from pipeline.decide.joined import filings_of, joined_with
from pipeline.decide.moments import HOUR_MS, instant
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.notify import About, Notices
from pipeline.decide.state import Case, CaseState, Memory, case_of, put_case
from pipeline.model import Filed, NoticeKind, case_key
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import Outbox, Record

_decode_envelope = msgspec.msgpack.Decoder(list[Filed]).decode


def join_filings(
    record: Record, memory: Memory, deadlines: Deadlines, notices: Notices, outbox: Outbox
) -> None:
    """Join each entry of an envelope to the case of its parcel, in whichever order they come."""
    expected: dict[DueHours, list[str]] = {}
    for filed in _decode_envelope(record.value or b""):
        key = case_key(filed.carrier, filed.parcel_id)
        before = case_of(memory, key) or Case(CaseState.NEW, 0, "", 0)
        after = joined_with(before, filed.data_set, filed.receptacle_id)
        move = legal_move(before.state, CaseEvent.FILED)
        if after == before or move is Move.NO_EFFECT:
            continue
        about = _about(filed, record)
        if move is Move.EXPECT:
            due = _due(record, deadlines)
            after = replace(after, state=CaseState.EXPECTED, due_h=due.reminder)
            expected.setdefault(due, []).append(key)
            due_at = instant(due.reminder * HOUR_MS)
            notices.tell(NoticeKind.DATA_AWAITED, about, None, outbox, due_at=due_at)
        elif before.state is not CaseState.EXPECTED:
            filings = filings_of(after.filed, after.joined)
            notices.tell(NoticeKind.FILING_JOINED, about, after, outbox, filings=filings)
        put_case(memory, key, after, record.timestamp_ms)
    keep_watch(expected, record, memory)


def _about(filed: Filed, record: Record) -> About:
    what = f"{filed.data_set.value.replace('_', ' ')}, filing {filed.filing_id}"
    return About(
        filed.carrier, filed.parcel_id, instant(record.timestamp_ms), filed.filing_id, what
    )


def _due(record: Record, deadlines: Deadlines) -> DueHours:
    now_ms, day = record.timestamp_ms, instant(record.timestamp_ms).date()
    return due_hours(
        now_ms + deadlines.of("data_awaited", day).hours * HOUR_MS,
        now_ms + deadlines.of("closed_not_arrived", day).hours * HOUR_MS,
    )
