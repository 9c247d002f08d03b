"""One partition of a topic: records, transaction markers, and who may see what of them."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import errors

from pipeline.stream.outbox import Output


class Entry(NamedTuple):
    """What stands at one offset: a record, or the marker that ends a transaction."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    producer_id: int | None
    """None: written without a transaction."""
    committed: bool | None
    """For a marker, how the transaction ended; None for a record."""


class Identity(NamedTuple):
    """A producer, as the broker knows it."""

    producer_id: int
    epoch: int


class Visible(NamedTuple):
    """Answer to a fetch of one partition."""

    records: list[Entry]
    next_offset: int
    """Where to go on: past markers and aborted records too."""
    high_watermark: int


class PartitionLog:
    """Records in order. An open transaction holds back all that was written after its start."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.end = 0
        self.open: dict[int, int] = {}
        """First offset of each open transaction, by producer id."""
        self._aborted: set[int] = set()
        self._epochs: dict[int, int] = {}
        self._sequences: dict[Identity, int] = {}

    @property
    def stable_end(self) -> int:
        """The last stable offset: before it, every transaction is decided."""
        return min(self.open.values()) if self.open else self.end

    def append(
        self,
        outputs: Sequence[Output],
        timestamp_ms: int,
        producer: Identity | None = None,
        sequence: int = 0,
    ) -> int | None:
        """Write one batch; the offset after it.

        A batch that is repeated because its answer got lost is known: None, nothing is written.

        Raises:
            InvalidProducerEpoch: a newer run of the producer has begun.
            OutOfOrderSequenceNumber: a batch before it is missing.
        """
        if producer is not None:
            self._check_epoch(producer)
            expected = self._sequences.get(producer, 0)
            if sequence < expected:
                return None
            if sequence > expected:
                raise errors.OutOfOrderSequenceNumber
            self._sequences[producer] = sequence + 1
            self.open.setdefault(producer.producer_id, self.end)
        producer_id = producer.producer_id if producer else None
        for output in outputs:
            self._add(
                Entry(
                    self.end,
                    timestamp_ms,
                    output.key,
                    output.value,
                    output.headers,
                    producer_id,
                    None,
                )
            )
        return self.end

    def mark(self, producer: Identity, *, committed: bool) -> None:
        """Write the marker that ends a transaction. It takes an offset of its own."""
        producer_id = producer.producer_id
        self._epochs[producer_id] = max(producer.epoch, self._epochs.get(producer_id, 0))
        first = self.open.pop(producer_id, None)
        if not committed and first is not None:
            self._aborted.update(
                entry.offset for entry in self._from(first) if entry.producer_id == producer_id
            )
        self._add(Entry(self.end, 0, None, None, (), producer_id, committed))

    def fetch(self, position: int, *, committed: bool, records_max: int) -> Visible:
        """Records from a position on, as a reader of that isolation sees them."""
        limit = self.stable_end if committed else self.end
        found: list[Entry] = []
        for entry in self._from(position):
            if entry.offset >= limit:
                break
            if entry.committed is not None or (committed and entry.offset in self._aborted):
                continue
            found.append(entry)
            if len(found) == records_max:
                return Visible(found, entry.offset + 1, self.end)
        return Visible(found, max(limit, position), self.end)

    def compact(self) -> int:
        """Keep the last committed record of each key before the last stable offset.

        Markers stay: Kafka keeps them for a day at least. Returns how many entries went.
        """
        before, limit = len(self.entries), self.stable_end
        last: dict[bytes | None, int] = {}
        for entry in self.entries:
            if entry.offset < limit and self._counts(entry):
                last[entry.key] = entry.offset
        kept = set(last.values())
        self.entries = [
            entry
            for entry in self.entries
            if entry.offset >= limit or entry.offset in kept or entry.committed is not None
        ]
        return before - len(self.entries)

    def _counts(self, entry: Entry) -> bool:
        return entry.committed is None and entry.offset not in self._aborted

    def _from(self, offset: int) -> list[Entry]:
        start = bisect_left(self.entries, offset, key=_offset_of)
        return self.entries[start:]

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.end += 1

    def _check_epoch(self, producer: Identity) -> None:
        if producer.epoch < self._epochs.get(producer.producer_id, 0):
            raise errors.InvalidProducerEpoch
        self._epochs[producer.producer_id] = producer.epoch


def _offset_of(entry: Entry) -> int:
    return entry.offset
