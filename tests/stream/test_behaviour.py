"""What the rooms may rely on, the same in memory and on Kafka."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from pipeline.stream import KeyedState, Record
from pipeline.stream.changelog import ChangelogReader
from pipeline.stream.memory import MemoryStream
from tests.stream.cluster import Cluster, until
from tests.stream.counting import Count, Split

PARTITIONS = 4


class Stream(Protocol):
    """A running stream of the two counting rooms."""

    async def publish(self, lines: Sequence[str]) -> None:
        """Write lines in turn to the partitions."""

    async def read(self, topic: str, at_least: int) -> list[Record]:
        """The topic's records, once there are so many."""


class InMemory:
    def __init__(self) -> None:
        self._stream = MemoryStream([Split(), Count()], partitions=PARTITIONS)

    async def publish(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._stream.publish("lines", key=None, value=line.encode(), timestamp_ms=1)
        self._stream.run_until_idle()

    async def read(self, topic: str, at_least: int) -> list[Record]:
        records = self._stream.read(topic)
        assert len(records) >= at_least
        return records


class OnKafka:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def publish(self, lines: Sequence[str]) -> None:
        await self._cluster.publish("lines", [line.encode() for line in lines])

    async def read(self, topic: str, at_least: int) -> list[Record]:
        found: list[Record] = []

        async def enough() -> bool:
            found[:] = [
                Record(topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers)
                for r in await self._cluster.read(topic)
            ]
            return len(found) >= at_least

        await until(enough)
        return found


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.broker)])
async def stream(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stream]:
    if request.param == "memory":
        yield InMemory()
        return
    broker, prefix = map(request.getfixturevalue, ("broker", "topic_prefix"))
    cluster = Cluster(broker, prefix, tmp_path)
    await cluster.create_topics()
    cluster.start_worker()
    yield OnKafka(cluster)
    cluster.close()


def counted(records: Sequence[Record]) -> list[tuple[str, int]]:
    return [((r.key or b"").decode(), int(r.value or b"")) for r in records]


async def memory_of(stream: Stream, room: Any, partition: int) -> KeyedState[Any]:
    reader = ChangelogReader(room, partition)
    for record in await stream.read(f"{room.name}-changelog", 1):
        if record.partition == partition:
            reader.read([(record.key or b"", record.value)], record.offset + 1)
    return reader.state


async def test_every_word_is_counted_once_and_in_order(stream: Stream):
    await stream.publish(["one two two", "two one", "one"])
    records = await stream.read("counts", 6)
    for word in ("one", "two"):
        assert [n for seen, n in counted(records) if seen == word] == [1, 2, 3]


async def test_a_record_that_breaks_its_room_becomes_a_dead_letter(stream: Stream):
    await stream.publish(["boom"])
    (letter,) = await stream.read("dead-letters", 1)
    headers = dict(letter.headers)
    assert letter.value == b"boom"
    assert headers["source_topic"] == b"lines"
    assert headers["source_offset"] == b"0"
    assert headers["error_code"] == b"internal_error"
    assert headers["error_text"] == b"ValueError: boom"


async def test_a_broken_record_leaves_nothing_else_behind(stream: Stream):
    """It set its room's memory and sent a word on before it broke; the next record is fine."""
    await stream.publish(["boom"])
    await stream.read("dead-letters", 1)
    await stream.publish(["fine"])
    assert counted(await stream.read("counts", 1)) == [("fine", 1)]
    assert (await memory_of(stream, Split(), 0)).get("lines") == 1


async def test_what_cannot_be_encoded_is_the_fault_of_its_record_alone(stream: Stream):
    await stream.publish(["huge", "fine"])
    assert counted(await stream.read("counts", 1)) == [("fine", 1)]
    (letter,) = await stream.read("dead-letters", 1)
    assert dict(letter.headers)["error_text"].startswith(b"OverflowError")


async def test_what_does_not_fit_into_a_record_is_a_dead_letter(stream: Stream):
    await stream.publish(["long " + "x" * 950_000, "fine"])
    assert counted(await stream.read("counts", 1)) == [("fine", 1)]
    (letter,) = await stream.read("dead-letters", 1)
    assert len(letter.value or b"") == 950_005
