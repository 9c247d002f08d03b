"""Reading topics from outside: committed records only, no consumer group."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from pipeline.errors import BrokerError
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
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._broker,
            isolation_level="read_committed",
            enable_auto_commit=False,
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        )
        try:
            await self._consumer.start()
            await self._assign()
        except (KafkaError, OSError) as error:
            await self._consumer.stop()
            raise BrokerError(
                f"no Kafka broker answers at {self._broker}; start one with `greenlane broker`, or "
                "name another with --broker HOST:PORT"
            ) from error
        except BrokerError:
            await self._consumer.stop()
            raise
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

    async def _assign(self) -> None:
        existing = await self._consumer.topics()
        missing = sorted(set(self._topics) - set(existing))
        if missing:
            raise BrokerError(
                f"the broker at {self._broker} has no topic {', '.join(missing)}; "
                "run `greenlane topics create` first"
            )
        places = [
            TopicPartition(topic, partition)
            for topic in self._topics
            for partition in self._consumer.partitions_for_topic(topic) or ()
        ]
        self._consumer.assign(places)
        if self._from_beginning:
            await self._consumer.seek_to_beginning(*places)
        else:
            await self._consumer.seek_to_end(*places)
            for place in places:
                await self._consumer.position(place)
