"""The ledger's reader on a real broker."""

import asyncio
from collections.abc import Iterable

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.errors import BrokerError
from pipeline.ops.ledger import LEDGER_TOPICS, Ledger
from pipeline.ops.ledger_reader import LedgerReader
from pipeline.sandbox.ports import free_port
from pipeline.stream.records import Record
from tests.ledger.test_tally import MESSAGES, PARCELS_MAX, count, records, run

EVERYTHING = records(run(MESSAGES))


async def publish(
    broker: str, prefix: str, sent: Iterable[Record], *, transaction: str = "", commit: bool = True
) -> None:
    """Write records as they are; in a transaction, if it has a name."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=transaction or None)
    await producer.start()
    try:
        if transaction:
            await producer.begin_transaction()
        for record in sent:
            await producer.send_and_wait(
                prefix + record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                partition=record.partition,
            )
        if transaction and commit:
            await producer.commit_transaction()
        elif transaction:
            await producer.abort_transaction()
    finally:
        await producer.stop()


@pytest.fixture
async def prefix(broker: str, topic_prefix: str) -> str:
    """A prefix whose topics exist."""
    topics = [topic for topic in declarations() if topic.name in LEDGER_TOPICS]
    await create_topics(broker, topics, topic_prefix=topic_prefix, partitions=2)
    return topic_prefix


async def test_the_reader_counts_as_the_tally(broker: str, prefix: str) -> None:
    """All topics, all partitions, from their beginnings."""
    await publish(broker, prefix, EVERYTHING)
    heard: list[Record] = []
    async with LedgerReader(
        broker,
        topic_prefix=prefix,
        manifest_parcels_max=PARCELS_MAX,
        on_record=heard.append,
        clock=lambda: 2_000_000_000.0,
    ) as reader:
        ledger = await reader.catch_up()
    assert ledger == count(EVERYTHING)
    assert sorted(r.topic for r in heard) == sorted(r.topic for r in EVERYTHING)
    assert len(reader.latencies) == ledger.decided
    assert (reader.latencies.percentile(50) or 0) > 0


async def read_until(reader: LedgerReader, expected: Ledger) -> Ledger:
    """Kafka marks a commit in each partition a moment after it confirmed it."""
    deadline = asyncio.get_running_loop().time() + 10
    while (ledger := await reader.catch_up()) != expected:
        if asyncio.get_running_loop().time() > deadline:
            break
    return ledger


async def test_what_was_not_committed_does_not_count(broker: str, prefix: str) -> None:
    """An aborted transaction is read over, a committed one is read."""
    await publish(broker, prefix, EVERYTHING, transaction=f"{prefix}a", commit=False)
    async with LedgerReader(
        broker, topic_prefix=prefix, manifest_parcels_max=PARCELS_MAX
    ) as reader:
        assert (await reader.catch_up()).announced == 0
        await publish(broker, prefix, EVERYTHING, transaction=f"{prefix}b")
        assert await read_until(reader, count(EVERYTHING)) == count(EVERYTHING)


async def test_settling_waits_for_what_is_on_its_way_until_the_deadline(
    broker: str, prefix: str
) -> None:
    """Announced and not decided: the ledger at the deadline says how many."""
    manifests = [record for record in EVERYTHING if record.topic == "manifests"]
    await publish(broker, prefix, manifests)
    async with LedgerReader(
        broker, topic_prefix=prefix, manifest_parcels_max=PARCELS_MAX
    ) as reader:
        assert (await reader.settle(deadline_s=0.3)).difference == count(EVERYTHING).announced
        await publish(broker, prefix, [r for r in EVERYTHING if r.topic != "manifests"])
        assert (await reader.settle(deadline_s=20)).closed


async def test_missing_topics_are_told(broker: str, topic_prefix: str) -> None:
    """With what to do about it."""
    reader = LedgerReader(broker, topic_prefix=topic_prefix, manifest_parcels_max=PARCELS_MAX)
    with pytest.raises(BrokerError, match="greenlane topics create"):
        await reader.__aenter__()


async def test_a_broker_that_does_not_answer_is_told() -> None:
    """With its address."""
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(BrokerError, match=address):
        await LedgerReader(address, manifest_parcels_max=PARCELS_MAX).__aenter__()
