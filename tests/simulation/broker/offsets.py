"""A group's committed offsets, and those that an open transaction may still change."""

from collections.abc import Callable, Collection, Mapping

from aiokafka import errors

from pipeline.stream.records import TopicPartition
from tests.simulation.broker.partitions import Identity


class UnstableOffsetError(errors.KafkaError):
    """UNSTABLE_OFFSET_COMMIT: an open transaction may still change the offset."""

    retriable = True


class GroupOffsets:
    """Offsets by partition; transactional ones count from the end of their transaction on."""

    def __init__(self, on_committed: Callable[[], None]) -> None:
        self.committed: dict[TopicPartition, int] = {}
        self.waited = 0
        """How often a reader of stable offsets was told to wait."""
        self._pending: dict[int, dict[TopicPartition, int]] = {}
        self._epochs: dict[int, int] = {}
        self._on_committed = on_committed

    def add(self, producer: Identity, offsets: Mapping[TopicPartition, int]) -> None:
        """Take offsets in as part of an open transaction."""
        if producer.epoch < self._epochs.get(producer.producer_id, 0):
            raise errors.InvalidProducerEpoch
        self._pending.setdefault(producer.producer_id, {}).update(offsets)

    def mark(self, producer: Identity, *, committed: bool) -> None:
        """End a transaction's offsets."""
        self._epochs[producer.producer_id] = producer.epoch
        offsets = self._pending.pop(producer.producer_id, {})
        if committed:
            self.committed.update(offsets)
            self._on_committed()

    def fetch(
        self, places: Collection[TopicPartition], *, stable: bool
    ) -> dict[TopicPartition, int]:
        """Committed offsets; a partition without one is left out.

        Raises:
            UnstableOffsetError: stable ones are wanted, and a transaction is open on one.
        """
        if stable and any(
            place in offsets for offsets in self._pending.values() for place in places
        ):
            self.waited += 1
            raise UnstableOffsetError
        return {place: self.committed[place] for place in places if place in self.committed}
