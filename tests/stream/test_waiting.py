"""Records that wait for a cycle: bounded, in order, in turn."""

from itertools import islice

import pytest

from pipeline.stream import Record, TopicPartition
from pipeline.stream.waiting import CYCLES_WAITING_MAX, RECORD_OVERHEAD_BYTES, WaitingRecords

FIRST, SECOND = TopicPartition("in", 0), TopicPartition("in", 1)


def records(source: TopicPartition, count: int, value_bytes: int = 900) -> list[Record]:
    value = b"x" * value_bytes
    return [Record(*source, offset, 0, None, value) for offset in range(count)]


def take(waiting: WaitingRecords, count: int | None = None) -> list[tuple[int, int]]:
    """Partition and offset of the next records."""
    return [(record.partition, record.offset) for record in islice(waiting.in_turn(), count)]


@pytest.fixture
def waiting() -> WaitingRecords:
    return WaitingRecords(cycle_bytes_max=10_000)


def test_records_of_one_source_come_in_order_over_several_cycles(waiting: WaitingRecords):
    waiting.add(FIRST, records(FIRST, 5))
    assert take(waiting, 3) == [(0, 0), (0, 1), (0, 2)]
    waiting.add(FIRST, [Record(*FIRST, 5, 0, None, b"")])
    assert take(waiting) == [(0, 3), (0, 4), (0, 5)]


def test_sources_take_turns(waiting: WaitingRecords):
    waiting.add(FIRST, records(FIRST, 3))
    waiting.add(SECOND, records(SECOND, 2))
    assert take(waiting) == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)]


def test_the_next_cycle_begins_with_the_source_whose_turn_it_is(waiting: WaitingRecords):
    """A source whose record fills a cycle alone does not come first again."""
    waiting.add(FIRST, records(FIRST, 3))
    waiting.add(SECOND, records(SECOND, 3))
    assert take(waiting, 1) == [(0, 0)]
    assert take(waiting, 1) == [(1, 0)]


def test_what_arrives_during_a_cycle_joins_in(waiting: WaitingRecords):
    waiting.add(FIRST, records(FIRST, 2))
    turns = waiting.in_turn()
    next(turns)
    waiting.add(SECOND, records(SECOND, 1))
    assert [record.partition for record in turns] == [0, 1]


def test_there_is_no_room_while_several_cycles_wait(waiting: WaitingRecords):
    waiting.add(FIRST, records(FIRST, 10 * CYCLES_WAITING_MAX))
    assert (waiting.room.is_set(), waiting.load) == (False, 1.0)
    take(waiting, 1)
    assert waiting.room.is_set()


def test_load_is_the_share_of_the_room_that_is_taken(waiting: WaitingRecords):
    waiting.add(FIRST, records(FIRST, 10))
    assert waiting.load == 1 / CYCLES_WAITING_MAX


def test_empty_records_fill_the_room_too(waiting: WaitingRecords):
    count = CYCLES_WAITING_MAX * 10_000 // RECORD_OVERHEAD_BYTES
    waiting.add(FIRST, records(FIRST, count, value_bytes=0))
    assert not waiting.room.is_set()


def test_nothing_has_arrived_once_all_is_taken(waiting: WaitingRecords):
    waiting.add(FIRST, records(FIRST, 3))
    assert waiting.arrived.is_set()
    take(waiting)
    assert not waiting.arrived.is_set()
    assert take(waiting) == []


def test_an_empty_chunk_is_nothing(waiting: WaitingRecords):
    waiting.add(FIRST, [])
    assert not waiting.arrived.is_set()


def test_clearing_makes_room(waiting: WaitingRecords):
    waiting.add(FIRST, records(FIRST, 1_000))
    waiting.clear()
    assert (len(waiting), waiting.room.is_set(), waiting.arrived.is_set()) == (0, True, False)
