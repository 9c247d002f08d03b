"""What the engine takes in, and what it lets go."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from pipeline.stream import KeyedState, Record, TopicPartition
from pipeline.stream.engine import Engine
from pipeline.stream.gate import OpenGate
from pipeline.stream.log import Membership
from pipeline.stream.records import Chunk
from pipeline.stream.report import RoomReport, SilentObserver
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


class ShutGate(OpenGate):
    """A gate that is opened by hand."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    @property
    def is_open(self) -> bool:  # type: ignore[override]
        return self.opened.is_set()

    async def wait(self) -> None:
        await self.opened.wait()


def gated(gate: ShutGate) -> Engine:
    engine = Engine(
        [Split()], settings("nowhere:1", "", "w1", 0), SilentObserver(), print, gate=gate
    )
    engine._membership = MEMBERSHIP
    engine._workshop = Workshop([Split()], dict.fromkeys(TOPICS, 1))
    engine._workshop.states["split", 0] = KeyedState(str)
    engine._workshop.positions[SOURCE] = 0
    engine._ready.set()
    return engine


async def test_no_cycle_begins_while_the_gate_is_shut(monkeypatch: pytest.MonkeyPatch):
    cycles = asyncio.Event()

    async def cycle(_: Engine, __: Membership) -> None:
        cycles.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Engine, "_cycle", cycle)
    gate = ShutGate()
    engine = gated(gate)
    engine.offer(Chunk(SOURCE, MEMBERSHIP, RECORDS))
    running = asyncio.create_task(engine._run())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(cycles.wait(), 0.1)
    gate.opened.set()
    await asyncio.wait_for(cycles.wait(), 5)
    running.cancel()


async def test_a_cycle_ends_when_the_gate_shuts(monkeypatch: pytest.MonkeyPatch):
    """What arrived in the pause may depend on what this worker has not heard of."""
    monkeypatch.setattr("pipeline.stream.engine.UNPAUSED_MAX_S", -1.0)
    engine = gated(ShutGate())
    records = [Record(*SOURCE, offset, 0, None, b"word") for offset in range(3)]
    engine.offer(Chunk(SOURCE, MEMBERSHIP, records))
    await engine._work_until_closed(engine._workshop.new_outbox(), defaultdict(RoomReport))
    assert engine.waiting_records == 2
