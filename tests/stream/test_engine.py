"""What the engine takes in."""

import pytest

from pipeline.stream import Record, TopicPartition
from pipeline.stream.engine import Engine
from pipeline.stream.log import Membership
from pipeline.stream.records import Chunk
from pipeline.stream.report import SilentObserver
from tests.stream.counting import Split, settings

SOURCE = TopicPartition("lines", 0)
RECORDS = [Record(*SOURCE, 0, 0, None, b"word")]


@pytest.fixture
def engine() -> Engine:
    engine = Engine([Split()], settings("nowhere:1", "", "w1", 0), SilentObserver(), print)
    engine._membership = Membership("group", 2, "member", None)
    return engine


def test_a_chunk_of_the_present_generation_waits_for_a_cycle(engine: Engine):
    engine.offer(Chunk(SOURCE, 2, RECORDS))
    assert engine.waiting_records == 1


def test_a_chunk_fetched_before_the_last_rebalance_is_dropped(engine: Engine):
    engine.offer(Chunk(SOURCE, 1, RECORDS))
    assert engine.waiting_records == 0


def test_without_partitions_every_chunk_is_dropped(engine: Engine):
    engine._membership = None
    engine.offer(Chunk(SOURCE, 2, RECORDS))
    assert engine.waiting_records == 0
