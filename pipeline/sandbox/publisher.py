"""Publishing manifest messages, as fast as the broker takes them or at a given rate."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.errors import BrokerError

TOPIC = "manifests"
IN_FLIGHT_MAX = 200
LINGER_MS = 5
BATCH_BYTES_MAX = 900_000
REQUEST_BYTES_MAX = 1_048_576


class Message(Protocol):
    """A manifest message ready to be sent."""

    @property
    def key(self) -> bytes:
        """Kafka key."""

    @property
    def value(self) -> bytes:
        """The JSON document."""

    @property
    def parcels(self) -> int:
        """Parcels in it."""


M = TypeVar("M", bound=Message)


async def publish(
    messages: Iterable[M],
    *,
    broker: str,
    topic_prefix: str = "",
    parcels_per_second: float | None = None,
    on_sent: Callable[[M], None] = lambda _: None,
) -> int:
    """Send all messages and wait until the broker has them; how many.

    Raises:
        BrokerError: no broker answers, it lacks the topic, or it refuses a message.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=broker,
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES_MAX,
        max_request_size=REQUEST_BYTES_MAX,
    )
    try:
        await producer.start()
    except (KafkaError, OSError) as error:
        await producer.stop()
        raise BrokerError(
            f"no Kafka broker answers at {broker}; start one with `greenlane broker`, or name "
            "another with --broker HOST:PORT"
        ) from error
    try:
        await _check_topic(producer, broker, topic_prefix + TOPIC)
        return await _send_all(producer, messages, topic_prefix, parcels_per_second, on_sent)
    except KafkaError as error:
        raise BrokerError(f"the broker at {broker} refused a manifest: {error}") from error
    finally:
        await producer.stop()


async def _check_topic(producer: AIOKafkaProducer, broker: str, topic: str) -> None:
    # Sending to a missing topic would be retried for 40 seconds before it fails.
    metadata = await producer.client.fetch_all_metadata()
    if topic not in metadata.topics():
        raise BrokerError(
            f"the broker at {broker} has no topic {topic}; run `greenlane topics create` first"
        )


async def _send_all(
    producer: AIOKafkaProducer,
    messages: Iterable[M],
    topic_prefix: str,
    parcels_per_second: float | None,
    on_sent: Callable[[M], None],
) -> int:
    started = time.monotonic()
    sent_messages = sent_parcels = 0
    in_flight: set[asyncio.Future[object]] = set()
    for message in messages:
        if parcels_per_second:
            due_at = started + sent_parcels / parcels_per_second
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
        in_flight.add(
            await producer.send(
                topic_prefix + TOPIC,
                key=message.key,
                value=message.value,
                headers=[
                    ("content-type", b"application/json"),
                    ("parcels", b"%d" % message.parcels),
                ],
            )
        )
        sent_messages += 1
        sent_parcels += message.parcels
        on_sent(message)
        if len(in_flight) >= IN_FLIGHT_MAX:
            done, in_flight = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                future.result()
    await asyncio.gather(*in_flight)
    return sent_messages
