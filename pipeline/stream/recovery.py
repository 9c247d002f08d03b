"""Restoring memories from their changelogs when partitions are assigned."""

import logging
from collections.abc import Mapping

from pipeline.stream.changelog import ChangelogReader
from pipeline.stream.log import Log
from pipeline.stream.records import TopicPartition
from pipeline.stream.room import changelog_topic
from pipeline.stream.work import Workshop

log = logging.getLogger(__name__)


class PositionMismatchError(Exception):
    """Memory and input position disagree: going on would lose or repeat input."""


async def restore(
    workshop: Workshop, committed: Mapping[TopicPartition, int], stream_log: Log
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
    readers = _readers(workshop, committed)
    async with stream_log.reader() as reading:
        held = await reading.held(committed.keys())
        async for piece in reading.read_to_end(dict.fromkeys(readers, 0)):
            readers[piece.place].read(piece.pairs, piece.next_offset)
    positions: dict[TopicPartition, int] = {}
    for reader in readers.values():
        positions.update(reader.positions)
    for source, offset in committed.items():
        _check(source, offset, positions.get(source), held[source])
    for reader in readers.values():
        workshop.states[reader.room_name, reader.partition] = reader.state
    workshop.positions.update(positions)
    return sum(reader.records for reader in readers.values())


def _readers(
    workshop: Workshop, sources: Mapping[TopicPartition, int]
) -> dict[TopicPartition, ChangelogReader]:
    readers: dict[TopicPartition, ChangelogReader] = {}
    for source in sources:
        room = workshop.room_of[source.topic]
        place = TopicPartition(changelog_topic(room.name), source.partition)
        readers.setdefault(place, ChangelogReader(room, source.partition))
    return readers


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
