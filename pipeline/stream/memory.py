"""The same rooms on a log in memory, without any broker: for dry runs and tests."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from pipeline.stream.murmur2 import partition_of
from pipeline.stream.outbox import DEAD_LETTERS, Output
from pipeline.stream.records import Headers, Record, TopicPartition
from pipeline.stream.report import RoomReport
from pipeline.stream.room import Room
from pipeline.stream.work import Workshop


class MemoryStream:
    """Runs rooms on an in-memory log: publish, run until idle, read."""

    def __init__(self, rooms: Iterable[Room], *, partitions: int = 1) -> None:
        self._partitions = partitions
        counts: defaultdict[str, int] = defaultdict(lambda: partitions)
        self._workshop = Workshop(rooms, counts)
        self._log: defaultdict[str, list[Record]] = defaultdict(list)
        self._offsets: defaultdict[TopicPartition, int] = defaultdict(int)
        self._waiting: deque[Record] = deque()
        self.notes: list[Any] = []
        counts[DEAD_LETTERS] = partitions

    def publish(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Headers = (),
    ) -> None:
        """Append one record to a topic."""
        partition = partition_of(key, self._partitions) if key else 0
        self._append(Output(topic, partition, key, value, headers), timestamp_ms)

    def run_until_idle(self) -> None:
        """Work until no input waits: one cycle for each record and what it leads to."""
        while self._waiting:
            self._work_on(self._waiting.popleft())

    def run_one(self, choose: Callable[[int], int]) -> bool:
        """Work on the next record of one source; False if none waits.

        Args:
            choose: which of so many sources, from 0.
        """
        sources = list(dict.fromkeys((r.topic, r.partition) for r in self._waiting))
        if not sources:
            return False
        source = sources[choose(len(sources))]
        record = next(r for r in self._waiting if (r.topic, r.partition) == source)
        self._waiting.remove(record)
        self._work_on(record)
        return True

    def _work_on(self, record: Record) -> None:
        outbox = self._workshop.new_outbox()
        self._workshop.work(record, outbox, RoomReport())
        for output in outbox.outputs():
            self._append(output, record.timestamp_ms)
        source = TopicPartition(record.topic, record.partition)
        for output in self._workshop.changelog([source]):
            self._append(output, record.timestamp_ms)
        self.notes += outbox.notes

    def read(self, topic: str) -> list[Record]:
        """All records of a topic, in the order in which they were written."""
        return list(self._log[topic])

    def _append(self, output: Output, timestamp_ms: int) -> None:
        place = TopicPartition(output.topic, output.partition)
        record = Record(
            output.topic,
            output.partition,
            self._offsets[place],
            timestamp_ms,
            output.key,
            output.value,
            output.headers,
        )
        self._offsets[place] += 1
        self._log[output.topic].append(record)
        if output.topic in self._workshop.room_of:
            self._waiting.append(record)
