"""What the engine needs of a log with transactions: Kafka, or one in memory for simulations."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition


class Membership(NamedTuple):
    """Under which identity input was fetched; a commit under an older one is refused."""

    group_id: str
    generation: int
    member_id: str
    instance_id: str | None


class WorkerFencedError(Exception):
    """The group gave this worker's partitions to another: its late commit was refused."""


class MembershipRefusedError(Exception):
    """The group does not let this worker join: it has no partitions, and would never get any."""


class DeliveryError(Exception):
    """The log refused a part of the cycle's outputs, so nothing of it may be committed."""


class Deliveries(Protocol):
    """Outputs on their way to the log."""

    @property
    def outputs(self) -> int:
        """How many records."""

    async def confirm(self) -> Mapping[TopicPartition, int]:
        """Wait until the log has all of them.

        Returns the offset after the last of them for each partition written to; partitions of
        which the log does not tell it are left out.

        Raises:
            DeliveryError: it refused one, for instance as too large.
        """


class Piece(NamedTuple):
    """Consecutive records of one partition."""

    place: TopicPartition
    pairs: Sequence[tuple[bytes, bytes | None]]
    """Keys and values, in order; records without a key are left out."""
    next_offset: int
    """Where reading goes on."""


class LogReader(Protocol):
    """Reads committed records. Topics have their logical names."""

    async def held(self, places: Collection[TopicPartition]) -> Mapping[TopicPartition, range]:
        """The offsets each partition holds at present."""

    def read_to_end(self, starts: Mapping[TopicPartition, int]) -> AsyncIterator[Piece]:
        """All records of each partition from an offset on, but not before its beginning.

        It ends where each partition ends at present, and waits for the end of transactions that
        are open before that.
        """


class Log(Protocol):
    """One worker's connection to the log. Topics have their logical names.

    One transaction is open at a time: begin, send, send_offsets, confirm, commit or abort.
    """

    async def start(self) -> None:
        """Connect; an earlier run of the same worker can write nothing more."""

    async def stop(self) -> None:
        """Disconnect."""

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Number of partitions of those topics that exist."""

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        """What tells those topics that exist from others of the same name, before or after."""

    async def begin(self) -> None:
        """Begin a transaction."""

    async def send(self, outputs: Iterable[Output], *, timestamp_ms: int) -> Deliveries:
        """Write records in the open transaction."""

    async def send_offsets(
        self, offsets: Mapping[TopicPartition, int], membership: Membership
    ) -> None:
        """Add input positions to the open transaction.

        Raises:
            WorkerFencedError: the group has moved on since `membership`.
        """

    async def commit(self) -> None:
        """Make the transaction's records and positions visible, all together."""

    async def abort(self) -> None:
        """Drop the open transaction."""

    def reader(self) -> AbstractAsyncContextManager[LogReader]:
        """A connection for reading, closed at the end."""
