"""Working on records, without any stream around it."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from pipeline.stream import KeyedState, Outbox, Record, TopicPartition
from pipeline.stream.memory import MemoryStream
from pipeline.stream.records import HEADERS_MAX, RECORD_BYTES_MAX, Fault
from pipeline.stream.report import RoomReport
from pipeline.stream.state import EXPIRED_PER_CYCLE_MAX, EXPIRY_BUCKET_MS
from pipeline.stream.work import StateLimitError, Workshop
from tests.stream.counting import Count, Split

SOURCE = TopicPartition("lines", 0)
WORDS = TopicPartition("words", 2)


def line(offset: int, text: str = "word", timestamp_ms: int = 0) -> Record:
    return Record("lines", 0, offset, timestamp_ms, None, text.encode())


def work(workshop: Workshop, records: list[Record], report: RoomReport | None = None) -> None:
    outbox = workshop.new_outbox()
    for record in records:
        workshop.work(record, outbox, report or RoomReport())


@pytest.fixture
def workshop() -> Workshop:
    return Workshop([Split(), Count()], dict.fromkeys(("words", "counts", "dead-letters"), 4))


def test_input_before_the_position_is_passed_over(workshop: Workshop):
    """The group's offset may lag behind the memory, and fetches may repeat after a rebalance."""
    workshop.positions[SOURCE] = 5
    report = RoomReport()
    work(workshop, [line(offset) for offset in range(7)], report)
    assert report.records == 2
    assert workshop.positions == {SOURCE: 7}
    assert workshop.state("split", 0).get("lines") == 2


def test_offsets_may_have_gaps(workshop: Workshop):
    """Markers of transactions take offsets, and compaction removes records."""
    work(workshop, [line(3), line(10)])
    assert workshop.positions == {SOURCE: 11}


def test_event_time_never_goes_back(workshop: Workshop):
    records = [line(0, timestamp_ms=20), line(1, timestamp_ms=10)]
    work(workshop, records)
    assert workshop.state("split", 0).watermark_ms == 20


def test_the_changelog_holds_the_position_of_what_was_worked_on(workshop: Workshop):
    work(workshop, [line(0)])
    keys = [output.key for output in workshop.changelog([SOURCE], workshop.new_outbox())]
    assert keys == [b"slines", b"plines"]


def test_a_report_counts_records_bytes_and_the_oldest_time(workshop: Workshop):
    report = RoomReport()
    records = [line(0, "abc", timestamp_ms=9), line(1, "de", timestamp_ms=7)]
    work(workshop, records, report)
    assert (report.records, report.bytes, report.oldest_timestamp_ms) == (2, 5, 7)


def counting(entries_max: int) -> Workshop:
    return Workshop([Count()], dict.fromkeys(("counts", "dead-letters"), 4), entries_max)


def count(workshop: Workshop, words: Sequence[str]) -> None:
    """One cycle with one record of words."""
    offset = workshop.positions.get(WORDS, 0)
    record = Record(*WORDS, offset, 0, None, msgspec.msgpack.encode(words))
    workshop.work(record, workshop.new_outbox(), RoomReport())
    workshop.changelog([WORDS], workshop.new_outbox())


def test_a_memory_that_outgrows_its_limit_stops_the_worker_with_what_to_do():
    workshop = counting(3)
    count(workshop, ["a", "b", "c"])
    with pytest.raises(StateLimitError) as error:
        count(workshop, ["d"])
    for told in ("room count, partition 2", "4 entries", "limit is 3", "Nothing is lost", "raise"):
        assert told in str(error.value)


def test_what_has_expired_does_not_count_against_the_limit():
    """However much of it there is: a cycle clears a bounded number otherwise."""
    workshop = counting(3)
    state = workshop.state("count", WORDS.partition)
    for number in range(2 * EXPIRED_PER_CYCLE_MAX):
        state.put(f"old {number}", 1, expires_at_ms=0)
    state.watermark_ms = EXPIRY_BUCKET_MS
    count(workshop, ["a", "b", "c"])
    assert len(state) == 3


class Noting(Split):
    """Notes each line, then breaks at `boom`."""

    def work(self, record: Record, state: KeyedState[Any], outbox: Outbox) -> None:
        outbox.note(record.value)
        super().work(record, state, outbox)


def test_what_a_broken_record_noted_is_never_heard():
    stream = MemoryStream([Noting()])
    for text in (b"one", b"boom", b"two"):
        stream.publish("lines", key=None, value=text, timestamp_ms=1)
    stream.run_until_idle()
    assert stream.notes == [b"one", b"two"]


def test_in_memory_too_the_key_chooses_the_partition():
    stream = MemoryStream([], partitions=8)
    for key in (b"a", b"c", b"a"):
        stream.publish("lines", key=key, value=b"", timestamp_ms=1)
    first, second, third = stream.read("lines")
    assert (first.partition, first.offset) == (third.partition, third.offset - 1)
    assert first.partition != second.partition


TOO_MANY = [("h", b"")] * (HEADERS_MAX + 1)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (line(0)._replace(value=b" " * RECORD_BYTES_MAX), ""),
        (line(0)._replace(value=b" " * (RECORD_BYTES_MAX + 1)), "1,048,577 bytes unpacked"),
        (line(0)._replace(key=b"k", value=b" " * RECORD_BYTES_MAX), "1,048,577 bytes unpacked"),
        (line(0)._replace(headers=[("h", bytes(RECORD_BYTES_MAX))]), "bytes unpacked"),
        (line(0)._replace(headers=TOO_MANY[1:]), ""),
        (line(0)._replace(headers=TOO_MANY), "101 headers, the limit is 100"),
    ],
)
def test_a_record_above_a_limit_is_a_dead_letter_without_its_content(
    workshop: Workshop, record: Record, text: str
):
    """The letter names its place; what stands there would not fit, and no room ever sees it."""
    outbox = workshop.new_outbox()
    workshop.work(record, outbox, RoomReport())
    assert workshop.positions == {SOURCE: 1}
    letters = [output for output in outbox.outputs() if output.topic == "dead-letters"]
    assert len(letters) == bool(text)
    for letter in letters:
        headers = dict(letter.headers)
        assert (letter.key, letter.value) == (None, None)
        assert headers["error_code"] == b"message_too_large"
        assert text.encode() in headers["error_text"]
        assert (headers["source_topic"], headers["source_offset"]) == (b"lines", b"0")


def test_a_record_that_stands_for_an_unreadable_batch_is_a_dead_letter(workshop: Workshop):
    outbox = workshop.new_outbox()
    fault = Fault("unreadable_batch", "it is damaged")
    workshop.work(Record("lines", 0, 7, 0, None, None, fault=fault), outbox, RoomReport())
    assert outbox.dead_letter_codes == [("lines", "unreadable_batch")]
    assert workshop.positions == {SOURCE: 8}


class Reminding:
    """Remembers each line for an hour, and tells when it forgets one; "bad" cannot be told."""

    name = "reminding"
    inputs = ("lines",)
    outputs = ("words", "dead-letters")
    state_type = str
    enclosers: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def work(self, record: Record, state: KeyedState[str], _: Outbox) -> None:
        text = (record.value or b"").decode()
        state.put(text, text, expires_at_ms=record.timestamp_ms + EXPIRY_BUCKET_MS)

    def lapse(self, key: str, value: str, state: KeyedState[str], outbox: Outbox) -> None:
        outbox.send("words", key=key.encode(), value=value.encode())
        if value == "again":
            state.put("told again", value)
        if value == "bad":
            state.put("never kept", value)
            raise ValueError("cannot be told")


def reminded(*lines: str) -> tuple[MemoryStream, KeyedState[Any]]:
    """A stream whose lines have been forgotten, and its memory."""
    stream = MemoryStream([Reminding()])
    for place, text in enumerate((*lines, "later")):
        when_ms = 3 * EXPIRY_BUCKET_MS if place == len(lines) else 0
        stream.publish("lines", key=None, value=text.encode(), timestamp_ms=when_ms)
    stream.run_until_idle()
    return stream, stream._workshop.state("reminding", 0)


def test_a_room_with_deadlines_hears_of_each_expired_entry_once():
    """What it says leaves with the cycle that forgets the entry, and what it puts stays."""
    stream, state = reminded("a", "again")
    assert sorted(r.value or b"" for r in stream.read("words")) == [b"a", b"again"]
    assert (state.get("a"), state.get("told again")) == (None, "again")


def test_an_entry_that_cannot_lapse_goes_to_the_dead_letters():
    """Nothing it said or put remains, it is forgotten, and the others lapse."""
    stream, state = reminded("bad", "good")
    (letter,) = stream.read("dead-letters")
    assert (letter.key, msgspec.msgpack.decode(letter.value or b"")) == (b"bad", "bad")
    assert dict(letter.headers)["source_topic"] == b"reminding-changelog"
    assert [r.value for r in stream.read("words")] == [b"good"]
    assert (state.get("bad"), state.get("never kept")) == (None, None)


def test_what_lapsing_entries_say_counts_towards_the_bound_of_a_cycle():
    workshop = Workshop([Reminding()], dict.fromkeys(("words", "dead-letters"), 1))
    outbox = workshop.new_outbox()
    for offset in range(EXPIRED_PER_CYCLE_MAX):
        workshop.work(line(offset, str(offset)), outbox, RoomReport())
    later = line(EXPIRED_PER_CYCLE_MAX, "later", 3 * EXPIRY_BUCKET_MS)
    workshop.work(later, outbox, RoomReport())
    workshop.changelog([SOURCE], outbox)
    assert len(outbox) == EXPIRED_PER_CYCLE_MAX // 2
