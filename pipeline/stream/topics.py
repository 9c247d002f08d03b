"""The topics the rooms need, as the broker has them."""

from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaProducer

from pipeline.stream.room import Room, changelog_topic


class TopicsError(Exception):
    """A topic is missing or does not fit the others; the worker cannot start."""


async def partition_counts(
    producer: AIOKafkaProducer, rooms: Iterable[Room], topic_prefix: str
) -> dict[str, int]:
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
    cluster = await producer.client.fetch_all_metadata()
    found = {name: cluster.partitions_for_topic(topic_prefix + name) for name in sorted(names)}
    missing = [topic_prefix + name for name, partitions in found.items() if not partitions]
    if missing:
        raise TopicsError(f"topics missing on the broker: {', '.join(missing)}; create them first")
    counts = {name: len(partitions) for name, partitions in found.items()}
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
