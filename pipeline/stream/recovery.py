"""Restoring memories from their changelogs when partitions are assigned."""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from pipeline.stream.changelog import ChangelogReader
from pipeline.stream.records import TopicPartition
from pipeline.stream.room import changelog_topic
from pipeline.stream.settings import StreamSettings
from pipeline.stream.work import Workshop

POLL_TIMEOUT_MS = 500
FETCH_BYTES_MAX = 4_000_000


class PositionMismatchError(Exception):
    """Memory and input position disagree: going on would lose or repeat input."""


async def restore(
    workshop: Workshop,
    committed: Mapping[TopicPartition, int],
    settings: StreamSettings,
) -> int:
    """Fill the workshop's memories and positions for the sources in `committed`.

    `committed` holds the group's stable offsets (-1: none) and must have been fetched before:
    what an open transaction might still change is then either in the changelog or aborted.
    Returns the number of changelog records read.

    Raises:
        PositionMismatchError: the group's offset is ahead of the memory.
    """
    readers = _readers(workshop, committed, settings)
    if readers:
        await _read_to_end(readers, settings)
    positions: dict[TopicPartition, int] = {}
    for reader in readers.values():
        positions.update(reader.positions)
    for source, offset in committed.items():
        _check(source, offset, positions.get(source))
    for (room_name, partition), reader in _by_room(workshop, readers, settings).items():
        workshop.states[room_name, partition] = reader.state
    workshop.positions.update(positions)
    return sum(reader.entries for reader in readers.values())


def _readers(
    workshop: Workshop, sources: Mapping[TopicPartition, int], settings: StreamSettings
) -> dict[KafkaTopicPartition, ChangelogReader]:
    readers: dict[KafkaTopicPartition, ChangelogReader] = {}
    for source in sources:
        room = workshop.room_of[source.topic]
        topic = settings.topic_prefix + changelog_topic(room.name)
        place = KafkaTopicPartition(topic, source.partition)
        readers.setdefault(place, ChangelogReader(room, source.partition))
    return readers


def _by_room(
    workshop: Workshop,
    readers: Mapping[KafkaTopicPartition, ChangelogReader],
    settings: StreamSettings,
) -> dict[tuple[str, int], ChangelogReader]:
    names = {settings.topic_prefix + changelog_topic(room.name): room for room in workshop.rooms}
    return {(names[place.topic].name, place.partition): reader for place, reader in readers.items()}


async def _read_to_end(
    readers: Mapping[KafkaTopicPartition, ChangelogReader], settings: StreamSettings
) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES_MAX,
    )
    await consumer.start()
    try:
        consumer.assign(list(readers))
        ends = await consumer.end_offsets(list(readers))
        await consumer.seek_to_beginning(*readers)
        left = set(readers)
        while left := {place for place in left if await consumer.position(place) < ends[place]}:
            fetched = await consumer.getmany(*left, timeout_ms=POLL_TIMEOUT_MS)
            for place, records in fetched.items():
                read = readers[place].read
                for record in records:
                    if record.key is not None:
                        read(record.key, record.value)
            await asyncio.sleep(0)
    finally:
        await consumer.stop()


def _check(source: TopicPartition, committed: int, stored: int | None) -> None:
    """Compare the group's offset with the one kept beside the memory.

    A group offset behind the memory is harmless (expired or reset by hand): input before the
    stored position is passed over. One ahead of it would skip input.
    """
    if committed > (stored or 0):
        raise PositionMismatchError(
            f"the consumer group stands at {source.topic}-{source.partition}@{committed}, but the "
            f"memory of its room at {stored or 'the beginning'}: input between them would be lost. "
            "Either the changelog topic was deleted or the group's offset was moved forward; "
            "move the group's offset back to the room's position, or start a new application id"
        )
