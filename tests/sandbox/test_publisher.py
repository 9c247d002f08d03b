"""The publisher: everything arrives, at the rate asked for; what is wrong is told at once."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.errors import BrokerError
from pipeline.ops.topic_reader import TopicReader
from pipeline.sandbox.carriers.simulate import simulate
from pipeline.sandbox.manifest_files import ManifestMessage
from pipeline.sandbox.publisher import publish
from pipeline.stream.records import Record

DEADLINE_S = 20


@pytest.fixture
def prefix(broker: str, topic_prefix: str) -> str:
    """Prefix of topics that exist."""
    manifests = [topic for topic in declarations() if topic.name == "manifests"]
    asyncio.run(create_topics(broker, manifests, topic_prefix=topic_prefix))
    return topic_prefix


async def read(reader: TopicReader, count: int) -> list[Record]:
    records: list[Record] = []
    end_s = time.monotonic() + DEADLINE_S
    while len(records) < count and time.monotonic() < end_s:
        records += await reader.poll(100)
    return records


def test_every_message_arrives_with_key_and_headers(broker: str, prefix: str) -> None:
    messages = list(simulate(20_000, 2))
    sent: list[bytes] = []

    async def run() -> list[Record]:
        assert await publish(
            messages, broker=broker, topic_prefix=prefix, on_sent=lambda m: sent.append(m.key)
        ) == len(messages)
        reader = TopicReader(broker, ["manifests"], topic_prefix=prefix, from_beginning=True)
        async with reader:
            return await read(reader, len(messages))

    records = asyncio.run(run())
    assert {record.topic for record in records} == {"manifests"}
    arrived = sorted((record.key, record.value, dict(record.headers)) for record in records)
    assert [(key, value) for key, value, _ in arrived] == sorted((m.key, m.value) for m in messages)
    counts = {record.value: dict(record.headers)["parcels"] for record in records}
    assert all(counts[message.value] == b"%d" % message.parcels for message in messages)
    assert all(h["content-type"] == b"application/json" for _, _, h in arrived)
    assert sent == [message.key for message in messages]


def test_messages_of_one_manifest_stay_in_order(broker: str, prefix: str) -> None:
    messages = [ManifestMessage(b"C/1", b'{"n":%d}' % n, 1) for n in range(500)]

    async def run() -> list[Record]:
        await publish(messages, broker=broker, topic_prefix=prefix)
        reader = TopicReader(broker, ["manifests"], topic_prefix=prefix, from_beginning=True)
        async with reader:
            return await read(reader, len(messages))

    assert [record.value for record in asyncio.run(run())] == [m.value for m in messages]


def test_at_a_rate_messages_are_sent_when_they_are_due(broker: str, prefix: str) -> None:
    messages = [ManifestMessage(b"C/1", b"{}", 10) for _ in range(11)]
    sent_at_s: list[float] = []
    asyncio.run(
        publish(
            messages,
            broker=broker,
            topic_prefix=prefix,
            parcels_per_second=100,
            on_sent=lambda _: sent_at_s.append(time.monotonic()),
        )
    )
    # Ten parcels a message, 100 parcels a second: the eleventh is due after a second.
    assert 0.95 <= sent_at_s[-1] - sent_at_s[0] < 2


def test_a_reader_that_begins_at_the_end_sees_only_what_comes_later(
    broker: str, prefix: str
) -> None:
    def message(text: bytes) -> list[ManifestMessage]:
        return [ManifestMessage(b"C/1", text, 1)]

    async def run() -> list[Record]:
        await publish(message(b"before"), broker=broker, topic_prefix=prefix)
        async with TopicReader(broker, ["manifests"], topic_prefix=prefix) as reader:
            await publish(message(b"after"), broker=broker, topic_prefix=prefix)
            return await read(reader, 1)

    assert [record.value for record in asyncio.run(run())] == [b"after"]


async def _publish_one(broker: str, topic_prefix: str) -> None:
    await publish([ManifestMessage(b"C/1", b"{}", 1)], broker=broker, topic_prefix=topic_prefix)


async def _follow(broker: str, topic_prefix: str) -> None:
    async with TopicReader(broker, ["release"], topic_prefix=topic_prefix):
        pass


@pytest.mark.parametrize("action", [_publish_one, _follow])
class TestWhatIsWrong:
    """Publisher and reader tell people what is wrong."""

    def test_without_a_broker(
        self, action: Callable[[str, str], Coroutine[Any, Any, None]]
    ) -> None:
        with pytest.raises(BrokerError, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
            asyncio.run(action("127.0.0.1:1", ""))

    def test_without_the_topic(
        self,
        action: Callable[[str, str], Coroutine[Any, Any, None]],
        broker: str,
        topic_prefix: str,
    ) -> None:
        begun_s = time.monotonic()
        with pytest.raises(BrokerError, match=r"has no topic .*run `greenlane topics create`"):
            asyncio.run(action(broker, topic_prefix))
        assert time.monotonic() - begun_s < 10


def test_a_message_the_broker_refuses_is_told(broker: str, prefix: str) -> None:
    too_large = [ManifestMessage(b"C/1", bytes(2_000_000), 1)]
    with pytest.raises(BrokerError, match="could not publish a manifest"):
        asyncio.run(publish(too_large, broker=broker, topic_prefix=prefix))
