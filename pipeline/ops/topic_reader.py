"""Reading topics from outside: committed records only, no consumer group."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from pipeline.ops.access import refused
from pipeline.ops.partitions import partitions_of
from pipeline.stream.connection import Broker
from pipeline.stream.consumer import new_consumer, record_of
from pipeline.stream.records import Record

FETCH_MAX_WAIT_MS = 50
FETCH_BYTES_MAX = 4_000_000
RECORDS_PER_POLL_MAX = 5_000
"""Bounds how long a poll keeps the event loop from other work: about 50 ms."""


class TopicReader:
    """Follows topics from their end, or from their beginning."""

    def __init__(
        self,
        broker: Broker | str,
        topics: Sequence[str],
        *,
        topic_prefix: str = "",
        from_beginning: bool = False,
        fetch_max_wait_ms: int = FETCH_MAX_WAIT_MS,
    ) -> None:
        self._broker = broker
        self._topics = {topic_prefix + topic: topic for topic in topics}
        self._from_beginning = from_beginning
        self._fetch_max_wait_ms = fetch_max_wait_ms
        self._consumer: AIOKafkaConsumer

    async def __aenter__(self) -> Self:
        """Connect; from then on nothing is missed.

        Raises:
            BrokerError: no broker answers, or a topic is missing.
        """
        places = await partitions_of(self._broker, self._topics)
        self._consumer = new_consumer(
            self._broker,
            auto_offset_reset="earliest" if self._from_beginning else "latest",
            fetch_max_wait_ms=self._fetch_max_wait_ms,
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
        )
        await self._consumer.start()
        self._consumer.assign(places)
        for place in places:  # from where it reads is settled now, not at the first poll
            await self._consumer.position(place)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def poll(self, timeout_ms: int) -> list[Record]:
        """Records that wait, or come within the time; topics by their logical names.

        Raises:
            BrokerError: the broker does not let us read.
        """
        try:
            fetched = await self._consumer.getmany(
                timeout_ms=timeout_ms, max_records=RECORDS_PER_POLL_MAX
            )
        except KafkaError as error:
            raise refused(self._broker, f"read {', '.join(self._topics)}", error) from error
        return [
            record_of(record, self._topics[record.topic])
            for records in fetched.values()
            for record in records
        ]

    async def begins(self) -> dict[tuple[str, int], int]:
        """Where each partition begins, by logical topic: above 0 where records were deleted."""
        begins = await self._consumer.beginning_offsets(self._consumer.assignment())
        return {(self._topics[place.topic], place.partition): at for place, at in begins.items()}

    async def ends(self) -> dict[TopicPartition, int]:
        """Where each partition ends now, counting committed records only."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(
            self._consumer.assignment()
        )
        return ends

    async def is_behind(self, ends: dict[TopicPartition, int]) -> bool:
        """Whether something before `ends` is still to be read."""
        for place, end in ends.items():
            if await self._consumer.position(place) < end:
                return True
            await asyncio.sleep(0)
        return False
