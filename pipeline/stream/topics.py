"""The topics the rooms need, as the broker has them."""

import asyncio
from collections.abc import Iterable, Mapping
from time import monotonic

from pipeline.stream.log import Log
from pipeline.stream.room import Room, changelog_topic

JUST_CREATED_S = 2.0
"""A broker may not know of a topic yet that was created a moment ago."""
POLL_S = 0.1


class TopicsError(Exception):
    """A topic is missing or does not fit the others; the worker cannot start."""


async def partition_counts(log: Log, rooms: Iterable[Room], topic_prefix: str) -> Mapping[str, int]:
    """Partition count of every topic the rooms read or write, by logical name.

    Raises:
        TopicsError: one is missing, or a room's inputs and changelog differ in partitions.
    """
    rooms = tuple(rooms)
    names = {
        topic
        for room in rooms
        for topic in (*room.inputs, *room.outputs, *room.enclosers, changelog_topic(room.name))
    }
    counts = await log.partition_counts(names)
    end = monotonic() + JUST_CREATED_S
    while len(counts) < len(names):
        if monotonic() > end:
            missing = ", ".join(sorted(topic_prefix + name for name in names - counts.keys()))
            raise TopicsError(f"topics missing on the broker: {missing}; create them first")
        await asyncio.sleep(POLL_S)
        counts = await log.partition_counts(names)
    for room in rooms:
        _check_equal(room, counts)
    return counts


def _check_equal(room: Room, counts: Mapping[str, int]) -> None:
    of_room = {topic: counts[topic] for topic in (*room.inputs, changelog_topic(room.name))}
    if len(set(of_room.values())) > 1:
        raise TopicsError(
            f"the inputs and the changelog of room {room.name} must have equal numbers of "
            f"partitions: {of_room}"
        )
