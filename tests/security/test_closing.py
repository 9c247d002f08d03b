"""A worker's encrypted connections are closed at once, whatever is still on its way."""

import asyncio
import time

import uvloop

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.stream.kafka import KafkaLog
from pipeline.stream.records import TopicPartition
from pipeline.stream.settings import StreamSettings
from tests.security.secured_broker import SecuredBroker

TOPICS = [topic for topic in declarations() if topic.name.endswith("-changelog")]
TIMES = 4
CLOSED_WITHIN_S = 10.0
"""uvloop would give a broker 30 s for its goodbye."""


async def longest_close_s(secured: SecuredBroker, prefix: str) -> float:
    """Restore nothing some times, as after a rebalance; how long a connection took to close."""
    broker = secured.user("admin")
    await create_topics(broker, TOPICS, topic_prefix=prefix, partitions=1)
    log = KafkaLog(
        StreamSettings(
            broker=broker, application_id=f"{prefix}app", worker_id="w", topic_prefix=prefix
        )
    )
    await log.start()
    places = [TopicPartition(topic.name, 0) for topic in TOPICS]
    took_s = []
    for _ in range(TIMES):
        async with log.reader() as reader:
            async for _ in reader.read_to_end(dict.fromkeys(places, 0)):
                pass
            await reader.held(places)
            began_s = time.monotonic()
        took_s.append(time.monotonic() - began_s)
    await log.stop()
    return max(took_s)


def test_a_reader_closes_at_once_while_answers_are_on_their_way(
    secured: SecuredBroker, topic_prefix: str
) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(longest_close_s(secured, topic_prefix)) < CLOSED_WITHIN_S
