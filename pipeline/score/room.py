"""The score room: sums up what intake measured, and publishes the scorecards."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from pipeline.model.facts import ScorecardNoted
from pipeline.model.score import (
    Counts,
    FaultCount,
    Measurement,
    Scorecard,
    SubjectKind,
    WindowFigures,
    quality_of,
    subject_key,
)
from pipeline.score.state import REMEMBERED_MS, SubjectMemory
from pipeline.stream import KeyedState, Outbox, Record
from pipeline.stream.room import Encloser

SCORECARDS = "scorecards"
OTHERS = "other"
SUBJECTS_MAX = 10_000
"""Of one partition. Senders choose the names: beyond it, new ones are scored together."""
TOP_FAULTS = 5

_decode_envelope = msgspec.msgpack.Decoder(list[Measurement]).decode
_encode_json = msgspec.json.Encoder().encode


class ScoreRoom:
    """Beside the three rooms of the parcels. Key of its work: carrier, origin or platform."""

    name = "score"
    inputs = ("measurements",)
    outputs = (SCORECARDS, "dead-letters")
    state_type = SubjectMemory
    enclosers: Mapping[str, Encloser] = {}

    def work(self, record: Record, state: KeyedState[SubjectMemory], outbox: Outbox) -> None:
        """Take in one envelope; one scorecard for each subject in it."""
        by_subject: defaultdict[tuple[SubjectKind, str], list[Measurement]] = defaultdict(list)
        for one in _decode_envelope(record.value or b""):
            by_subject[one.kind, one.name].append(one)
        for (kind, name), measurements in by_subject.items():
            known = state.get(subject_key(kind, name))
            if known is None and len(state) >= SUBJECTS_MAX:
                name = OTHERS  # noqa: PLW2901
                known = state.get(subject_key(kind, name))
            memory = known or SubjectMemory()
            for one in measurements:
                memory.add(one.received_at_ms, one.counts)
            state.put(
                subject_key(kind, name), memory, expires_at_ms=memory.newest_ms + REMEMBERED_MS
            )
            _publish(scorecard(kind, name, memory), outbox)


def scorecard(kind: SubjectKind, name: str, memory: SubjectMemory) -> Scorecard:
    """The card of a subject as its memory stands."""
    return Scorecard(
        kind=kind,
        name=name,
        as_of=datetime.fromtimestamp(memory.newest_ms / 1000, UTC),
        windows=[
            WindowFigures(
                window,
                counts.parcels,
                counts.rejected,
                counts.late,
                quality_of(counts),
                _top_faults(counts),
            )
            for window, counts in memory.totals()
        ],
    )


def _top_faults(counts: Counts) -> list[FaultCount]:
    most = sorted(counts.faults.items(), key=lambda fault: (-fault[1], fault[0]))
    return [FaultCount(*fault) for fault in most[:TOP_FAULTS]]


def _publish(card: Scorecard, outbox: Outbox) -> None:
    outbox.send(
        SCORECARDS,
        key=subject_key(card.kind, card.name).encode(),
        value=_encode_json(card),
        headers=[("content-type", b"application/json")],
    )
    outbox.note(ScorecardNoted(card))
