"""A real run to look at: two workers on the broker, simulated carriers, an officer."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.model import Decision, InspectionResult, InspectionVerdict, manifest_key
from pipeline.sandbox.carriers.simulate import Simulation
from pipeline.sandbox.workers import WorkerPool
from tests.builders import goods_item, manifest, parcel

MESSAGE_PAUSE_S = 0.2
POISON_EVERY = 20
PARCELS = 1_000_000
SEED = 7


@pytest.fixture(scope="package")
def worker_run(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Addresses HOST:PORT of workers that are at work as long as the fixture is used."""
    prefix = f"t{uuid4().hex[:8]}."
    asyncio.run(create_topics(broker, declarations(), topic_prefix=prefix))
    environment = {
        "GREENLANE_BROKER": broker,
        "GREENLANE_TOPIC_PREFIX": prefix,
        "GREENLANE_APPLICATION_ID": f"{prefix}app",
    }
    with WorkerPool(2, environment, tmp_path_factory.mktemp("workers")) as pool:
        asyncio.run(pool.until_ready())
        over = threading.Event()
        outside = threading.Thread(target=lambda: asyncio.run(_outside(broker, prefix, over)))
        outside.start()
        yield [f"127.0.0.1:{worker.web_port}" for worker in pool.workers]
        over.set()
        outside.join()


async def _outside(broker: str, prefix: str, over: threading.Event) -> None:
    """Carriers that publish, sometimes nonsense, and an officer who answers each inspection."""
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    consumer = AIOKafkaConsumer(
        f"{prefix}inspection", bootstrap_servers=broker, isolation_level="read_committed"
    )
    async with producer, consumer:
        tasks = [
            asyncio.create_task(_publish(producer, prefix)),
            asyncio.create_task(_inspect(producer, consumer, prefix)),
        ]
        await asyncio.to_thread(over.wait)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _publish(producer: AIOKafkaProducer, prefix: str) -> None:
    topic = f"{prefix}manifests"
    for number, message in enumerate(Simulation(SEED).messages(PARCELS)):
        headers = [("parcels", b"%d" % message.parcels)]
        await producer.send(topic, message.value, message.key, headers=headers)
        if number % POISON_EVERY == 0:
            await producer.send(topic, b'{"cut off', b"XX/1")
            uncoded = parcel(items=[goods_item(commodity_code="")])
            warned = manifest(manifest_id=f"W{number}", parcels=[uncoded])
            key = manifest_key(warned.carrier, warned.manifest_id).encode()
            await producer.send(topic, msgspec.json.encode(warned), key)
        await asyncio.sleep(MESSAGE_PAUSE_S)


async def _inspect(producer: AIOKafkaProducer, consumer: AIOKafkaConsumer, prefix: str) -> None:
    decode = msgspec.json.Decoder(Decision).decode
    async for record in consumer:
        decision = decode(record.value)
        result = InspectionResult(
            result_id=f"result-{decision.event_id}",
            carrier=decision.carrier,
            parcel_id=decision.parcel_id,
            verdict=InspectionVerdict.COMPLIANT,
            inspected_at=datetime.now(UTC),
            officer="officer-1",
        )
        await producer.send(f"{prefix}inspections", msgspec.json.encode(result), record.key)
