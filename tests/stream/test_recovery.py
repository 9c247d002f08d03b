"""Restoring memories from their changelogs, and noticing what does not fit together."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pipeline.stream.changelog import changelog_outputs
from pipeline.stream.kafka import KafkaLog
from pipeline.stream.log import Piece
from pipeline.stream.records import TopicPartition
from pipeline.stream.recovery import PositionMismatchError, _check, restore
from pipeline.stream.report import SilentObserver
from pipeline.stream.snapshots import Snapshots
from pipeline.stream.state import KeyedState
from pipeline.stream.topics import TopicsError, partition_counts
from pipeline.stream.work import Workshop
from tests.stream.cluster import Cluster
from tests.stream.counting import TOPICS, Count, Split, settings

WORDS = TopicPartition("words", 1)
NO_SNAPSHOTS = Snapshots(None, settings("nowhere:1", "", "w1", 0), SilentObserver())


class Setting:
    """The counting room's topics, and a log to write its changelog through."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.log = KafkaLog(settings(cluster.broker, cluster.prefix, "w1", 0))
        self.workshop = Workshop([Count()], dict.fromkeys(TOPICS, 4))

    async def write(self, entries: dict[str, int], position: int) -> None:
        """Write entries and a position of the input, in the open transaction."""
        state: KeyedState[int] = KeyedState()
        for word, count in entries.items():
            state.put(word, count)
        outputs = changelog_outputs(Count(), 1, state, {WORDS: position})
        sent = await self.log.send(outputs, timestamp_ms=1)
        await sent.confirm()

    async def restore(self, committed: int) -> dict[str, int]:
        """The room's memory as a new owner restores it."""
        await restore(self.workshop, {WORDS: committed}, self.log, NO_SNAPSHOTS)
        state = self.workshop.state("count", 1)
        return {key[1:].decode(): state.get(key[1:].decode()) for key in state.entries()}


@asynccontextmanager
async def connected(broker: str, prefix: str) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(settings(broker, prefix, "w1", 0))
    await log.start()
    yield log
    await log.stop()


@pytest.fixture
async def setting(broker: str, topic_prefix: str, tmp_path: Path):
    cluster = Cluster(broker, topic_prefix, tmp_path)
    await cluster.create_topics()
    await cluster.publish("words", [b"\x90"] * 40)  # ten empty envelopes on each partition
    setting = Setting(cluster)
    await setting.log.start()
    yield setting
    await setting.log.stop()


@pytest.mark.broker
async def test_memory_and_position_are_those_of_the_last_commit(setting: Setting):
    for number in (1, 2):
        await setting.log.begin()
        await setting.write({"word": number, f"only-{number}": number}, position=number)
        await setting.log.commit()
    assert await setting.restore(committed=2) == {"word": 2, "only-1": 1, "only-2": 2}
    assert setting.workshop.positions == {WORDS: 2}


@pytest.mark.broker
async def test_what_was_aborted_is_not_restored(setting: Setting):
    await setting.log.begin()
    await setting.write({"word": 1}, position=1)
    await setting.log.commit()
    await setting.log.begin()
    await setting.write({"word": 2, "more": 1}, position=2)
    await setting.log.abort()
    assert await setting.restore(committed=1) == {"word": 1}


@pytest.mark.broker
async def test_an_open_transaction_of_the_last_owner_is_waited_for(setting: Setting):
    await setting.log.begin()
    await setting.write({"word": 1}, position=1)
    restoring = asyncio.create_task(setting.restore(committed=1))
    done, _ = await asyncio.wait([restoring], timeout=0.7)
    assert not done
    await setting.log.commit()
    assert await restoring == {"word": 1}


@pytest.mark.broker
async def test_a_fresh_group_starts_with_an_empty_memory(setting: Setting):
    assert await setting.restore(committed=-1) == {}


@pytest.mark.broker
async def test_a_worker_without_partitions_restores_nothing(setting: Setting):
    assert await restore(setting.workshop, {}, setting.log, NO_SNAPSHOTS) == ((), ())


@pytest.mark.broker
async def test_a_group_offset_without_memory_is_an_error(setting: Setting):
    with pytest.raises(PositionMismatchError, match="words-1@5"):
        await setting.restore(committed=5)


class GoneOnWith:
    """A log whose input another worker goes on with while this one, frozen, restores its memory."""

    end = 7

    @asynccontextmanager
    async def reader(self) -> AsyncIterator["GoneOnWith"]:
        yield self

    async def held(self, places: Collection[TopicPartition]) -> dict[TopicPartition, range]:
        return {place: range(self.end) for place in places}

    async def read_to_end(self, starts: Mapping[TopicPartition, int]) -> AsyncIterator[Piece]:
        self.end = 9
        for place in starts:
            changes = changelog_outputs(Count(), place.partition, KeyedState(), {WORDS: self.end})
            yield Piece(place, [(change.key or b"", change.value) for change in changes], 1)


async def test_input_that_grew_while_a_memory_was_restored_was_not_created_anew():
    workshop = Workshop([Count()], dict.fromkeys(TOPICS, 4))
    await restore(workshop, {WORDS: 7}, GoneOnWith(), NO_SNAPSHOTS)
    assert workshop.positions == {WORDS: 9}


HELD = range(100, 200)


@pytest.mark.parametrize(
    ("committed", "stored"),
    [
        pytest.param(150, 150, id="in step"),
        pytest.param(-1, None, id="fresh group"),
        pytest.param(-1, 150, id="group offset expired"),
        pytest.param(120, 150, id="group offset moved back"),
        pytest.param(200, 200, id="all worked on"),
    ],
)
def test_positions_that_fit(committed: int, stored: int | None):
    _check(WORDS, committed, stored, HELD)


@pytest.mark.parametrize(
    ("committed", "stored", "message"),
    [
        pytest.param(150, None, "at the beginning", id="changelog deleted"),
        pytest.param(160, 150, "at 150", id="group offset moved forward"),
        pytest.param(-1, 201, "created anew", id="input topic created anew"),
    ],
)
def test_positions_that_would_lose_input(committed: int, stored: int | None, message: str):
    with pytest.raises(PositionMismatchError, match=message):
        _check(WORDS, committed, stored, HELD)


def test_input_that_retention_deleted_is_reported(caplog: pytest.LogCaptureFixture):
    """It cannot be had back: the worker goes on, but says what is missing."""
    with caplog.at_level(logging.ERROR):
        _check(WORDS, 90, 90, HELD)
    assert "words-1 begins at 100, worked on up to 90" in caplog.text


@pytest.mark.broker
async def test_missing_topics_are_named(broker: str, topic_prefix: str):
    async with connected(broker, topic_prefix) as log:
        with pytest.raises(TopicsError, match=f"{topic_prefix}lines"):
            await partition_counts(log, [Split()], topic_prefix)


@pytest.mark.broker
async def test_inputs_and_changelog_must_have_equal_partitions(broker: str, topic_prefix: str):
    await Cluster(broker, topic_prefix, Path()).create_topics({**TOPICS, "split-changelog": 3})
    async with connected(broker, topic_prefix) as log:
        with pytest.raises(TopicsError, match="room split must have equal"):
            await partition_counts(log, [Split()], topic_prefix)
