"""Records that were fetched and wait for a cycle: in order within a source, sources in turn."""

import asyncio
from collections import deque
from collections.abc import Iterator

from pipeline.stream.records import Record, TopicPartition

CYCLES_WAITING_MAX = 4
RECORD_OVERHEAD_BYTES = 100
"""What a record costs beside key and value: a flood of empty ones must not go uncounted."""


class WaitingRecords:
    """Queues by source, bounded in bytes: `room` is set while more may be fetched."""

    def __init__(self, cycle_bytes_max: int) -> None:
        self.arrived = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self._cycle_bytes_max = cycle_bytes_max
        self._bytes_max = CYCLES_WAITING_MAX * cycle_bytes_max
        self._queues: dict[TopicPartition, deque[Record]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    @property
    def load(self) -> float:
        """How full the queues are: 0 empty, 1 so full that nothing more is fetched."""
        return min(1.0, self._bytes / self._bytes_max)

    def add(self, source: TopicPartition, records: list[Record]) -> None:
        """Queue records of one source."""
        if not records:
            return
        self._queues.setdefault(source, deque()).extend(records)
        self._bytes += sum(map(cost_bytes, records))
        self.arrived.set()
        self._update_room()

    def clear(self) -> None:
        """Drop everything."""
        self._queues.clear()
        self._bytes = 0
        self.arrived.clear()
        self._update_room()

    async def wait(self, linger_s: float) -> None:
        """Wait until something waits, and a little longer while a cycle is not full."""
        await self.arrived.wait()
        if self._bytes < self._cycle_bytes_max:
            await asyncio.sleep(linger_s)

    def in_turn(self) -> Iterator[Record]:
        """Take one record of each source after the other, for as long as any waits.

        What arrives meanwhile joins in. The next call goes on with the source whose turn it is, so
        that no source, however slow its records, keeps the others waiting for longer than a cycle.
        """
        while self._queues:
            source = next(iter(self._queues))
            queue = self._queues.pop(source)
            record = queue.popleft()
            if queue:
                self._queues[source] = queue  # at the end of the row
            else:
                self._update_arrived()
            self._bytes -= cost_bytes(record)
            self._update_room()
            yield record

    def _update_arrived(self) -> None:
        if not self._queues:
            self.arrived.clear()

    def _update_room(self) -> None:
        if self._bytes < self._bytes_max:
            self.room.set()
        else:
            self.room.clear()


def cost_bytes(record: Record) -> int:
    """What a record counts against limits of bytes."""
    return record.size_bytes + RECORD_OVERHEAD_BYTES
