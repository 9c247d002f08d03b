"""Unpacking what a broker sends within limits: no batch may drown a reader, or stop it for good.

A compressed batch is as small as its sender likes: 32 kB of zstd unpack to 1,000 MB, and a broker
takes them. And aiokafka fails, again and again at the same place, on what Kafka itself lets pass,
such as a header whose name is not UTF-8. So batches are unpacked here: what one holds beyond the
limit, or what cannot be read, becomes one record that says so, and the partition goes on.
"""

import struct
from collections.abc import Callable, Iterator
from threading import local
from typing import Any, NamedTuple

import cramjam
from aiokafka.codec import snappy_decode
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint

BATCH_BYTES_MAX = 16_777_216
"""What a batch may unpack to: sixteen times what a topic takes in one."""
FETCHED_BYTES_MAX = 33_554_432
"""What is unpacked of one partition in one go; the rest of a fetch is fetched again."""
FRAME_BYTES_MAX = 2_097_164
"""What one record may unpack to: as much as the topic with the largest messages takes."""
RECORD_COST_BYTES = 160
"""What a record costs in memory beside its bytes: empty ones would be free otherwise."""
HEADERS_READ_MAX = 1_000
UNREADABLE = ("unreadable batch", b"")
CROWDED = ("too many headers", b"")
"""These very objects stand in the headers of a record that stands for what is left out."""

_HEAD_BYTES = _DefaultRecordBatchPy.HEADER_STRUCT.size
_RECORDS_AT = _HEAD_BYTES - 4
_CODEC_AT = _DefaultRecordBatchPy.ATTRIBUTES_OFFSET + 1
_CODEC_MASK = _DefaultRecordBatchPy.CODEC_MASK
_SNAPPY = _DefaultRecordBatchPy.CODEC_SNAPPY
_UNPACK_INTO: dict[int, Callable[[bytes, bytearray], int]] = {
    _DefaultRecordBatchPy.CODEC_GZIP: cramjam.gzip.decompress_into,
    _DefaultRecordBatchPy.CODEC_LZ4: cramjam.lz4.decompress_into,
    _DefaultRecordBatchPy.CODEC_ZSTD: cramjam.zstd.decompress_into,
}


class LeftOut(NamedTuple):
    """Stands for a record, or for all of a batch at its last offset, in the shape of aiokafka's."""

    offset: int
    timestamp: int
    timestamp_type: int
    headers: tuple[tuple[str, bytes], ...]
    key: None = None
    value: None = None
    checksum: None = None


class BoundedRecords(_MemoryRecordsPy):
    """What a fetch brought of one partition; stands in for aiokafka's `MemoryRecords`."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.unpacked_bytes = 0

    def has_next(self) -> bool:
        """Whether there is one more batch to be read in this go."""
        return self.unpacked_bytes < FETCHED_BYTES_MAX and super().has_next()

    def next_batch(self) -> Any:
        """The next batch."""
        raw = bytes(self._next_slice or b"")
        batch = super().next_batch()
        if not isinstance(batch, DefaultRecordBatch) or batch.is_control_batch:
            return batch
        return BoundedBatch(batch, raw, self)


class BoundedBatch:
    """A batch whose records are read within limits; all else is asked of aiokafka's own."""

    def __init__(self, batch: Any, raw: bytes, fetched: BoundedRecords) -> None:
        self._batch = batch
        self._raw = raw
        self._fetched = fetched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        following = self._batch.base_offset
        unpacked = b""
        try:
            unpacked = _unpacked(self._raw)
            self._fetched.unpacked_bytes += _cost_bytes(unpacked)
            for record in DefaultRecordBatch(unpacked):
                yield record if len(record.headers) <= HEADERS_READ_MAX else _without(record)
                following = record.offset + 1
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a foreign batch may do anything to a decoder
            yield from self._read_again(unpacked, following)

    def _read_again(self, unpacked: bytes, following: int) -> Iterator[Any]:
        """The slow way: names of headers need not be UTF-8. What still fails is unreadable."""
        try:
            batch = _DefaultRecordBatchPy(unpacked)
            batch._buffer = _LenientText(batch._buffer)  # noqa: SLF001
            for record in batch:
                if record.offset >= following:
                    yield record if len(record.headers) <= HEADERS_READ_MAX else _without(record)
                    following = record.offset + 1
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - as above
            batch = self._batch
            yield LeftOut(
                batch.next_offset - 1, batch.max_timestamp, batch.timestamp_type, (UNREADABLE,)
            )


class _LenientText(bytearray):
    """Bytes whose slices decode to text whatever they are."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _LenientText(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        return super().decode(encoding, "replace")


class _Room(local):
    """Where a thread unpacks into: made once, because it is large."""

    def __init__(self) -> None:
        self.buffer = bytearray(BATCH_BYTES_MAX)


_room = _Room()


def _without(record: Any) -> LeftOut:
    return LeftOut(record.offset, record.timestamp, record.timestamp_type, (CROWDED,))


def _unpacked(raw: bytes) -> bytes:
    """The same batch without compression; not its checksum, which was compared before.

    Raises:
        Exception: whatever the decoder raises, also where a limit is passed.
    """
    codec = raw[_CODEC_AT] & _CODEC_MASK
    if codec:
        head = bytearray(raw[:_HEAD_BYTES])
        head[_CODEC_AT] &= ~_CODEC_MASK & 0xFF
        raw = bytes(head) + _decoded(codec, raw[_HEAD_BYTES:])
    if _cost_bytes(raw) > BATCH_BYTES_MAX:
        raise _TooLargeError
    if len(raw) > FRAME_BYTES_MAX:
        _check_frames(raw)
    return raw


def _decoded(codec: int, payload: bytes) -> bytes:
    if codec == _SNAPPY:  # expands at most some thirtyfold
        records: bytes = snappy_decode(payload)
        return records
    buffer = _room.buffer
    return bytes(memoryview(buffer)[: _UNPACK_INTO[codec](payload, buffer)])


def _cost_bytes(unpacked: bytes) -> int:
    (records,) = struct.unpack_from(">i", unpacked, _RECORDS_AT)
    return len(unpacked) + int(records) * RECORD_COST_BYTES


def _check_frames(unpacked: bytes) -> None:
    """Find a record that is too large before it is taken apart: its headers may be millions."""
    at = _HEAD_BYTES
    while at < len(unpacked):
        length, at = decode_varint(unpacked, at)
        if length > FRAME_BYTES_MAX:
            raise _TooLargeError
        at += length


class _TooLargeError(Exception):
    """A limit is passed."""
