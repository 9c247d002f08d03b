"""Batches are read within limits: one above is left out and told, one below is read."""

import gzip
import struct
from collections.abc import Callable

import cramjam
import pytest
from aiokafka.codec import snappy_encode
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from pipeline.stream import unpack
from pipeline.stream.consumer import record_of
from pipeline.stream.records import Record
from pipeline.stream.unpack import (
    BATCH_BYTES_MAX,
    FETCHED_BYTES_MAX,
    FRAME_BYTES_MAX,
    HEADERS_READ_MAX,
    RECORD_COST_BYTES,
    BoundedRecords,
)
from tests.stream.raw_batches import (
    GZIP,
    LZ4,
    SNAPPY,
    TIMESTAMP_MS,
    ZSTD,
    batch,
    headers_record,
    record,
    zeros_record,
)

HEAD_BYTES = 61
CODECS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (0, bytes),
    "gzip": (GZIP, gzip.compress),
    "snappy": (SNAPPY, snappy_encode),
    "lz4": (LZ4, lambda records: bytes(cramjam.lz4.compress(records))),
    "zstd": (ZSTD, lambda records: bytes(cramjam.zstd.compress(records))),
}
COMPRESSED = {name: codec for name, codec in CODECS.items() if name != "none"}


def fetched(data: bytes, offset: int = 0) -> PartitionRecords:
    """What aiokafka makes of the bytes of a fetch."""
    place = TopicPartition("in", 0)
    return PartitionRecords(
        place, BoundedRecords(data), [], offset, None, None, True, READ_COMMITTED
    )


def read(data: bytes, offset: int = 0) -> list[Record]:
    return [record_of(found, "in") for found in fetched(data, offset)]


def faults(records: list[Record]) -> list[str]:
    return [record.fault.code if record.fault else "" for record in records]


@pytest.mark.parametrize(("codec", "pack"), CODECS.values(), ids=CODECS)
def test_records_are_read_whatever_packs_them(codec: int, pack: Callable[[bytes], bytes]) -> None:
    records = record(0, b"k", b"v", [(b"a", b"1")]) + record(1, None, b"w" * 5_000)
    assert read(batch(pack(records), 2, codec=codec, base_offset=7)) == [
        Record("in", 0, 7, TIMESTAMP_MS, b"k", b"v", (("a", b"1"),)),
        Record("in", 0, 8, TIMESTAMP_MS, None, b"w" * 5_000, ()),
    ]


@pytest.mark.parametrize(("codec", "pack"), COMPRESSED.values(), ids=COMPRESSED)
def test_a_batch_may_unpack_to_the_limit_and_no_further(
    codec: int, pack: Callable[[bytes], bytes]
) -> None:
    small = [record(n, None, bytes(999_000)) for n in range(20)]
    below, above = b"".join(small[:16]), b"".join(small[:17])
    assert len(below) < BATCH_BYTES_MAX < len(above)
    assert faults(read(batch(pack(below), 16, codec=codec))) == [""] * 16
    assert faults(read(batch(pack(above), 17, codec=codec))) == ["unreadable_batch"]


def test_what_is_left_out_stands_at_the_last_offset_of_its_batch() -> None:
    """So the next record to be read is the one after it, and reading goes on there."""
    packed = batch(zeros_record(BATCH_BYTES_MAX), 1, codec=ZSTD, base_offset=4)
    found = fetched(packed + batch(record(0, b"k", b"v"), 1, base_offset=5))
    records = [record_of(one, "in") for one in found]
    assert [(one.offset, one.key, one.timestamp_ms) for one in records] == [
        (4, None, TIMESTAMP_MS),
        (5, b"k", TIMESTAMP_MS),
    ]
    assert found.next_fetch_offset == 6


@pytest.mark.parametrize(("size", "code"), [(-20, ""), (1, "unreadable_batch")])
def test_one_record_may_unpack_to_the_limit_and_no_further(size: int, code: str) -> None:
    packed = batch(zeros_record(FRAME_BYTES_MAX + size), 1, codec=ZSTD)
    assert faults(read(packed)) == [code]


def test_a_flood_of_empty_records_is_left_out() -> None:
    """They have no bytes to speak of, but each costs memory."""
    most = BATCH_BYTES_MAX // (RECORD_COST_BYTES + 10)
    flood = b"".join(record(n, None, None) for n in range(2 * most))
    assert faults(read(batch(flood, 2 * most))) == ["unreadable_batch"]
    half = b"".join(record(n, None, None) for n in range(most // 2))
    assert len(read(batch(half, most // 2))) == most // 2


@pytest.mark.parametrize(
    ("headers", "code"), [(HEADERS_READ_MAX, ""), (HEADERS_READ_MAX + 1, "message_too_large")]
)
def test_one_record_may_have_so_many_headers_and_no_more(headers: int, code: str) -> None:
    packed = batch(headers_record(headers), 1, codec=ZSTD)
    assert faults(read(packed)) == [code]


def test_millions_of_headers_are_not_even_looked_at() -> None:
    packed = batch(headers_record(8_000_000), 1, codec=ZSTD)
    assert faults(read(packed)) == ["unreadable_batch"]


def test_a_header_need_not_be_text() -> None:
    """Kafka takes it; aiokafka alone would fail on it for ever."""
    records = record(0, b"a", b"1") + record(1, b"b", b"2", [(b"\xff\xfe", b"x"), (b"ok", None)])
    first, second = read(batch(records, 2))
    assert (first.key, second.key) == (b"a", b"b")
    assert second.headers == (("\ufffd\ufffd", b"x"), ("ok", b""))


def test_too_many_headers_that_are_no_text_are_left_out_too() -> None:
    records = record(0, b"k", b"v", [(b"\xff", b"")] * (HEADERS_READ_MAX + 1))
    assert faults(read(batch(records, 1))) == ["message_too_large"]


@pytest.mark.parametrize(("codec", "pack"), COMPRESSED.values(), ids=COMPRESSED)
def test_a_damaged_batch_is_left_out(codec: int, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(record(0, b"k", b"v" * 1_000))
    assert faults(read(batch(packed[:-5], 1, codec=codec))) == ["unreadable_batch"]


def test_records_before_a_damaged_one_are_read() -> None:
    records = record(0, b"a", b"1") + record(1, b"b", b"2")[:-1] + b"\xff"
    first, second = read(batch(records, 2))
    assert (first.key, second.key) == (b"a", None)
    assert second.fault is not None


def test_an_unknown_codec_is_left_out() -> None:
    assert faults(read(batch(b"?", 1, codec=7))) == ["unreadable_batch"]


def test_a_wrong_checksum_is_still_an_error() -> None:
    """It tells of a broken disk or line, not of a sender: the batch is fetched again."""
    good = batch(record(0, b"k", b"v"), 1)
    with pytest.raises(CorruptRecordException):
        read(good[:-1] + b"\x01")


def test_memory_that_is_used_up_is_no_fault_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(_raw: bytes) -> bytes:
        raise MemoryError

    monkeypatch.setattr(unpack, "_unpacked", no_memory)
    with pytest.raises(MemoryError):
        read(batch(record(0, b"k", b"v"), 1))


def test_memory_used_up_the_slow_way_is_no_fault_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(_raw: bytes) -> bytes:
        raise MemoryError

    monkeypatch.setattr(unpack, "_DefaultRecordBatchPy", no_memory)
    with pytest.raises(MemoryError):
        read(batch(record(0, b"k", b"v", [(b"\xff", b"")]), 1))


def test_one_go_ends_where_enough_is_unpacked() -> None:
    """The rest is fetched again from where it ended."""
    each = 15 * len(record(0, None, bytes(999_000)))
    packed = [
        batch(
            bytes(
                cramjam.zstd.compress(b"".join(record(n, None, bytes(999_000)) for n in range(15)))
            ),
            15,
            codec=ZSTD,
            base_offset=15 * number,
        )
        for number in range(6)
    ]
    wanted = -(-FETCHED_BYTES_MAX // each)
    found = fetched(b"".join(packed))
    assert len(list(found)) == 15 * wanted
    assert found.next_fetch_offset == 15 * wanted


def test_a_batch_is_read_from_the_offset_asked_for() -> None:
    records = b"".join(record(n, b"%d" % n, b"\xff", [(b"\xff", b"")]) for n in range(4))
    assert [one.offset for one in read(batch(records, 4), offset=2)] == [2, 3]


def test_a_fetch_that_ends_within_a_batch_is_read_up_to_there() -> None:
    good = batch(record(0, b"k", b"v"), 1)
    assert [one.key for one in read(good + good[: HEAD_BYTES + 3])] == [b"k"]
    assert read(struct.pack(">q", 0)) == []
