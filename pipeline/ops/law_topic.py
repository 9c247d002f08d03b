"""The topic of law from outside: what was published, and publishing more."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.errors import BrokerError
from pipeline.ops.access import refused
from pipeline.ops.topic_reader import TopicReader
from pipeline.rulebook.publication import (
    KEY,
    TOPIC,
    LawPublication,
    PublishedLaw,
    RefusedLaw,
    judge,
)
from pipeline.stream.connection import Broker, client_arguments
from pipeline.stream.records import Record

POLL_MS = 100
FETCH_MAX_WAIT_MS = 500
"""How long the broker keeps a fetch that finds nothing, which is what every worker's does."""
REQUEST_BYTES_MAX = 4_000_000


class Told(NamedTuple):
    """A message of the topic, and how every worker judges it."""

    record: Record
    judged: PublishedLaw | RefusedLaw


def law_reader(broker: Broker | str, topic_prefix: str) -> TopicReader:
    """Reads everything that was ever published."""
    return TopicReader(
        broker,
        [TOPIC],
        topic_prefix=topic_prefix,
        from_beginning=True,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
    )


async def published_law(broker: Broker | str, topic_prefix: str) -> list[Told]:
    """Everything that was published, oldest first.

    Raises:
        BrokerError: the broker does not let us in or read, or lacks the topic.
    """
    reader = law_reader(broker, topic_prefix)
    found: list[Record] = []
    async with reader:
        ends = await reader.ends()
        while await reader.is_behind(ends):
            found += await reader.poll(POLL_MS)
    return [Told(record, judge(record.key, record.value)) for record in found]


def last_accepted(told: Sequence[Told]) -> PublishedLaw | None:
    """The law that the workers have now; None: that of their release."""
    accepted = [one.judged for one in told if isinstance(one.judged, PublishedLaw)]
    return accepted[-1] if accepted else None


async def publish_law(
    broker: Broker | str, topic_prefix: str, publication: LawPublication, *, after: Sequence[Told]
) -> int:
    """Publish, and return the broker's time of it in milliseconds since 1970.

    Args:
        broker: which broker.
        topic_prefix: the installation's.
        publication: what to publish.
        after: all that had been published when it was put together.

    Raises:
        BrokerError: the broker does not let us write, or somebody else published meanwhile.
    """
    producer = AIOKafkaProducer(
        **client_arguments(broker),
        enable_idempotence=True,
        compression_type="lz4",
        max_request_size=REQUEST_BYTES_MAX,
    )
    try:
        await producer.start()
        value = msgspec.json.encode(publication)
        sent = await producer.send_and_wait(topic_prefix + TOPIC, key=KEY, value=value)
    except KafkaError as error:
        raise refused(broker, "publish law", error) from error
    finally:
        await producer.stop()
    before = max((one.record.offset for one in after if one.record.key == KEY), default=-1)
    if sent.offset != before + 1:
        raise BrokerError(
            "somebody else published law at the same moment: the last publication, which is yours, "
            "lacks what is in theirs. See `greenlane law published`, and publish again"
        )
    return int(sent.timestamp)
