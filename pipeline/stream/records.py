"""Input records and the chunks in which they arrive."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipeline.stream.log import Membership

Headers = Sequence[tuple[str, bytes]]


class TopicPartition(NamedTuple):
    """A partition of a topic, by its logical name (without the installation's prefix)."""

    topic: str
    partition: int


RECORD_BYTES_MAX = 1_048_576
"""Key, value and headers of an input record, unpacked: what a topic takes uncompressed."""
HEADERS_MAX = 100


class Fault(NamedTuple):
    """Why a record can be worked on by no room: a code, and what is wrong in words."""

    code: str
    text: str


class Record(NamedTuple):
    """One Kafka record as a room sees it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    fault: Fault | None = None

    @property
    def size_bytes(self) -> int:
        """Size of key, value and headers."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers


def within_limits(record: Record) -> Record:
    """The record, or where it is too large, its place and the fault alone.

    What is left out stands on its topic for as long as that is kept.
    """
    if len(record.headers) > HEADERS_MAX:
        found, limit = f"{len(record.headers):,} headers", f"{HEADERS_MAX}"
    elif record.size_bytes > RECORD_BYTES_MAX:
        found, limit = f"{record.size_bytes:,} bytes unpacked", f"{RECORD_BYTES_MAX:,}"
    else:
        return record
    fault = Fault("message_too_large", f"the message has {found}, the limit is {limit}")
    return record._replace(key=None, value=None, headers=(), fault=fault)


class Chunk(NamedTuple):
    """Records of one partition, fetched under one assignment."""

    source: TopicPartition
    membership: "Membership"
    """Made anew for each assignment: a group may assign twice in the same generation."""
    records: list[Record]
