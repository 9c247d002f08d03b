"""Input records and the chunks in which they arrive."""

from collections.abc import Sequence
from typing import NamedTuple

Headers = Sequence[tuple[str, bytes]]


class TopicPartition(NamedTuple):
    """A partition of a topic, by its logical name (without the installation's prefix)."""

    topic: str
    partition: int


class Record(NamedTuple):
    """One Kafka record as a room sees it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def size_bytes(self) -> int:
        """Size of key and value."""
        return len(self.key or b"") + len(self.value or b"")


class Chunk(NamedTuple):
    """Records of one partition, fetched under one generation of the consumer group."""

    source: TopicPartition
    generation: int
    records: list[Record]
