"""The outbox: what a cycle says, and how it is taken back."""

from typing import Any

import msgspec
import pytest

from pipeline.stream import Outbox, Record
from pipeline.stream.murmur2 import partition_of
from pipeline.stream.outbox import (
    DEAD_LETTERS,
    ENVELOPE_BYTES_MAX,
    ENVELOPE_ITEMS_MAX,
    ERROR_TEXT_CHARACTERS_MAX,
    RECORD_BYTES_MAX,
)

RECORD = Record("in", 5, 42, 1_700_000_000_123, b"key", b"value", [("trace", b"abc")])


def new_outbox() -> Outbox:
    partitions = {"out": 8, "inner": 4, DEAD_LETTERS: 3}
    return Outbox(partitions, {"inner": msgspec.msgpack.encode})


def values(outbox: Outbox, topic: str, partition: int = 0) -> list[bytes | None]:
    return [o.value for o in outbox.outputs() if (o.topic, o.partition) == (topic, partition)]


def envelopes(outbox: Outbox, partition: int = 0) -> list[list[Any]]:
    return [msgspec.msgpack.decode(value or b"") for value in values(outbox, "inner", partition)]


def test_without_a_partition_the_key_chooses_it():
    outbox = new_outbox()
    outbox.send("out", key=b"parcel-1", value=b"x")
    assert [o.partition for o in outbox.outputs()] == [partition_of(b"parcel-1", 8)]


def test_a_given_partition_is_kept():
    outbox = new_outbox()
    outbox.send("out", key=b"parcel-1", value=b"x", partition=7)
    assert [o.partition for o in outbox.outputs()] == [7]


def test_items_for_one_partition_leave_in_one_envelope_in_their_order():
    outbox = new_outbox()
    for number in range(6):
        outbox.enclose("inner", number % 2, number)
    assert envelopes(outbox, 0) == [[0, 2, 4]]
    assert envelopes(outbox, 1) == [[1, 3, 5]]


def test_an_envelope_holds_a_limited_number_of_items():
    outbox = new_outbox()
    for number in range(ENVELOPE_ITEMS_MAX + 1):
        outbox.enclose("inner", 0, number)
    assert [len(items) for items in envelopes(outbox)] == [ENVELOPE_ITEMS_MAX, 1]


def test_an_envelope_holds_a_limited_number_of_bytes():
    outbox = new_outbox()
    item = b"x" * (ENVELOPE_BYTES_MAX // 3)
    for _ in range(7):
        outbox.enclose("inner", 0, item)
    assert [len(items) for items in envelopes(outbox)] == [2, 2, 2, 1]


def test_an_item_larger_than_an_envelope_leaves_alone():
    outbox = new_outbox()
    for item in (b"a", b"x" * (ENVELOPE_BYTES_MAX + 1), b"b"):
        outbox.enclose("inner", 0, item)
    assert [len(items) for items in envelopes(outbox)] == [1, 1, 1]


def test_an_item_nobody_can_encode_is_refused_at_once():
    """At the end of the cycle it would take all other records down with it, at every restart."""
    with pytest.raises(OverflowError):
        new_outbox().enclose("inner", 0, 10**30)


def test_a_record_larger_than_the_broker_takes_is_refused_at_once():
    outbox = new_outbox()
    large = b"x" * (RECORD_BYTES_MAX + 1)
    with pytest.raises(ValueError, match="too many for one record"):
        outbox.send("out", key=None, value=large)
    with pytest.raises(ValueError, match="too many for one record"):
        outbox.enclose("inner", 0, large)
    assert list(outbox.outputs()) == []


def test_a_dead_letter_keeps_bytes_and_headers_and_says_what_is_wrong():
    outbox = new_outbox()
    outbox.dead_letter(RECORD, "unreadable", "no JSON", headers=[("parcels", b"2")])
    (letter,) = outbox.outputs()
    assert (letter.topic, letter.partition) == (DEAD_LETTERS, 2)
    assert (letter.key, letter.value) == (b"key", b"value")
    assert list(letter.headers) == [
        ("trace", b"abc"),
        ("source_topic", b"in"),
        ("source_partition", b"5"),
        ("source_offset", b"42"),
        ("source_timestamp_ms", b"1700000000123"),
        ("error_code", b"unreadable"),
        ("error_text", b"no JSON"),
        ("parcels", b"2"),
    ]


def test_a_dead_letter_may_hold_a_part_of_its_record():
    outbox = new_outbox()
    outbox.dead_letter(RECORD, "unreadable", "one item", value=b"item")
    assert values(outbox, DEAD_LETTERS, 2) == [b"item"]


def test_a_dead_letter_of_any_size_is_kept():
    outbox = new_outbox()
    outbox.dead_letter(RECORD._replace(value=b"x" * 2_000_000), "unreadable", "too large")
    assert len(list(outbox.outputs())) == 1


def test_error_text_is_cut_and_survives_what_utf_8_cannot_hold():
    outbox = new_outbox()
    outbox.dead_letter(RECORD, "unreadable", "\ud800" * 5_000)
    headers = dict(next(outbox.outputs()).headers)
    assert headers["error_text"] == b"?" * ERROR_TEXT_CHARACTERS_MAX


def test_roll_back_forgets_exactly_what_came_after_the_mark():
    outbox = new_outbox()

    def say(word: str) -> None:
        outbox.send("out", key=None, value=word.encode())
        outbox.enclose("inner", 0, word)
        outbox.note(word)
        outbox.dead_letter(RECORD, word, word)

    say("kept")
    before = list(outbox.outputs())
    mark = outbox.mark()
    say("undone")
    outbox.roll_back(mark)
    assert list(outbox.outputs()) == before
    assert outbox.notes == ["kept"]
    assert outbox.dead_letter_codes == [("in", "kept")]
