"""Restoring memories from snapshots and changelogs when partitions are assigned."""

import gc
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from pipeline.stream.changelog import ChangelogReader
from pipeline.stream.log import Log
from pipeline.stream.records import TopicPartition
from pipeline.stream.room import Room, changelog_topic
from pipeline.stream.snapshot_folder import Unusable, UnusableSnapshotError
from pipeline.stream.snapshots import Snapshots
from pipeline.stream.work import Workshop

log = logging.getLogger(__name__)


class Restored(NamedTuple):
    """What was read to restore memories."""

    readers: Sequence[ChangelogReader]
    passed_over: Sequence[Unusable]
    """For each snapshot that could not be used, why."""


class PositionMismatchError(Exception):
    """Memory and input position disagree: going on would lose or repeat input."""


async def restore(
    workshop: Workshop,
    committed: Mapping[TopicPartition, int],
    stream_log: Log,
    snapshots: Snapshots,
) -> Restored:
    """Fill the workshop's memories and positions for the sources in `committed`.

    A memory begins with what is kept of it, if that can be used, and its changelog is read on from
    there. `committed` holds the group's stable offsets (-1: none) and must have been fetched
    before: what an open transaction might still change is then either in the changelog or aborted.

    Raises:
        PositionMismatchError: memory, group and input topic do not fit together.
        StateLimitError: a memory is larger than it may be.
        UnreadableStateError: an entry is not of the type its room has now.
    """
    if not committed:  # more workers than partitions
        return Restored((), ())
    rooms = _rooms(workshop, committed)
    passed_over: list[Unusable] = []
    with _collector_paused():
        async with stream_log.reader() as reading:
            ends = await reading.held(rooms.keys())
            readers = {
                place: await _begin(room, place, ends[place], snapshots, passed_over)
                for place, room in rooms.items()
            }
            starts = {place: reader.next_offset for place, reader in readers.items()}
            async for piece in reading.read_to_end(starts):
                readers[piece.place].read(piece.pairs, piece.next_offset)
                workshop.check_limit(piece.place, readers[piece.place].state)
            # Not before: if this worker was frozen meanwhile, another may have worked further.
            held = await reading.held(committed.keys())
    positions: dict[TopicPartition, int] = {}
    for reader in readers.values():
        positions.update(reader.positions)
    for source, offset in committed.items():
        _check(source, offset, positions.get(source), held[source])
    for reader in readers.values():
        workshop.states[reader.room_name, reader.place.partition] = reader.state
    workshop.positions.update(positions)
    return Restored(tuple(readers.values()), tuple(passed_over))


def _rooms(workshop: Workshop, sources: Mapping[TopicPartition, int]) -> dict[TopicPartition, Room]:
    """The rooms whose memories are to be restored, by the place of their changelog."""
    rooms: dict[TopicPartition, Room] = {}
    for source in sources:
        room = workshop.room_of[source.topic]
        rooms[TopicPartition(changelog_topic(room.name), source.partition)] = room
    return rooms


async def _begin(
    room: Room,
    place: TopicPartition,
    held: range,
    snapshots: Snapshots,
    passed_over: list[Unusable],
) -> ChangelogReader:
    """A memory with what is kept of it, or an empty one."""
    try:
        return await snapshots.begin(room, place, held)
    except UnusableSnapshotError as error:
        log.warning("%s. The changelog is read from its beginning", error)
        passed_over.append(error.reason)
        return ChangelogReader(room, place.partition)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without garbage collection, which would search what is read again and again, in vain."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
