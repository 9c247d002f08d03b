"""What the engine takes in, and what it lets go."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from pipeline.stream import Record, TopicPartition
from pipeline.stream.engine import Engine
from pipeline.stream.log import Membership
from pipeline.stream.records import Chunk
from pipeline.stream.report import SilentObserver
from pipeline.stream.snapshots import Snapshots
from pipeline.stream.work import Workshop
from tests.stream.counting import TOPICS, Split, settings

SOURCE = TopicPartition("lines", 0)
RECORDS = [Record(*SOURCE, 0, 0, None, b"word")]
MEMBERSHIP = Membership("group", 2, "member", None)


@pytest.fixture
def engine() -> Engine:
    engine = Engine([Split()], settings("nowhere:1", "", "w1", 0), SilentObserver(), print)
    engine._membership = MEMBERSHIP
    return engine


async def no_offsets() -> Mapping[TopicPartition, int]:
    return {SOURCE: -1}


class StubbornLog:
    """A log whose connections swallow a cancellation while they close, as aiokafka's do."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    @asynccontextmanager
    async def reader(self) -> AsyncIterator["StubbornLog"]:
        yield self
        self.closing.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def held(self, places: Collection[TopicPartition]) -> Mapping[TopicPartition, range]:
        return dict.fromkeys(places, range(0))

    async def read_to_end(self, _: Any) -> AsyncIterator[Any]:
        for nothing in ():
            yield nothing


def test_a_chunk_of_the_present_assignment_waits_for_a_cycle(engine: Engine):
    engine.offer(Chunk(SOURCE, MEMBERSHIP, RECORDS))
    assert engine.waiting_records == 1


@pytest.mark.parametrize(
    "former",
    [
        pytest.param(MEMBERSHIP._replace(generation=1), id="another generation"),
        pytest.param(MEMBERSHIP._replace(), id="assigned anew in the same generation"),
    ],
)
def test_a_chunk_fetched_before_the_last_rebalance_is_dropped(engine: Engine, former: Membership):
    engine.offer(Chunk(SOURCE, former, RECORDS))
    assert engine.waiting_records == 0


def test_without_partitions_every_chunk_is_dropped(engine: Engine):
    engine._membership = None
    engine.offer(Chunk(SOURCE, MEMBERSHIP, RECORDS))
    assert engine.waiting_records == 0


async def test_a_restoring_that_survives_its_cancellation_lets_no_work_begin(engine: Engine):
    """Work would begin on memories that are still empty, once partitions are assigned anew."""
    stubborn = StubbornLog()
    engine._log = stubborn
    engine._workshop = Workshop([Split()], TOPICS)
    engine._snapshots = Snapshots(None, engine.settings, engine.observer)
    engine.on_assigned(MEMBERSHIP, no_offsets)
    await stubborn.closing.wait()
    await engine.on_revoked()
    assert engine._restoring
    assert engine._restoring.done()
    assert not engine.ready
    assert not engine._workshop.states
