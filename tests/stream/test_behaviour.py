"""What the rooms may rely on, the same in memory, on the simulated broker and on Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from pipeline.stream import KeyedState
from pipeline.stream.changelog import ChangelogReader
from pipeline.stream.memory import MemoryStream
from tests.simulation.installation import SimulatedInstallation
from tests.stream.cluster import Cluster
from tests.stream.counting import HOUR_MS, Count, Split
from tests.stream.installation import EXIT_FAILED, Installation, Worker, exactly_once

PARTITIONS = 4
LINES = [f"w{number % 40} w{number % 7} z{number}" for number in range(200)]
WORDS = 3 * len(LINES)
NOON_MS = 1_700_000_000_000


class Stream(Protocol):
    """A running stream of the two counting rooms."""

    async def publish(self, lines: Sequence[str], timestamp_ms: int = NOON_MS) -> None:
        """Write lines in turn to the partitions."""

    async def read(self, topic: str, at_least: int) -> list[Any]:
        """The topic's records, once there are so many."""


class InMemory:
    def __init__(self) -> None:
        self._stream = MemoryStream([Split(), Count()], partitions=PARTITIONS)

    async def publish(self, lines: Sequence[str], timestamp_ms: int = NOON_MS) -> None:
        for line in lines:
            self._stream.publish("lines", key=None, value=line.encode(), timestamp_ms=timestamp_ms)
        self._stream.run_until_idle()

    async def read(self, topic: str, at_least: int) -> list[Any]:
        records = self._stream.read(topic)
        assert len(records) >= at_least
        return records


class OnInstallation:
    """With a worker, on Kafka or on the simulated broker."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        installation.start_worker()

    async def publish(self, lines: Sequence[str], timestamp_ms: int = NOON_MS) -> None:
        values = [line.encode() for line in lines]
        await self._installation.publish("lines", values, timestamp_ms=timestamp_ms)

    async def read(self, topic: str, at_least: int) -> list[Any]:
        found: list[Any] = []

        async def enough() -> bool:
            found[:] = await self._installation.read(topic)
            return len(found) >= at_least

        await self._installation.until(enough)
        return found


@pytest.fixture(params=["memory", "simulated", pytest.param("kafka", marks=pytest.mark.broker)])
async def stream(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stream]:
    """In memory, and with the real engine on a simulated and on a real broker."""
    if request.param == "memory":
        yield InMemory()
        return
    async with an_installation(request, tmp_path) as installation:
        yield OnInstallation(installation)


@pytest.fixture(params=["simulated", pytest.param("kafka", marks=pytest.mark.broker)])
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Installation]:
    """With the real engine, on a simulated and on a real broker."""
    async with an_installation(request, tmp_path) as installation:
        yield installation


@asynccontextmanager
async def an_installation(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Installation]:
    if request.param == "simulated":
        simulated = SimulatedInstallation()
        yield simulated
        simulated.close()
        return
    broker, prefix = map(request.getfixturevalue, ("broker", "topic_prefix"))
    cluster = Cluster(broker, prefix, tmp_path)
    await cluster.create_topics()
    yield cluster
    cluster.close()


def counted(records: Sequence[Any]) -> list[tuple[str, int]]:
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


async def test_an_entry_expires_by_the_time_of_the_records(stream: Stream):
    await stream.publish(["brief a"], timestamp_ms=NOON_MS)
    await stream.read("counts", 2)
    assert (await memory_of(stream, Split(), 0)).get("brief a") == 1
    await stream.publish(["later"], timestamp_ms=NOON_MS + 3 * HOUR_MS)
    await stream.read("counts", 3)
    assert b"sbrief a" not in (await memory_of(stream, Split(), 0)).entries()


async def two_sharing(installation: Installation) -> tuple[Worker, Worker]:
    """Two workers, each with half of the partitions of both inputs."""
    first, second = installation.start_worker("w1"), installation.start_worker("w2")
    for worker in (first, second):
        await worker.until_restored(4)
    return first, second


async def publish(installation: Installation, pieces: int = 1) -> None:
    size = len(LINES) // pieces
    for start in range(0, len(LINES), size):
        piece = LINES[start : start + size]
        await installation.publish("lines", [line.encode() for line in piece])


async def test_two_workers_share_the_partitions(installation: Installation):
    await two_sharing(installation)
    await publish(installation)
    assert exactly_once(await installation.until_counted(WORDS), LINES)


async def test_a_worker_started_again_goes_on_where_it_was(installation: Installation):
    killed = installation.start_worker("w1")
    await publish(installation)
    await installation.until_counted(1)
    killed.kill()
    installation.start_worker("w1")
    await publish(installation)
    assert exactly_once(await installation.until_counted(2 * WORDS), LINES * 2)


async def test_another_worker_takes_over_with_the_memory_of_a_dead_one(installation: Installation):
    first, second = await two_sharing(installation)
    await publish(installation)
    await installation.until_counted(WORDS)
    first.kill()
    await second.until_restored(8)
    await publish(installation)
    assert exactly_once(await installation.until_counted(2 * WORDS), LINES * 2)


@pytest.mark.parametrize("freeze_at", ["work", "commit"])
async def test_a_worker_frozen_in_a_cycle_is_fenced_when_it_wakes(
    installation: Installation, freeze_at: str
):
    """In its work, or with offsets already added to its open transaction (KIP-447)."""
    first = installation.start_worker("w1", freeze_at)
    await first.until_restored(8)
    await publish(installation)
    await first.until_frozen()
    second = installation.start_worker("w2")
    await second.until_restored(8)
    await installation.until_counted(1)
    first.wake()
    assert await first.exit_status() == EXIT_FAILED
    assert exactly_once(await installation.until_counted(WORDS), LINES)


async def test_a_stopped_worker_finishes_its_cycle_and_exits_with_0(installation: Installation):
    worker = installation.start_worker("w1")
    await worker.until_restored(8)
    publishing = asyncio.create_task(publish(installation, pieces=5))
    await installation.until_counted(1)
    assert await worker.stop() == 0
    await publishing
    installation.start_worker("w1")
    assert exactly_once(await installation.until_counted(WORDS), LINES)
