"""Writing a cycle's outputs through one transactional producer."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from pipeline.stream.fencing import FencedProducer
from pipeline.stream.outbox import Output
from pipeline.stream.settings import StreamSettings

BATCH_BYTES_MAX = 900_000
REQUEST_TIMEOUT_MS = 30_000


def new_producer(settings: StreamSettings) -> FencedProducer:
    """The producer of a worker; its start fences an earlier run of the same worker."""
    return FencedProducer(
        bootstrap_servers=settings.broker,
        client_id=settings.transactional_id,
        transactional_id=settings.transactional_id,
        transaction_timeout_ms=settings.transaction_timeout_ms,
        compression_type="lz4",
        max_batch_size=BATCH_BYTES_MAX,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=settings.retry_backoff_ms,
    )


async def send_outputs(
    producer: FencedProducer, outputs: Iterable[Output], *, topic_prefix: str, timestamp_ms: int
) -> int:
    """Hand all outputs to the producer in full batches; how many there were.

    The open transaction's commit waits until the broker has them, and fails if it has not.
    """
    by_place: defaultdict[tuple[str, int], list[Output]] = defaultdict(list)
    for output in outputs:
        by_place[output.topic, output.partition].append(output)
    for (topic, partition), batch_outputs in by_place.items():
        await _send_to(producer, topic_prefix + topic, partition, batch_outputs, timestamp_ms)
    return sum(map(len, by_place.values()))


async def _send_to(
    producer: FencedProducer, topic: str, partition: int, outputs: list[Output], timestamp_ms: int
) -> None:
    batch = producer.create_batch()
    for output in outputs:
        fields = {
            "timestamp": timestamp_ms,
            "key": output.key,
            "value": output.value,
            "headers": list(output.headers),
        }
        if batch.append(**fields) is None:
            _ignore_result(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(**fields)
    _ignore_result(await producer.send_batch(batch, topic, partition=partition))


def _ignore_result(delivered: "asyncio.Future[object]") -> None:
    # A failed delivery also fails the commit, which is where it is handled.
    delivered.add_done_callback(lambda future: future.cancelled() or future.exception())
