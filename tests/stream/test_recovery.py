"""Restoring memories from their changelogs, and noticing what does not fit together."""

import asyncio
import logging
from pathlib import Path

import pytest

from pipeline.stream.changelog import changelog_outputs
from pipeline.stream.fencing import FencedProducer
from pipeline.stream.producer import new_producer, send_outputs
from pipeline.stream.records import TopicPartition
from pipeline.stream.recovery import PositionMismatchError, _check, restore
from pipeline.stream.state import KeyedState
from pipeline.stream.topics import TopicsError, partition_counts
from pipeline.stream.work import Workshop
from tests.stream.cluster import Cluster
from tests.stream.counting import TOPICS, Count, Split, settings

WORDS = TopicPartition("words", 1)


class Setting:
    """The counting room's topics, and a producer that writes its changelog."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.settings = settings(cluster.broker, cluster.prefix, "w1", 0)
        self.producer: FencedProducer = new_producer(self.settings)
        self.workshop = Workshop([Count()], dict.fromkeys(TOPICS, 4))

    async def write(self, entries: dict[str, int], position: int) -> None:
        """Write entries and a position of the input, in the open transaction."""
        state: KeyedState[int] = KeyedState()
        for word, count in entries.items():
            state.put(word, count)
        outputs = changelog_outputs(Count(), 1, state, {WORDS: position})
        prefix = self.settings.topic_prefix
        sent = await send_outputs(self.producer, outputs, topic_prefix=prefix, timestamp_ms=1)
        await sent.confirm()

    async def restore(self, committed: int) -> dict[str, int]:
        """The room's memory as a new owner restores it."""
        await restore(self.workshop, {WORDS: committed}, self.settings)
        state = self.workshop.state("count", 1)
        return {key: entry.value for key, entry in state._entries.items()}


@pytest.fixture
async def setting(broker: str, topic_prefix: str, tmp_path: Path):
    cluster = Cluster(broker, topic_prefix, tmp_path)
    await cluster.create_topics()
    await cluster.publish("words", [b"\x90"] * 40)  # ten empty envelopes on each partition
    setting = Setting(cluster)
    await setting.producer.start()
    yield setting
    await setting.producer.stop()


@pytest.mark.broker
async def test_memory_and_position_are_those_of_the_last_commit(setting: Setting):
    for number in (1, 2):
        await setting.producer.begin_transaction()
        await setting.write({"word": number, f"only-{number}": number}, position=number)
        await setting.producer.commit_transaction()
    assert await setting.restore(committed=2) == {"word": 2, "only-1": 1, "only-2": 2}
    assert setting.workshop.positions == {WORDS: 2}


@pytest.mark.broker
async def test_what_was_aborted_is_not_restored(setting: Setting):
    await setting.producer.begin_transaction()
    await setting.write({"word": 1}, position=1)
    await setting.producer.commit_transaction()
    await setting.producer.begin_transaction()
    await setting.write({"word": 2, "more": 1}, position=2)
    await setting.producer.abort_transaction()
    assert await setting.restore(committed=1) == {"word": 1}


@pytest.mark.broker
async def test_an_open_transaction_of_the_last_owner_is_waited_for(setting: Setting):
    await setting.producer.begin_transaction()
    await setting.write({"word": 1}, position=1)
    restoring = asyncio.create_task(setting.restore(committed=1))
    done, _ = await asyncio.wait([restoring], timeout=0.7)
    assert not done
    await setting.producer.commit_transaction()
    assert await restoring == {"word": 1}


@pytest.mark.broker
async def test_a_fresh_group_starts_with_an_empty_memory(setting: Setting):
    assert await setting.restore(committed=-1) == {}


@pytest.mark.broker
async def test_a_worker_without_partitions_restores_nothing(setting: Setting):
    assert await restore(setting.workshop, {}, setting.settings) == 0


@pytest.mark.broker
async def test_a_group_offset_without_memory_is_an_error(setting: Setting):
    with pytest.raises(PositionMismatchError, match="words-1@5"):
        await setting.restore(committed=5)


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
async def test_missing_topics_are_named(setting: Setting):
    prefix = setting.settings.topic_prefix
    with pytest.raises(TopicsError, match=f"{prefix}extra.lines"):
        await partition_counts(setting.producer, [Split()], prefix + "extra.")


@pytest.mark.broker
async def test_inputs_and_changelog_must_have_equal_partitions(setting: Setting):
    prefix = setting.settings.topic_prefix + "unequal."
    cluster = Cluster(setting.cluster.broker, prefix, Path())
    await cluster.create_topics({**TOPICS, "split-changelog": 3})
    with pytest.raises(TopicsError, match="room split must have equal"):
        await partition_counts(setting.producer, [Split()], prefix)
