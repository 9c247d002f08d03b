"""Kafka as the engine's log: a fenced transactional producer, and readers of committed records."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from pipeline.stream.consumer import is_unreadable, new_consumer
from pipeline.stream.fencing import FencedProducer
from pipeline.stream.log import Deliveries, Membership, Piece
from pipeline.stream.outbox import Output
from pipeline.stream.producer import new_producer, send_outputs
from pipeline.stream.records import TopicPartition
from pipeline.stream.settings import StreamSettings
from pipeline.stream.topic_ids import topic_ids

POLL_TIMEOUT_MS = 20
RETRY_BACKOFF_MS = 10
"""aiokafka asks for each topic it does not know yet only after this time, one after the other."""
FETCH_BYTES_MAX = 500_000
"""Of each partition, compressed: with more, what is fetched takes more memory than what is kept."""


class UnreadableLogError(Exception):
    """A memory cannot be restored whole: a batch of its changelog is damaged."""


class KafkaLog:
    """A worker's connection to Kafka; see `Log` for what each step promises."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._producer: FencedProducer

    async def start(self) -> None:
        """Connect; an earlier run of the same worker can write nothing more."""
        self._producer = new_producer(self._settings)
        await self._producer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Number of partitions of those topics that exist."""
        cluster = await self._producer.client.fetch_all_metadata()
        prefix = self._settings.topic_prefix
        found = {name: cluster.partitions_for_topic(prefix + name) for name in topics}
        return {name: len(partitions) for name, partitions in found.items() if partitions}

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        """What tells those topics that exist from others of the same name, before or after."""
        prefix = self._settings.topic_prefix
        found = await topic_ids(self._producer.client, [prefix + name for name in topics])
        return {name.removeprefix(prefix): topic_id for name, topic_id in found.items()}

    async def begin(self) -> None:
        """Begin a transaction."""
        await self._producer.begin_transaction()

    async def send(self, outputs: Iterable[Output], *, timestamp_ms: int) -> Deliveries:
        """Write records in the open transaction."""
        prefix = self._settings.topic_prefix
        return await send_outputs(
            self._producer, outputs, topic_prefix=prefix, timestamp_ms=timestamp_ms
        )

    async def send_offsets(
        self, offsets: Mapping[TopicPartition, int], membership: Membership
    ) -> None:
        """Add input positions to the open transaction."""
        places = {_place(self._settings, source): offset for source, offset in offsets.items()}
        await self._producer.send_fenced_offsets(places, membership)

    async def commit(self) -> None:
        """Make the transaction's records and positions visible, all together."""
        await self._producer.commit_transaction()

    async def abort(self) -> None:
        """Drop the open transaction."""
        await self._producer.abort_transaction()

    @asynccontextmanager
    async def reader(self) -> AsyncIterator["KafkaLogReader"]:
        """A connection for reading, closed at the end."""
        consumer = new_consumer(
            self._settings.broker,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=POLL_TIMEOUT_MS,
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
            retry_backoff_ms=RETRY_BACKOFF_MS,
        )
        await consumer.start()
        try:
            yield KafkaLogReader(consumer, self._settings)
        finally:
            await consumer.stop()


class KafkaLogReader:
    """Reads committed records from Kafka; see `LogReader`."""

    def __init__(self, consumer: AIOKafkaConsumer, settings: StreamSettings) -> None:
        self._consumer = consumer
        self._settings = settings

    async def held(self, places: Collection[TopicPartition]) -> Mapping[TopicPartition, range]:
        """The offsets each partition holds at present."""
        kafka_places = {place: _place(self._settings, place) for place in places}
        first = await self._consumer.beginning_offsets(list(kafka_places.values()))
        end = await self._consumer.end_offsets(list(kafka_places.values()))
        return {place: range(first[there], end[there]) for place, there in kafka_places.items()}

    async def read_to_end(self, starts: Mapping[TopicPartition, int]) -> AsyncIterator[Piece]:
        """All records of each partition from an offset on, to its present end."""
        names = {_place(self._settings, place): place for place in starts}
        self._consumer.assign(list(names))
        for there, place in names.items():
            self._consumer.seek(there, starts[place])  # before its beginning: from there
        left = set(names)
        while left:
            fetched = await self._consumer.getmany(*left, timeout_ms=POLL_TIMEOUT_MS)
            for there, records in fetched.items():
                _require_readable(there, records)
                pairs = [(record.key, record.value) for record in records if record.key is not None]
                yield Piece(names[there], pairs, await self._consumer.position(there))
            left = {there for there in left if not await self._at_end(there)}
            await asyncio.sleep(0)

    async def _at_end(self, place: KafkaTopicPartition) -> bool:
        # Not the last stable offset: the markers of a committed transaction may reach the group's
        # offsets before they reach this topic.
        end = self._consumer.highwater(place)  # None until the first fetch is answered
        return end is not None and await self._consumer.position(place) >= end


def _require_readable(place: KafkaTopicPartition, records: Iterable[Any]) -> None:
    """Check that nothing is missing of what is read.

    Raises:
        UnreadableLogError: a batch on a topic of our own cannot be unpacked.
    """
    if any(is_unreadable(record) for record in records if record.headers):
        raise UnreadableLogError(f"{place.topic}-{place.partition} holds a batch nobody can read")


def _place(settings: StreamSettings, place: TopicPartition) -> KafkaTopicPartition:
    return KafkaTopicPartition(settings.topic_prefix + place.topic, place.partition)
