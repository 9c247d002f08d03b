"""The hash of Kafka's default partitioner."""

import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stream.murmur2 import murmur2, partition_of


@given(st.binary(max_size=40))
def test_agrees_with_the_client_library(data: bytes):
    assert murmur2(data) == aiokafka_murmur2(data) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "signed"),
    [  # from Kafka's own test, UtilsTest.testMurmur2
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_agrees_with_kafka(data: bytes, signed: int):
    assert murmur2(data) == signed & 0xFFFFFFFF


@given(st.binary(max_size=40), st.integers(1, 64))
def test_a_partition_is_one_of_those_there_are(key: bytes, partitions: int):
    assert 0 <= partition_of(key, partitions) < partitions
