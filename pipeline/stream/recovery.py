"""Restoring memories from their changelogs when partitions are assigned."""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from pipeline.stream.changelog import ChangelogReader
from pipeline.stream.records import TopicPartition
from pipeline.stream.room import changelog_topic
from pipeline.stream.settings import StreamSettings
from pipeline.stream.work import Workshop

log = logging.getLogger(__name__)

POLL_TIMEOUT_MS = 20
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
        PositionMismatchError: memory, group and input topic do not fit together.
    """
    if not committed:  # more workers than partitions
        return 0
    readers = _readers(workshop, committed, settings)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=POLL_TIMEOUT_MS,
        max_partition_fetch_bytes=FETCH_BYTES_MAX,
    )
    await consumer.start()
    try:
        limits = await _limits(consumer, committed, settings)
        await _read_to_end(consumer, readers)
    finally:
        await consumer.stop()
    positions: dict[TopicPartition, int] = {}
    for reader in readers.values():
        positions.update(reader.positions)
    for source, offset in committed.items():
        _check(source, offset, positions.get(source), limits[source])
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


async def _limits(
    consumer: AIOKafkaConsumer, sources: Iterable[TopicPartition], settings: StreamSettings
) -> dict[TopicPartition, range]:
    """The offsets each input partition holds at present."""
    places = {
        source: KafkaTopicPartition(settings.topic_prefix + source.topic, source.partition)
        for source in sources
    }
    first = await consumer.beginning_offsets(list(places.values()))
    end = await consumer.end_offsets(list(places.values()))
    return {source: range(first[place], end[place]) for source, place in places.items()}


async def _read_to_end(
    consumer: AIOKafkaConsumer, readers: Mapping[KafkaTopicPartition, ChangelogReader]
) -> None:
    """Read every changelog to the end, and beyond the open transaction of a dead owner if any."""
    consumer.assign(list(readers))
    await consumer.seek_to_beginning(*readers)
    left = set(readers)
    while left:
        fetched = await consumer.getmany(*left, timeout_ms=POLL_TIMEOUT_MS)
        for place, records in fetched.items():
            read = readers[place].read
            for record in records:
                if record.key is not None:
                    read(record.key, record.value)
        left = {place for place in left if not await _at_end(consumer, place)}
        await asyncio.sleep(0)


async def _at_end(consumer: AIOKafkaConsumer, place: KafkaTopicPartition) -> bool:
    # Not the last stable offset: the markers of a committed transaction may reach the group's
    # offsets before they reach this topic.
    end = consumer.highwater(place)  # None until the first fetch is answered
    return end is not None and await consumer.position(place) >= end


def _check(source: TopicPartition, committed: int, stored: int | None, held: range) -> None:
    """Compare the group's offset, the one kept beside the memory, and what the input topic holds.

    A group offset behind the memory is harmless (expired or reset by hand): input before the
    stored position is passed over. One ahead of it would skip input.
    """
    if stored is not None and stored > held.stop:
        raise PositionMismatchError(
            f"the memory of its room has worked on {source.topic}-{source.partition} up to "
            f"{stored}, but that ends at {held.stop}: the topic was created anew or lost its end. "
            "New input would be taken for old; start a new application id"
        )
    if stored is not None and stored < held.start:
        log.error(
            "%s-%d begins at %d, worked on up to %d: what lay between was deleted by retention",
            source.topic,
            source.partition,
            held.start,
            stored,
        )
    if committed > (stored or 0):
        raise PositionMismatchError(
            f"the consumer group stands at {source.topic}-{source.partition}@{committed}, but the "
            f"memory of its room at {stored or 'the beginning'}: input between them would be lost. "
            "Either the changelog topic was deleted or the group's offset was moved forward; "
            "move the group's offset back to the room's position, or start a new application id"
        )
