"""Records that wait for a cycle: bounded, in order, fairly shared."""

from pipeline.stream import Record, TopicPartition
from pipeline.stream.waiting import CYCLES_WAITING_MAX, RECORD_OVERHEAD_BYTES, WaitingRecords

FIRST, SECOND = TopicPartition("in", 0), TopicPartition("in", 1)


def records(source: TopicPartition, count: int, value_bytes: int = 900) -> list[Record]:
    value = b"x" * value_bytes
    return [Record(*source, offset, 0, None, value) for offset in range(count)]


def offsets(taken: dict[TopicPartition, list[Record]], source: TopicPartition) -> list[int]:
    return [record.offset for record in taken[source]]


def test_a_cycle_takes_the_oldest_records_up_to_its_bytes():
    waiting = WaitingRecords(cycle_bytes_max=10_000)
    waiting.add(FIRST, records(FIRST, 25))
    assert offsets(waiting.take(), FIRST) == list(range(10))
    assert offsets(waiting.take(), FIRST) == list(range(10, 20))
    assert len(waiting) == 5


def test_sources_share_a_cycle_equally():
    waiting = WaitingRecords(cycle_bytes_max=10_000)
    waiting.add(FIRST, records(FIRST, 100))
    waiting.add(SECOND, records(SECOND, 100))
    taken = waiting.take()
    assert (len(taken[FIRST]), len(taken[SECOND])) == (5, 5)


def test_a_record_larger_than_a_cycle_is_taken_nevertheless():
    waiting = WaitingRecords(cycle_bytes_max=10_000)
    waiting.add(FIRST, records(FIRST, 2, value_bytes=50_000))
    assert offsets(waiting.take(), FIRST) == [0]


def test_there_is_no_room_while_several_cycles_wait():
    waiting = WaitingRecords(cycle_bytes_max=10_000)
    waiting.add(FIRST, records(FIRST, 10 * CYCLES_WAITING_MAX))
    assert not waiting.room.is_set()
    waiting.take()
    assert waiting.room.is_set()


def test_empty_records_fill_the_room_too():
    waiting = WaitingRecords(cycle_bytes_max=10_000)
    count = CYCLES_WAITING_MAX * 10_000 // RECORD_OVERHEAD_BYTES
    waiting.add(FIRST, records(FIRST, count, value_bytes=0))
    assert not waiting.room.is_set()
    assert len(waiting.take()[FIRST]) == 10_000 // RECORD_OVERHEAD_BYTES


def test_nothing_has_arrived_once_all_is_taken():
    waiting = WaitingRecords(cycle_bytes_max=10_000)
    waiting.add(FIRST, records(FIRST, 3))
    assert waiting.arrived.is_set()
    waiting.take()
    assert not waiting.arrived.is_set()
    assert waiting.take() == {}


def test_clearing_makes_room():
    waiting = WaitingRecords(cycle_bytes_max=10_000)
    waiting.add(FIRST, records(FIRST, 1_000))
    waiting.clear()
    assert (len(waiting), waiting.room.is_set(), waiting.arrived.is_set()) == (0, True, False)
