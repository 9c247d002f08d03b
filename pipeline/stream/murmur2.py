"""The hash by which Kafka's default partitioner spreads keys (org.apache.kafka.common.utils)."""

import struct

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Kafka's murmur2 of `data`, as an unsigned 32-bit number."""
    length = len(data)
    whole = length >> 2
    h = _SEED ^ length
    for k in struct.unpack_from(f"<{whole}I", data):
        k = (k * _MULTIPLIER) & _MASK  # noqa: PLW2901 - as the published algorithm names it
        h = ((h * _MULTIPLIER) & _MASK) ^ (((k ^ (k >> 24)) * _MULTIPLIER) & _MASK)
    tail = data[whole << 2 :]
    if tail:
        h = ((h ^ int.from_bytes(tail, "little")) * _MULTIPLIER) & _MASK
    h = ((h ^ (h >> 13)) * _MULTIPLIER) & _MASK
    return h ^ (h >> 15)


def partition_of(key: bytes, partitions: int) -> int:
    """The partition to which Kafka's default partitioner sends `key`."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
