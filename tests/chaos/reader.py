"""The oracle's own way of reading topics: plain consumers, no group, nothing of the product."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

POLL_MS = 100
FETCH_BYTES_MAX = 4_000_000
END_DEADLINE_S = 60.0


class Read(NamedTuple):
    """A record as it stands on a topic; `topic` is the logical name."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class OpenTransactionError(Exception):
    """A topic does not become readable to its end: a transaction stays open."""


def new_consumer(broker: str, isolation_level: str = "read_committed") -> AIOKafkaConsumer:
    """A consumer that reads from the beginning and commits nothing."""
    return AIOKafkaConsumer(
        bootstrap_servers=broker,
        isolation_level=isolation_level,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=FETCH_BYTES_MAX,
    )


async def places_of(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    """All partitions of topics, given by their full names."""
    cluster = await consumer._client.fetch_all_metadata()
    return [
        TopicPartition(topic, partition)
        for topic in topics
        for partition in sorted(cluster.partitions_for_topic(topic) or ())
    ]


async def read_all(
    broker: str,
    prefix: str,
    topics: Sequence[str],
    isolation_level: str = "read_committed",
    begin: Mapping[TopicPartition, int] = MappingProxyType({}),
) -> AsyncIterator[Read]:
    """Everything that stands on topics now, to the end of each partition.

    `begin` has offsets, by full names, of partitions that are not read from their beginning.

    Raises:
        OpenTransactionError: a transaction is still open after a minute.
    """
    async with new_consumer(broker, isolation_level) as consumer:
        left = set(await places_of(consumer, [prefix + topic for topic in topics]))
        consumer.assign(sorted(left))
        for place in left & begin.keys():
            consumer.seek(place, begin[place])
        end_s = time.monotonic() + END_DEADLINE_S
        while left:
            for records in (await consumer.getmany(*left, timeout_ms=POLL_MS)).values():
                end_s = time.monotonic() + END_DEADLINE_S
                for record in records:
                    yield Read(
                        record.topic[len(prefix) :],
                        record.partition,
                        record.offset,
                        record.timestamp,
                        record.key,
                        record.value,
                        record.headers,
                    )
            left = {place for place in left if not await _at_end(consumer, place)}
            if time.monotonic() > end_s:
                raise OpenTransactionError(
                    "not readable to the end: "
                    + ", ".join(f"{place.topic}-{place.partition}" for place in sorted(left))
                )
            await asyncio.sleep(0)


async def _at_end(consumer: AIOKafkaConsumer, place: TopicPartition) -> bool:
    # The high watermark, not the last stable offset: what is still open must be waited for.
    end = consumer.highwater(place)  # None until the first fetch is answered
    return end is not None and await consumer.position(place) >= end
