"""Starting an installation, sending to it, and reading what it committed."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaProducer

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.ops.ledger import Ledger
from pipeline.ops.ledger_reader import LedgerReader
from pipeline.sandbox.workers import WorkerPool
from pipeline.settings import Settings
from pipeline.stream.records import Record

SETTLE_DEADLINE_S = 60.0


class Installation(NamedTuple):
    """A running installation."""

    broker: str
    prefix: str
    pool: WorkerPool


class Raw(NamedTuple):
    """A message as somebody might send it, right or wrong."""

    key: bytes | None
    value: bytes | None
    parcels: int | None = None
    topic: str = "manifests"


@contextmanager
def installed(
    broker: str,
    prefix: str,
    folder: Path,
    *,
    workers: int,
    partitions: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Installation]:
    """Topics and workers, stopped at the end."""
    asyncio.run(create_topics(broker, declarations(), topic_prefix=prefix, partitions=partitions))
    environment = {
        "GREENLANE_BROKER": broker,
        "GREENLANE_TOPIC_PREFIX": prefix,
        "GREENLANE_APPLICATION_ID": f"{prefix}greenlane",
        "GREENLANE_SESSION_TIMEOUT_MS": "6000",
        "GREENLANE_TRANSACTION_TIMEOUT_MS": "6000",
        **(settings or {}),
    }
    with WorkerPool(workers, environment, folder) as pool:
        asyncio.run(pool.until_ready())
        yield Installation(broker, prefix, pool)


async def send(
    installation: Installation, messages: Iterable[Raw], *, pause_s: float = 0.0
) -> None:
    """Publish messages in order, whatever they are, with a pause after each."""
    async with AIOKafkaProducer(
        bootstrap_servers=installation.broker,
        enable_idempotence=True,
        max_request_size=2_000_000,
        compression_type="lz4",
        max_batch_size=900_000,
    ) as producer:
        for message in messages:
            headers = [] if message.parcels is None else [("parcels", b"%d" % message.parcels)]
            await producer.send(
                installation.prefix + message.topic,
                key=message.key,
                value=message.value,
                headers=headers,
            )
            if pause_s:
                await asyncio.sleep(pause_s)
        await producer.flush()


async def settled(
    installation: Installation, *, announced: int
) -> tuple[Ledger, dict[str, list[Record]]]:
    """The ledger once everything announced has an end, and all records by topic."""
    records: dict[str, list[Record]] = {}

    def keep(record: Record) -> None:
        records.setdefault(record.topic, []).append(record)

    reader = LedgerReader(
        installation.broker,
        topic_prefix=installation.prefix,
        manifest_parcels_max=Settings().manifest_parcels_max,
        on_record=keep,
    )
    async with reader:
        end_s = asyncio.get_running_loop().time() + SETTLE_DEADLINE_S
        while True:
            ledger = await reader.settle(1.0)
            done = ledger.announced >= announced and not ledger.difference
            if done or asyncio.get_running_loop().time() > end_s:
                return ledger, records
