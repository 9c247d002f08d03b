"""KIP-447 on a real broker: late commits are refused, offsets are read when they are stable."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ProducerFenced

from pipeline.stream.fencing import FencedProducer, fetch_stable_offsets
from pipeline.stream.log import DeliveryError, Membership, WorkerFencedError
from pipeline.stream.outbox import Output
from pipeline.stream.producer import new_producer, send_outputs
from tests.stream.cluster import Cluster, until
from tests.stream.counting import settings

pytestmark = pytest.mark.broker


@pytest.fixture
async def cluster(broker: str, topic_prefix: str, tmp_path: Path) -> Cluster:
    cluster = Cluster(broker, topic_prefix, tmp_path)
    await cluster.create_topics({"lines": 1, "counts": 1})
    return cluster


@asynccontextmanager
async def member(cluster: Cluster) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that is the only member of its group, with `lines` assigned."""
    consumer = AIOKafkaConsumer(
        cluster.prefix + "lines",
        bootstrap_servers=cluster.broker,
        group_id=cluster.prefix + "group",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:

        async def assigned() -> bool:
            return bool(consumer.assignment())

        await until(assigned)
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def producing(cluster: Cluster, worker_id: str = "w1") -> AsyncIterator[FencedProducer]:
    producer = new_producer(settings(cluster.broker, cluster.prefix, worker_id, 0))
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


def membership(consumer: AIOKafkaConsumer) -> Membership:
    coordinator = consumer._coordinator
    return Membership(coordinator.group_id, coordinator.generation, coordinator.member_id, None)


async def begin(producer: FencedProducer, cluster: Cluster, value: bytes) -> None:
    """Open a transaction with one record in it."""
    await producer.begin_transaction()
    output = Output("counts", 0, b"k", value, ())
    sent = await send_outputs(producer, [output], topic_prefix=cluster.prefix, timestamp_ms=1)
    await sent.confirm()


async def stable_offset(consumer: AIOKafkaConsumer, place: TopicPartition) -> int | None:
    """The group's offset as a worker reads it."""
    coordinator = consumer._coordinator
    coordinator._do_fetch_commit_offsets = partial(fetch_stable_offsets, coordinator)
    offsets = await coordinator.fetch_committed_offsets([place])
    return offsets[place].offset if place in offsets else None


async def committed_values(cluster: Cluster) -> list[bytes]:
    return [record.value for record in await cluster.read("counts")]


async def test_a_member_of_the_present_generation_commits_output_and_offset(cluster: Cluster):
    place = TopicPartition(cluster.prefix + "lines", 0)
    async with member(cluster) as consumer, producing(cluster) as producer:
        await begin(producer, cluster, b"1")
        await producer.send_fenced_offsets({place: 7}, membership(consumer))
        await producer.commit_transaction()
        assert await stable_offset(consumer, place) == 7

    async def seen() -> bool:  # Kafka marks a commit in the topic a moment after it confirmed it
        return await committed_values(cluster) == [b"1"]

    await until(seen)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"generation": -99}, "ILLEGAL_GENERATION"),
        ({"member_id": "stranger"}, "UNKNOWN_MEMBER_ID"),
    ],
)
async def test_a_late_commit_is_refused_and_its_output_is_never_seen(
    cluster: Cluster, change: dict[str, int | str], reason: str
):
    place = TopicPartition(cluster.prefix + "lines", 0)
    async with member(cluster) as consumer, producing(cluster) as producer:
        present = membership(consumer)
        if "generation" in change:
            change = {"generation": present.generation - 1}
        await begin(producer, cluster, b"late")
        with pytest.raises(WorkerFencedError, match=reason):
            await producer.send_fenced_offsets({place: 7}, present._replace(**change))
        await producer.abort_transaction()
        assert await stable_offset(consumer, place) is None
    assert await committed_values(cluster) == []


async def test_a_second_start_of_a_worker_fences_the_first(cluster: Cluster):
    async with producing(cluster) as first:
        await begin(first, cluster, b"first")
        async with producing(cluster) as second:
            await begin(second, cluster, b"second")
            await second.commit_transaction()
            with pytest.raises(ProducerFenced):
                await first.commit_transaction()
    assert await committed_values(cluster) == [b"second"]


async def test_an_offset_an_open_transaction_may_change_is_waited_for(cluster: Cluster):
    place = TopicPartition(cluster.prefix + "lines", 0)
    async with member(cluster) as consumer, producing(cluster) as producer:
        await begin(producer, cluster, b"1")
        await producer.send_fenced_offsets({place: 7}, membership(consumer))
        waiting = asyncio.create_task(stable_offset(consumer, place))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done
        await producer.commit_transaction()
        assert await waiting == 7


async def test_a_group_without_offsets_has_none(cluster: Cluster):
    async with member(cluster) as consumer:
        assert await stable_offset(consumer, TopicPartition(cluster.prefix + "lines", 0)) is None


async def test_output_the_broker_refuses_is_noticed_before_the_commit(cluster: Cluster):
    """aiokafka itself commits such a transaction, without the refused record."""
    async with producing(cluster) as producer:
        await producer.begin_transaction()
        outputs = [
            Output("counts", 0, b"k", value, ()) for value in (b"small", random_bytes(1_100_000))
        ]
        sent = await send_outputs(producer, outputs, topic_prefix=cluster.prefix, timestamp_ms=1)
        with pytest.raises(DeliveryError, match="MessageSizeTooLarge"):
            await sent.confirm()
        await producer.abort_transaction()
    assert await committed_values(cluster) == []


def random_bytes(count: int) -> bytes:
    """Bytes that lz4 cannot make smaller."""
    return Random(1).randbytes(count)
