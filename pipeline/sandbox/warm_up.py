"""Warming a broker up: Java is slow for the first hundreds of transactions of a new process."""

import asyncio
import time

from pipeline.contract.declarations import declarations
from pipeline.ops.topic_reader import TopicReader
from pipeline.stream.connection import Broker
from pipeline.stream.kafka import KafkaLog
from pipeline.stream.outbox import Output
from pipeline.stream.settings import StreamSettings

TOPICS = [topic for topic in declarations() if topic.name in {"assessments", "parcels", "release"}]
RECORDS = 4
RECORD = bytes(range(256)) * 3
PRODUCERS = 2
POLL_MS = 5


async def warm_up(broker: Broker | str, *, topic_prefix: str, seconds: float) -> None:
    """Write and read transactions on `TOPICS`, which exist under a prefix that nobody else reads.

    Without it, a demonstration's first second would tell about Java, not about the pipeline.

    Raises:
        BrokerError: the broker refuses.
    """
    outputs = [
        Output(topic.name, partition, None, RECORD, ())
        for topic in TOPICS
        for partition in range(topic.partitions)
        for _ in range(RECORDS)
    ]
    end_s = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(PRODUCERS):
            settings = StreamSettings(
                broker=broker,
                application_id=topic_prefix,
                worker_id=str(number),
                topic_prefix=topic_prefix,
            )
            group.create_task(_write(settings, outputs, end_s))
        group.create_task(_read(broker, topic_prefix, end_s))


async def _write(settings: StreamSettings, outputs: list[Output], end_s: float) -> None:
    log = KafkaLog(settings)
    await log.start()
    while time.monotonic() < end_s:
        await log.begin()
        deliveries = await log.send(outputs, timestamp_ms=int(time.time() * 1000))
        await deliveries.confirm()
        await log.commit()
    await log.stop()


async def _read(broker: Broker | str, topic_prefix: str, end_s: float) -> None:
    names = [topic.name for topic in TOPICS]
    async with TopicReader(broker, names, topic_prefix=topic_prefix) as reader:
        while time.monotonic() < end_s:
            await reader.poll(POLL_MS)
