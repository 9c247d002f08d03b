"""The stall detector: which input waits and is not worked on, by room, topic and partition."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from tests.chaos.reader import new_consumer, places_of, read_all

ROOM_OF = {
    "manifests": "intake",
    "parcels": "assess",
    "measurements": "score",
    "assessments": "decide",
    "inspections": "decide",
    "payments": "decide",
    "movements": "decide",
    "filings": "decide",
    "cancellations": "decide",
    "reversals": "assess",
    "account-slices": "decide",
    "accounts": "accounts",
    "account-requests": "accounts",
}
LOOK_S = 0.5
PROBE_MS = 2_000


class Look(NamedTuple):
    """The positions of the group and the ends of its input, at a moment of the monotonic clock."""

    at_s: float
    committed: Mapping[TopicPartition, int]
    ends: Mapping[TopicPartition, int]


class Positions:
    """Follows the positions of the workers' group on every input partition."""

    def __init__(self, broker: str, topic_prefix: str, group_id: str) -> None:
        self.looks: list[Look] = []
        self._broker = broker
        self._prefix = topic_prefix
        self._group_id = group_id
        self._committed: dict[TopicPartition, int] = {}
        self._moved_at_s: dict[TopicPartition, float] = {}

    async def follow(self) -> None:
        """Look twice a second, for ever. While the broker is away there is nothing to see."""
        async with new_consumer(self._broker, "read_uncommitted") as consumer:
            places = await places_of(consumer, [self._prefix + topic for topic in ROOM_OF])
            self._moved_at_s = dict.fromkeys(places, time.monotonic())
            while True:
                with contextlib.suppress(KafkaError, OSError):
                    self._note(
                        await committed_offsets(self._broker, self._group_id),
                        await consumer.end_offsets(places),
                    )
                await asyncio.sleep(LOOK_S)

    def unmoved(self, seconds: float) -> list[TopicPartition]:
        """Partitions that seem to have input waiting, and did not move for so long.

        Whether something really waits, `waiting` knows: transaction markers and records of
        aborted transactions look like input here.
        """
        before_s = time.monotonic() - seconds
        return [place for place, moved_at_s in self._moved_at_s.items() if moved_at_s < before_s]

    def forgive(self) -> None:
        """Nothing could move while the last fault lasted: standing still counts from now."""
        self._moved_at_s = dict.fromkeys(self._moved_at_s, time.monotonic())

    async def all_worked_on(self) -> bool:
        """Whether no input is left, as far as the broker can tell now.

        What stands in an open transaction is waited for.

        Raises:
            OpenTransactionError: a transaction is still open after a minute.
        """
        try:
            committed = await committed_offsets(self._broker, self._group_id)
        except (KafkaError, OSError):
            return False
        begin = {place: offset for place, offset in committed.items() if offset > 0}
        async with aclosing(read_all(self._broker, self._prefix, [*ROOM_OF], begin=begin)) as left:
            async for _ in left:
                return False
        return True

    async def waiting(self, places: list[TopicPartition]) -> str:
        """Those of the partitions that have readable input beyond the group's position, in words.

        An input that is not readable because a transaction before it stays open is named, too.
        """
        if not places:
            return ""
        async with new_consumer(self._broker) as consumer:
            held = await _held_back(self._broker, consumer, places)
            consumer.assign(places)
            for place in places:
                consumer.seek(place, self._committed.get(place, 0))
            readable = set(await consumer.getmany(timeout_ms=PROBE_MS))
        found = []
        for place in places:
            if place in readable or held[place]:
                topic, offset = place.topic[len(self._prefix) :], self._committed.get(place, 0)
                why = f" ({held[place]} records of open transactions)" if held[place] else ""
                found.append(f"{ROOM_OF[topic]}: {topic}-{place.partition} at {offset}{why}")
            else:
                self._moved_at_s[place] = time.monotonic()  # ask again, but not at once
        return "; ".join(found)

    def _note(
        self, committed: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> None:
        now_s = time.monotonic()
        positions = {place: max(committed.get(place, 0), 0) for place in ends}
        for place, end in ends.items():
            if positions[place] >= end or positions[place] != self._committed.get(place):
                self._moved_at_s[place] = now_s
        self._committed = positions
        self.looks.append(Look(now_s, positions, dict(ends)))


def worked_on_again_s(looks: Sequence[Look], over_at_s: float) -> float:
    """Seconds from the end of the last fault until every partition that was behind has moved.

    One that never moves had nothing but transaction markers left, in a run that was drained.
    """
    before = [look for look in looks if look.at_s <= over_at_s]
    if not before:
        return 0.0
    then = before[-1]
    moved_at_s = [
        next((look.at_s for look in looks if look.committed.get(place, 0) > offset), over_at_s)
        for place, offset in then.committed.items()
        if offset < then.ends[place]
    ]
    return max([0.0, *(at_s - over_at_s for at_s in moved_at_s)])


async def committed_offsets(broker: str, group_id: str) -> dict[TopicPartition, int]:
    """The group's offsets, by full topic name."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group_id)
    finally:
        await admin.close()
    return {place: offset.offset for place, offset in found.items()}


async def _held_back(
    broker: str, consumer: AIOKafkaConsumer, places: list[TopicPartition]
) -> dict[TopicPartition, int]:
    """How many records stand behind the begin of an open transaction, by partition."""
    stable = await consumer.end_offsets(places)
    async with new_consumer(broker, "read_uncommitted") as everything:
        ends = await everything.end_offsets(places)
    return {place: ends[place] - stable[place] for place in places}
