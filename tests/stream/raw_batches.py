"""Kafka record batches byte by byte, as no ordinary client would build them."""

import struct
from collections.abc import Iterable, Sequence

import cramjam
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.util import calc_crc32c, encode_varint_py
from aiokafka.structs import TopicPartition

from pipeline.stream.connection import Broker, client_arguments

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
TIMESTAMP_MS = 1_783_324_800_000
ANSWER_TIMEOUT_MS = 30_000

Headers = Sequence[tuple[bytes, bytes | None]]


def record(offset: int, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bytes:
    """One record; names of headers are bytes here."""
    pairs = b"".join(_text(name) + _text(content) for name, content in headers)
    return frame(offset, _text(key) + _text(value) + varint(len(headers)) + pairs)


def frame(offset: int, content: bytes) -> bytes:
    """A record around key, value and headers that are encoded already."""
    body = b"\0" + varint(0) + varint(offset) + content
    return varint(len(body)) + body


def batch(records: bytes, count: int, *, codec: int = 0, base_offset: int = 0) -> bytes:
    """A batch of records that are compressed already, with its checksum."""
    times = (TIMESTAMP_MS, TIMESTAMP_MS)
    after_crc = struct.pack(">hiqqqhii", codec, count - 1, *times, -1, -1, -1, count) + records
    rest = struct.pack(">ibI", -1, 2, calc_crc32c(after_crc)) + after_crc
    return struct.pack(">qi", base_offset, len(rest)) + rest


def zstd_of_zeros(before: bytes, zeros: int, after: bytes, *, step: int = 1 << 24) -> bytes:
    """zstd of a great many zeros with something around them, without ever holding them."""
    compressor = cramjam.zstd.Compressor()
    compressor.compress(before)
    for size in (*[step] * (zeros // step), zeros % step):
        compressor.compress(bytes(size))
    compressor.compress(after)
    return bytes(compressor.finish())


def zeros_record(zeros: int) -> bytes:
    """A record of zstd with a value of so many zeros."""
    head = b"\0" + varint(0) + varint(0) + _text(b"k") + varint(zeros)
    return zstd_of_zeros(varint(len(head) + zeros + 1) + head, zeros, varint(0))


def headers_record(headers: int) -> bytes:
    """A record of zstd with so many headers, all of them empty."""
    head = b"\0" + varint(0) + varint(0) + _text(b"k") + _text(b"v") + varint(headers)
    return zstd_of_zeros(varint(len(head) + 2 * headers) + head, 2 * headers, b"")


def varint(number: int) -> bytes:
    """A number as records hold it."""
    out = bytearray()
    encode_varint_py(number, out.append)
    return bytes(out)


async def produce(broker: Broker | str, topic: str, batches: Iterable[bytes]) -> list[int]:
    """Send batches to partition 0 of a topic, one request each; the broker's codes."""
    client = AIOKafkaClient(**client_arguments(broker))
    codes = []
    try:
        await client.bootstrap()
        await client.set_topics([topic])
        node = client.cluster.leader_for_partition(TopicPartition(topic, 0))
        for raw in batches:
            request = ProduceRequest(None, -1, ANSWER_TIMEOUT_MS, [(topic, [(0, raw)])])
            response = await client.send(node, request)
            codes.append(response.topics[0][1][0][1])
    finally:
        await client.close()
    return codes


def _text(content: bytes | None) -> bytes:
    return varint(-1) if content is None else varint(len(content)) + content
