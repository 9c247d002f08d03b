"""How far a run is: what was announced, what has an end, followed while it happens."""

import time
from collections.abc import Callable, Container, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from tests.chaos.events import is_refused_payment
from tests.chaos.load import Load
from tests.chaos.reader import Read, new_consumer, places_of

TOPICS = ("acknowledgements", "release", "inspection", "revenue", "dead-letters", "notices")
FIRST = frozenset({"assessment", "amendment"})
POLL_MS = 50
RECORDS_PER_POLL_MAX = 2_000


OnDecision = Callable[[Read, dict[str, Any]], None]


class Sample(NamedTuple):
    """Parcels announced and ended, at a moment of the monotonic clock."""

    at_s: float
    announced: int
    ended: int


class End(NamedTuple):
    """Parcels that had an end."""

    seen_at_s: float
    """When it was read here, on the monotonic clock."""
    received_at_s: float
    """Broker timestamp of their manifest, in seconds since 1970."""


class Progress:
    """Counts what appears on the public topics. Exact accounts are the oracle's, afterwards."""

    def __init__(
        self, broker: str, topic_prefix: str, load: Load, answer_ids: Container[str]
    ) -> None:
        self.ended = 0
        """Parcels decided, rejected or dead-lettered."""
        self.refused_feedback: list[Read] = []
        """Dead letters without parcels, and refunds of payments: answers that came too late."""
        self.letters = 0
        """Dead letters with parcels in them."""
        self.samples: list[Sample] = []
        self.ends: list[End] = []
        self.moved_at_s = time.monotonic()
        """When something last appeared."""
        self._repeated = 0
        self._broker = broker
        self._prefix = topic_prefix
        self._load = load
        self._answer_ids = answer_ids

    @property
    def announced(self) -> int:
        """Parcels in acknowledged manifests; those answered as repeats are no longer counted."""
        return self._load.announced - self._repeated

    @property
    def backlog(self) -> int:
        """Announced parcels without an end."""
        return self.announced - self.ended

    async def follow(self, *on_decision: OnDecision) -> None:
        """Read for ever; `on_decision` hear of each decision event."""
        self.moved_at_s = time.monotonic()
        async with new_consumer(self._broker) as consumer:
            consumer.assign(await places_of(consumer, [self._prefix + name for name in TOPICS]))
            while True:
                fetched = await consumer.getmany(
                    timeout_ms=POLL_MS, max_records=RECORDS_PER_POLL_MAX
                )
                now_s = time.monotonic()
                for place, records in fetched.items():
                    topic = place.topic[len(self._prefix) :]
                    for record in records:
                        self._add(topic, record, now_s, on_decision)
                if fetched:
                    self.moved_at_s = now_s
                self.samples.append(Sample(now_s, self.announced, self.ended))

    def _add(
        self,
        topic: str,
        record: Read,
        now_s: float,
        on_decision: Sequence[OnDecision],
    ) -> None:
        if topic == "dead-letters":
            parcels = parcels_in_letter(record.headers)
            received_at_ms = int(dict(record.headers)["source_timestamp_ms"])
            self._end(parcels, now_s, received_at_ms / 1000)
            self.letters += bool(parcels)
            if not parcels:
                self.refused_feedback.append(record)
            return
        found = orjson.loads(record.value)
        if topic == "notices":
            if is_refused_payment(found) and found["causing_id"] in self._answer_ids:
                self.refused_feedback.append(record)
            return
        received_at_s = datetime.fromisoformat(found["received_at"]).timestamp()
        if topic == "acknowledgements":
            if found.get("duplicate"):
                self._repeated += found["announced_parcels"]
            else:
                self._end(found["rejected_parcels"], now_s, received_at_s)
            return
        if found["cause"] in FIRST:
            self._end(1, now_s, received_at_s)
        for hear in on_decision:
            hear(record, found)

    def _end(self, parcels: int, now_s: float, received_at_s: float) -> None:
        self.ended += parcels
        if parcels:
            self.ends.append(End(now_s, received_at_s))


def parcels_in_letter(headers: Sequence[tuple[str, bytes]]) -> int:
    """Parcels in a dead letter: its own header, or else the one of the original message."""
    counts = [value for name, value in headers if name == "parcels"]
    return int(counts[-1]) if counts and counts[-1].isdigit() else 0


def decided_after_s(ends: Sequence[End], over_at_s: float, offset_s: float) -> float:
    """Seconds from the end of the last fault until the last parcel waiting then had an end.

    Args:
        ends: of all parcels.
        over_at_s: when the last fault was over, on the monotonic clock.
        offset_s: seconds since 1970 at zero of the monotonic clock.
    """
    waiting = (end.seen_at_s for end in ends if end.received_at_s <= over_at_s + offset_s)
    return max(0.0, max(waiting, default=over_at_s) - over_at_s)
