"""Records that were fetched and wait for a cycle: a fair share for each source, in order."""

import asyncio
from collections import deque

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
        self._queues: dict[TopicPartition, deque[Record]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def add(self, source: TopicPartition, records: list[Record]) -> None:
        """Queue records of one source."""
        self._queues.setdefault(source, deque()).extend(records)
        self._bytes += sum(map(_cost_bytes, records))
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

    def take(self) -> dict[TopicPartition, list[Record]]:
        """Records for one cycle: each source's fair share of the bytes, at least one record."""
        if not self._queues:
            self.arrived.clear()
            return {}
        share_bytes = self._cycle_bytes_max // len(self._queues)
        taken = {
            source: self._take_from(queue, share_bytes) for source, queue in self._queues.items()
        }
        self._queues = {source: queue for source, queue in self._queues.items() if queue}
        if not self._queues:
            self.arrived.clear()
        self._update_room()
        return taken

    def _take_from(self, queue: deque[Record], share_bytes: int) -> list[Record]:
        taken: list[Record] = []
        while queue and share_bytes > 0:
            record = queue.popleft()
            share_bytes -= _cost_bytes(record)
            self._bytes -= _cost_bytes(record)
            taken.append(record)
        return taken

    def _update_room(self) -> None:
        if self._bytes < CYCLES_WAITING_MAX * self._cycle_bytes_max:
            self.room.set()
        else:
            self.room.clear()


def _cost_bytes(record: Record) -> int:
    return record.size_bytes + RECORD_OVERHEAD_BYTES
