"""Reading topics from outside: committed records only, no consumer group."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer

from pipeline.ops.partitions import partitions_of
from pipeline.stream.records import Record

FETCH_MAX_WAIT_MS = 50


class TopicReader:
    """Follows topics from their end, or from their beginning."""

    def __init__(
        self,
        broker: str,
        topics: Sequence[str],
        *,
        topic_prefix: str = "",
        from_beginning: bool = False,
    ) -> None:
        self._broker = broker
        self._topics = {topic_prefix + topic: topic for topic in topics}
        self._from_beginning = from_beginning
        self._consumer: AIOKafkaConsumer

    async def __aenter__(self) -> Self:
        """Connect; from then on nothing is missed.

        Raises:
            BrokerError: no broker answers, or a topic is missing.
        """
        places = await partitions_of(self._broker, self._topics)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._broker,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest" if self._from_beginning else "latest",
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
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
        """Records that wait, or come within the time; topics by their logical names."""
        fetched = await self._consumer.getmany(timeout_ms=timeout_ms)
        return [
            Record(
                self._topics[record.topic],
                record.partition,
                record.offset,
                record.timestamp,
                record.key,
                record.value,
                record.headers,
            )
            for records in fetched.values()
            for record in records
        ]
