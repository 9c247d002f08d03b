"""What the engine may rely on when Kafka is its log."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from pipeline.stream.kafka import KafkaLog
from pipeline.stream.log import LogReader
from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition
from tests.stream.cluster import Cluster, until
from tests.stream.counting import settings

pytestmark = pytest.mark.broker

PLACE = TopicPartition("counts", 2)
TOPICS = {"counts": 4}


@pytest.fixture
async def cluster(broker: str, topic_prefix: str, tmp_path: Path) -> Cluster:
    cluster = Cluster(broker, topic_prefix, tmp_path)
    await cluster.create_topics(TOPICS)
    return cluster


@pytest.fixture
async def log(cluster: Cluster) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(settings(cluster.broker, cluster.prefix, "w1", 0))
    await log.start()
    yield log
    await log.stop()


async def write(log: KafkaLog, *values: bytes) -> int | None:
    """Commit records to the place; the offset after the last of them, as the log tells it."""
    await log.begin()
    outputs = [Output(*PLACE, value, value, ()) for value in values]
    sent = await log.send(outputs, timestamp_ms=1)
    ends = await sent.confirm()
    await log.commit()
    return ends.get(PLACE)


async def read(reader: LogReader, start: int) -> tuple[list[bytes], int]:
    """Keys from an offset on, and where reading ended."""
    keys, end = [], start
    async for piece in reader.read_to_end({PLACE: start}):
        keys += [key for key, _ in piece.pairs]
        end = piece.next_offset
    return keys, end


async def test_a_delivery_tells_the_offset_after_its_last_record(log: KafkaLog):
    """The marker that ends the first transaction takes an offset too."""
    assert [await write(log, b"a", b"b"), await write(log, b"c")] == [2, 4]


async def test_reading_goes_on_where_a_delivery_ended(log: KafkaLog):
    end = await write(log, b"a", b"b") or 0
    await write(log, b"c")
    async with log.reader() as reader:
        assert await read(reader, end) == ([b"c"], 5)
        assert await read(reader, 5) == ([], 5)


async def test_a_topic_created_anew_has_another_id(log: KafkaLog, cluster: Cluster):
    before = (await log.topic_ids(["counts", "unknown"])).items()
    assert [name for name, _ in before] == ["counts"]
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.broker)
    await admin.start()
    await admin.delete_topics([cluster.prefix + "counts"])

    async def gone() -> bool:
        return not await log.topic_ids(["counts"])

    await until(gone)
    await admin.close()
    await cluster.create_topics(TOPICS)

    async def another() -> bool:
        now = (await log.topic_ids(["counts"])).items()
        return bool(now) and now != before

    await until(another)
