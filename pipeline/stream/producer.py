"""Writing a cycle's outputs through one transactional producer."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from aiokafka import errors
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from pipeline.stream.connection import client_arguments
from pipeline.stream.fencing import FencedProducer
from pipeline.stream.log import DeliveryError
from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition
from pipeline.stream.settings import StreamSettings

BATCH_BYTES_MAX = 900_000
REQUEST_TIMEOUT_MS = 30_000


class ExpectedRetries(logging.Filter):
    """Drops aiokafka's warning of a retry that Kafka 4 causes with every other transaction.

    Its check of a transaction's first write (KIP-890) answers NOT_ENOUGH_REPLICAS while the
    markers of the one before are being written; the retry succeeds after a few milliseconds.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log it."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        return errors.NotEnoughReplicasError not in arguments


def new_producer(settings: StreamSettings) -> FencedProducer:
    """The producer of a worker; its start fences an earlier run of the same worker."""
    sender_log = logging.getLogger("aiokafka.producer.sender")
    if not any(isinstance(known, ExpectedRetries) for known in sender_log.filters):
        sender_log.addFilter(ExpectedRetries())
    return FencedProducer(
        **client_arguments(settings.broker),
        client_id=settings.transactional_id,
        transactional_id=settings.transactional_id,
        transaction_timeout_ms=settings.transaction_timeout_ms,
        # Half the CPU and two thirds of the bytes of aiokafka's lz4, which is fixed at level 9.
        compression_type="zstd",
        max_batch_size=BATCH_BYTES_MAX,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=settings.retry_backoff_ms,
    )


class Batch(NamedTuple):
    """A batch on its way to the broker."""

    place: TopicPartition
    records: int
    outcome: "asyncio.Future[RecordMetadata | None]"


class BatchDeliveries(NamedTuple):
    """Batches on their way to the broker."""

    outputs: int
    pending: list[Batch]

    async def confirm(self) -> Mapping[TopicPartition, int]:
        """Wait until the broker has all of them; the offset after the last for each partition.

        aiokafka commits a transaction even if a batch of it was refused: this must come before.

        Raises:
            DeliveryError: it refused one, for instance as too large.
        """
        outcomes = await asyncio.gather(
            *(batch.outcome for batch in self.pending), return_exceptions=True
        )
        ends: dict[TopicPartition, int] = {}
        for batch, outcome in zip(self.pending, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise DeliveryError(f"the broker refused output: {outcome!r}") from outcome
            ends.pop(batch.place, None)
            if outcome is not None and outcome.offset >= 0:  # a repeated batch is only confirmed
                ends[batch.place] = outcome.offset + batch.records
        return ends


async def send_outputs(
    producer: FencedProducer, outputs: Iterable[Output], *, topic_prefix: str, timestamp_ms: int
) -> BatchDeliveries:
    """Hand all outputs to the producer in full batches."""
    by_place: defaultdict[TopicPartition, list[Output]] = defaultdict(list)
    for output in outputs:
        by_place[TopicPartition(output.topic, output.partition)].append(output)
    pending: list[Batch] = []
    for place, batch_outputs in by_place.items():
        for batch in _batches(producer, batch_outputs, timestamp_ms):
            records = batch.record_count()
            outcome = await producer.send_batch(
                batch, topic_prefix + place.topic, partition=place.partition
            )
            pending.append(Batch(place, records, outcome))
    return BatchDeliveries(sum(map(len, by_place.values())), pending)


def _batches(
    producer: FencedProducer, outputs: list[Output], timestamp_ms: int
) -> Iterator[BatchBuilder]:
    batch = producer.create_batch()
    for output in outputs:
        fields = {
            "timestamp": timestamp_ms,
            "key": output.key,
            "value": output.value,
            "headers": list(output.headers),
        }
        if batch.append(**fields) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(**fields)
    yield batch
