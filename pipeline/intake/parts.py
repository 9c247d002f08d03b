"""Whether all parts of a manifest have come: told when the last one is in, or what is missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count, groupby, islice
from typing import Any

import msgspec

from pipeline.intake.state import ManifestSeen
from pipeline.model import Notice, NoticeKind, NoticeNoted
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import KeyedState, Outbox

HOUR_MS = 3_600_000
DUE = "~"
"""Keys of deadlines begin with it, as no carrier's id does, so no key of a manifest."""
RANGES_NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class PartsDue:
    """By when all parts of a version must have come: an entry that expires then."""

    version: int
    due_ms: int


Entry = ManifestSeen | PartsDue
"""One is written as an array and the other as a map: that tells them apart."""
Memory = KeyedState[Entry]

_encode = msgspec.json.Encoder().encode


class PartsCount:
    """Counts the parts of manifests that come in several messages."""

    def __init__(self, topics: CarrierTopics, deadlines: Deadlines) -> None:
        self._topics = topics
        self._deadlines = deadlines

    def note_part(
        self,
        key: str,
        before: ManifestSeen | None,
        seen: ManifestSeen,
        now_ms: int,
        memory: Memory,
        outbox: Outbox,
    ) -> None:
        """One more part was taken in: the deadline begins with the first and ends with the last."""
        if seen.parts == 1:
            return
        if len(seen.seen) == seen.parts:
            memory.delete(DUE + key)
            self._tell(NoticeKind.MANIFEST_COMPLETE, key, seen, now_ms, outbox)
        elif before is None or before.version != seen.version:
            hours = self._deadlines.of("manifest_incomplete", _instant(now_ms).date()).hours
            due_ms = now_ms + hours * HOUR_MS
            memory.put(DUE + key, PartsDue(seen.version, due_ms), expires_at_ms=due_ms)

    def fall_due(self, due_key: str, due: PartsDue, memory: Memory, outbox: Outbox) -> None:
        """The time is over: name the parts that have not come. They are still taken in."""
        key = due_key.removeprefix(DUE)
        seen = memory.get(key)
        if isinstance(seen, ManifestSeen) and seen.version == due.version:
            self._tell(NoticeKind.MANIFEST_INCOMPLETE, key, seen, due.due_ms, outbox)

    def _tell(
        self, kind: NoticeKind, key: str, seen: ManifestSeen, now_ms: int, outbox: Outbox
    ) -> None:
        carrier, _, manifest_id = key.partition("/")
        text = f"{carrier}|{kind}|{seen.version}|{now_ms}|{manifest_id}"
        notice = Notice(
            notice_id=blake2b(text.encode(errors="replace"), digest_size=16).hexdigest(),
            kind=kind,
            carrier=carrier,
            manifest_id=manifest_id,
            manifest_version=seen.version,
            occurred_at=_instant(now_ms),
            **_words(kind, seen),
        )
        for topic in self._topics.notices_to(carrier):
            outbox.send(
                topic,
                key=key.encode(errors="replace"),
                value=_encode(notice),
                headers=[("content-type", b"application/json")],
            )
        outbox.note(NoticeNoted(kind))


def _words(kind: NoticeKind, seen: ManifestSeen) -> dict[str, Any]:
    accepted = sum(part.accepted_parcels for part in seen.seen.values())
    declared = seen.declared_parcel_count
    counts = f"{seen.parcels} parcels received, {accepted} accepted"
    if declared is not None:
        counts += f", {declared} declared"
    if kind is NoticeKind.MANIFEST_COMPLETE:
        text = f"all {seen.parts} parts of the manifest have come: {counts}"
        return {"text": text, "action": "nothing to do"}
    missing = missing_parts(seen.seen, seen.parts)
    return {
        "text": f"of {seen.parts} parts, {missing} have not come, or were refused: {counts}",
        "action": "carrier: send them; what has come is worked on without them",
    }


def missing_parts(seen: Iterable[int], parts: int) -> str:
    """The numbers of missing parts as ranges: "2, 5 to 7", a bounded number of them."""
    come = set(seen)
    missing = [number for number in range(1, parts + 1) if number not in come]
    ranges = _ranges(missing)
    named = list(islice(ranges, RANGES_NAMED_MAX))
    more = sum(1 for _ in ranges)
    return ", ".join(named) + (f" and {more} more ranges" if more else "")


def _ranges(numbers: list[int]) -> Iterator[str]:
    """Numbers in a row have the same distance from their place."""
    places = count()
    for _, group in groupby(numbers, key=lambda number: number - next(places)):
        row = list(group)
        yield str(row[0]) if len(row) == 1 else f"{row[0]} to {row[-1]}"


def _instant(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
