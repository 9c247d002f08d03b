"""Where a run that stands still is stuck: by room, topic and partition."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from tests.chaos.reader import new_consumer, places_of

ROOM_OF = {
    "manifests": "intake",
    "parcels": "assess",
    "assessments": "decide",
    "inspections": "decide",
    "payments": "decide",
}
MARKERS_MAX = 2
"""Transaction markers at the end of an inner topic count as lag though nothing waits."""


async def committed_offsets(broker: str, group_id: str) -> dict[TopicPartition, int]:
    """The group's offsets, by full topic name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group_id)
    finally:
        await admin.close()
    return {place: offset.offset for place, offset in found.items()}


async def where_it_is_stuck(broker: str, topic_prefix: str, group_id: str) -> str:
    """Partitions whose input is not worked on, in words."""
    committed = await committed_offsets(broker, group_id)
    async with new_consumer(broker) as consumer:
        places = await places_of(consumer, [topic_prefix + topic for topic in ROOM_OF])
        stable = await consumer.end_offsets(places)
    async with new_consumer(broker, "read_uncommitted") as consumer:
        ends = await consumer.end_offsets(places)
    found = []
    for place in places:
        topic = place.topic[len(topic_prefix) :]
        behind = ends[place] - committed.get(place, 0)
        if behind > MARKERS_MAX:
            held = " (an open transaction)" if stable[place] < ends[place] else ""
            found.append(f"{ROOM_OF[topic]}: {topic}-{place.partition} by {behind}{held}")
    return "; ".join(found) or "no partition of any room"
