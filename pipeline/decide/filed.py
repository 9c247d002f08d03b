"""What a partial filing does to the case of its parcel: without item data, they are waited for.

One that comes after the decision is told of; the decision stands.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from pipeline.decide.arrivals import Arrivals, DueHours, Watched, due_hours, keep_watch
from pipeline.decide.joined import filings_of, joined_with
from pipeline.decide.moments import HOUR_MS, instant
from pipeline.decide.moves import CaseEvent, Move, legal_move
from pipeline.decide.notify import About, Notices
from pipeline.decide.receptacles import CASES_MAX, Receptacles
from pipeline.decide.state import Case, CaseState, Memory, case_of, put_case
from pipeline.errors import ErrorCode
from pipeline.incoming import refusal
from pipeline.model import DataSet, Filed, NoticeKind, case_key
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import Outbox, Record

NO_PARCEL = (("parcels", b"0"),)

_decode_envelope = msgspec.msgpack.Decoder(list[Filed]).decode
_encode_envelope = msgspec.msgpack.Encoder().encode


class FilingDesk:
    """Joins filings to cases, in whichever order they come."""

    def __init__(self, deadlines: Deadlines, arrivals: Arrivals, notices: Notices) -> None:
        self._deadlines = deadlines
        self._arrivals = arrivals
        self._notices = notices

    def join(self, record: Record, memory: Memory, outbox: Outbox) -> None:
        """Join each entry of an envelope to the case of its parcel, or of its receptacle's."""
        watched: Watched = {}
        receptacles = Receptacles(memory)
        for entry in _decode_envelope(record.value or b""):
            for filed in _of_parcels(entry, receptacles, record, memory, outbox):
                self._join(filed, record, memory, watched, outbox)
        receptacles.keep(record.timestamp_ms)
        keep_watch(watched, record, memory)

    def _join(
        self, filed: Filed, record: Record, memory: Memory, watched: Watched, outbox: Outbox
    ) -> None:
        key = _key_of(filed)
        before = case_of(memory, key) or Case(CaseState.NEW, 0, "", 0)
        after = joined_with(before, filed)
        move = legal_move(before.state, CaseEvent.FILED)
        if after == before or move is Move.NO_EFFECT:
            return
        about = _about(filed, record)
        due: DueHours | None = None
        if move is Move.EXPECT:
            due = self._data_due(record)
            after = replace(after, state=CaseState.EXPECTED)
            due_at = instant(due.reminder * HOUR_MS)
            self._notices.tell(NoticeKind.DATA_AWAITED, about, None, outbox, due_at=due_at)
        elif before.state is not CaseState.EXPECTED:
            filings = filings_of(after.filed, after.joined)
            self._notices.tell(NoticeKind.FILING_JOINED, about, after, outbox, filings=filings)
            due = self._arrival_due(filed, before, record)
        if due:
            after = replace(after, due_h=due.reminder)
            watched.setdefault(due, []).append(key)
        put_case(memory, key, after, record.timestamp_ms)

    def _data_due(self, record: Record) -> DueHours:
        now_ms, day = record.timestamp_ms, instant(record.timestamp_ms).date()
        return due_hours(
            now_ms + self._deadlines.of("data_awaited", day).hours * HOUR_MS,
            now_ms + self._deadlines.of("closed_not_arrived", day).hours * HOUR_MS,
        )

    def _arrival_due(self, filed: Filed, case: Case, record: Record) -> DueHours | None:
        """Until when a parcel must arrive whose conveyance is known now; None: as before."""
        if not (filed.conveyance and case.due_h) or case.arrived:
            return None
        arrival_at = filed.conveyance.estimated_arrival_at
        due = self._arrivals.until(filed.carrier, arrival_at, instant(record.timestamp_ms))
        return due if due and due.reminder != case.due_h else None


def _of_parcels(
    filed: Filed, receptacles: Receptacles, record: Record, memory: Memory, outbox: Outbox
) -> Iterator[Filed]:
    """What an entry says of single parcels; with a link comes what is known of its receptacle."""
    receptacle_id = filed.receptacle_id
    if not filed.parcel_id:
        receptacles.carry(receptacle_id, filed.conveyance, filed.filing_id)
        for key in receptacles.of(receptacle_id).cases:
            case = case_of(memory, key)
            if case and case.joined and case.joined.receptacle_id == receptacle_id:
                carrier, _, parcel_id = key.partition("/")
                yield replace(filed, carrier=carrier, parcel_id=parcel_id, receptacle_id="")
        return
    if receptacle_id and not receptacles.link(receptacle_id, _key_of(filed)):
        text = f"more than {CASES_MAX:,} parcels in the receptacle {receptacle_id}"
        why = refusal(ErrorCode.INVALID_MESSAGE, text)
        value = _encode_envelope([filed])
        outbox.dead_letter(record, why.code, why.text, value=value, headers=NO_PARCEL)
        return
    yield filed
    known = receptacles.of(receptacle_id) if receptacle_id else None
    if known and known.conveyance:
        yield Filed(
            filed.carrier,
            filed.parcel_id,
            DataSet.CONVEYANCE,
            known.filing_id,
            conveyance=known.conveyance,
        )


def _key_of(filed: Filed) -> str:
    return case_key(filed.carrier, filed.parcel_id)


def _about(filed: Filed, record: Record) -> About:
    what = f"{filed.data_set.value.replace('_', ' ')}, filing {filed.filing_id}"
    return About(
        filed.carrier, filed.parcel_id, instant(record.timestamp_ms), filed.filing_id, what
    )
