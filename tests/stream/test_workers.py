"""Worker processes on a real broker: kills under load, and what ends a worker."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.stream.cluster import Cluster, Worker
from tests.stream.installation import EXIT_FAILED, exactly_once

pytestmark = pytest.mark.broker

LINES = [f"w{number % 40} w{number % 7} z{number}" for number in range(2_000)]
WORDS = 3 * len(LINES)


@pytest.fixture
async def cluster(broker: str, topic_prefix: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    cluster = Cluster(broker, topic_prefix, tmp_path)
    await cluster.create_topics()
    yield cluster
    cluster.close()


async def two_sharing(cluster: Cluster) -> tuple[Worker, Worker]:
    """Two workers, each with half of the partitions of both inputs."""
    first, second = cluster.start_worker("w1"), cluster.start_worker("w2")
    for worker in (first, second):
        await worker.until_restored(4)
    return first, second


async def publish(cluster: Cluster, lines: list[str], pieces: int = 1) -> None:
    size = len(lines) // pieces
    for start in range(0, len(lines), size):
        piece = lines[start : start + size]
        await cluster.publish("lines", [line.encode() for line in piece])


async def test_killed_workers_lose_and_double_nothing(cluster: Cluster):
    """SIGKILL at random moments under load; each victim is started again."""
    workers = list(await two_sharing(cluster))
    publishing = asyncio.create_task(publish(cluster, LINES, pieces=20))
    random = Random(7)
    for _ in range(4):
        await asyncio.sleep(random.uniform(0.1, 0.8))
        victim = random.choice(workers)
        victim.kill()
        workers.remove(victim)
        workers.append(cluster.start_worker(victim.worker_id))
    await publishing
    assert exactly_once(await cluster.until_counted(WORDS), LINES)


async def test_a_worker_restarted_on_another_port_goes_on(cluster: Cluster):
    """A static member gets its old assignment back, with the address it had before."""
    worker = cluster.start_worker("w1")
    await worker.until_restored(8)
    await worker.stop()
    cluster.start_worker("w1")
    await publish(cluster, ["again"])
    assert await cluster.until_counted(1) == {"again": [1]}


async def test_a_group_offset_ahead_of_the_memory_stops_the_worker(cluster: Cluster):
    await publish(cluster, LINES)
    place = TopicPartition(cluster.prefix + "lines", 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=cluster.broker,
        group_id=f"{cluster.prefix}app",
        enable_auto_commit=False,  # at its end it would commit where it stands
    )
    await consumer.start()
    consumer.assign([place])
    await consumer.commit({place: 3})
    await consumer.stop()
    worker = cluster.start_worker("w1")
    assert await worker.exit_status() == EXIT_FAILED
    assert "PositionMismatchError: the consumer group stands at lines-0@3" in worker.log


async def test_missing_topics_stop_the_worker(broker: str, topic_prefix: str, tmp_path: Path):
    cluster = Cluster(broker, topic_prefix, tmp_path)
    worker = cluster.start_worker("w1")
    assert await worker.exit_status() != 0
    assert f"topics missing on the broker: {topic_prefix}count-changelog" in worker.log


async def test_output_the_broker_refuses_stops_the_worker_with_nothing_committed(
    broker: str, topic_prefix: str, tmp_path: Path
):
    cluster = Cluster(broker, topic_prefix, tmp_path)
    await cluster.create_topics(dead_letter_bytes_max=1_000)
    await cluster.publish("lines", [b"\xff" + Random(1).randbytes(2_000)])
    worker = cluster.start_worker("w1")
    assert await worker.exit_status() == EXIT_FAILED
    assert "DeliveryError: the broker refused output: MessageSizeTooLargeError" in worker.log
    assert await cluster.read("split-changelog") == []


async def test_the_largest_record_a_carrier_can_send_fits_into_the_dead_letters(cluster: Cluster):
    """It grows by the headers that say what is wrong."""
    cluster.start_worker("w1")
    largest = b"\xff" + Random(1).randbytes(1_048_000)
    await cluster.publish("lines", [largest])
    await cluster.publish("lines", [b"fine"])
    assert await cluster.until_counted(1) == {"fine": [1]}
    assert [record.value for record in await cluster.read("dead-letters")] == [largest]
