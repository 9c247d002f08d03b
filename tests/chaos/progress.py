"""How far a run is: what was announced, what has an end, followed while it happens."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson

from tests.chaos.load import Load
from tests.chaos.reader import Read, new_consumer, places_of

TOPICS = ("acknowledgements", "release", "inspection", "revenue", "dead-letters")
FIRST = frozenset({"assessment", "amendment"})
POLL_MS = 50
RECORDS_PER_POLL_MAX = 2_000


class Sample(NamedTuple):
    """Parcels announced and ended, at a moment of the monotonic clock."""

    at_s: float
    announced: int
    ended: int


class Progress:
    """Counts what appears on the public topics. Exact accounts are the oracle's, afterwards."""

    def __init__(self, broker: str, topic_prefix: str, load: Load) -> None:
        self.ended = 0
        """Parcels decided, rejected or dead-lettered."""
        self.first_decisions = 0
        self.later_decisions = 0
        self.refused_feedback: list[Read] = []
        """Dead letters without parcels: inspection results and payments."""
        self.samples: list[Sample] = []
        self.moved_at_s = time.monotonic()
        """When something last appeared."""
        self._repeated = 0
        self._broker = broker
        self._prefix = topic_prefix
        self._load = load

    @property
    def announced(self) -> int:
        """Parcels in acknowledged manifests; those answered as repeats are no longer counted."""
        return self._load.announced - self._repeated

    @property
    def backlog(self) -> int:
        """Announced parcels without an end."""
        return self.announced - self.ended

    async def follow(self, on_decision: Callable[[Read, dict], None]) -> None:
        """Read for ever; `on_decision` hears of each decision event."""
        async with new_consumer(self._broker) as consumer:
            consumer.assign(await places_of(consumer, [self._prefix + name for name in TOPICS]))
            while True:
                fetched = await consumer.getmany(
                    timeout_ms=POLL_MS, max_records=RECORDS_PER_POLL_MAX
                )
                for place, records in fetched.items():
                    topic = place.topic[len(self._prefix) :]
                    for record in records:
                        self._add(topic, record, on_decision)
                now_s = time.monotonic()
                if fetched:
                    self.moved_at_s = now_s
                self.samples.append(Sample(now_s, self.announced, self.ended))

    def _add(self, topic: str, record: Read, on_decision: Callable[[Read, dict], None]) -> None:
        if topic == "dead-letters":
            parcels = parcels_in_letter(record.headers)
            self.ended += parcels
            if not parcels:
                self.refused_feedback.append(record)
            return
        found = orjson.loads(record.value)
        if topic == "acknowledgements":
            if found.get("duplicate"):
                self._repeated += found["announced_parcels"]
            else:
                self.ended += found["rejected_parcels"]
            return
        if found["cause"] in FIRST:
            self.ended += 1
            self.first_decisions += 1
        else:
            self.later_decisions += 1
        on_decision(record, found)


def parcels_in_letter(headers: Sequence[tuple[str, bytes]]) -> int:
    """Parcels in a dead letter: its own header, or else the one of the original message."""
    counts = [value for name, value in headers if name == "parcels"]
    return int(counts[-1]) if counts and counts[-1].isdigit() else 0


def recovery_s(samples: Sequence[Sample], over_at_s: float | None) -> float:
    """From the end of the last fault until what was waiting then had an end; -1: never."""
    if over_at_s is None:
        return 0.0
    waiting = [sample for sample in samples if sample.at_s <= over_at_s]
    target = waiting[-1].announced if waiting else 0
    return next(
        (
            max(0.0, s.at_s - over_at_s)
            for s in samples
            if s.at_s >= over_at_s and s.ended >= target
        ),
        -1.0,
    )
