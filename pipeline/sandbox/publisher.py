"""Publishing manifest messages, as fast as the broker takes them or at a given rate."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.model.carrier_topics import CarrierTopics, carrier_of
from pipeline.ops.access import refused
from pipeline.ops.partitions import require_topics, topics_on
from pipeline.stream.connection import Broker, client_arguments

IN_FLIGHT_MAX = 200
LINGER_MS = 5
BATCH_BYTES_MAX = 900_000
REQUEST_BYTES_MAX = 1_048_576

Headers = Sequence[tuple[str, bytes]]
JSON_HEADERS: Headers = (("content-type", b"application/json"),)


class Message(Protocol):
    """A manifest message ready to be sent."""

    @property
    def key(self) -> bytes:
        """Kafka key."""

    @property
    def value(self) -> bytes:
        """The document."""

    @property
    def parcels(self) -> int:
        """Parcels in it."""

    @property
    def headers(self) -> Headers:
        """Kafka headers; the number of parcels is added to them."""


M = TypeVar("M", bound=Message)


async def publish(
    messages: Iterable[M],
    *,
    broker: Broker | str,
    topic_prefix: str = "",
    parcels_per_second: float | None = None,
    on_sent: Callable[[M], None] = lambda _: None,
) -> int:
    """Send all messages and wait until the broker has them; how many.

    Those of a carrier that has a topic of its own go there, all others to the shared one.

    Raises:
        BrokerError: the broker does not let us in, it lacks the topic, or it refuses a message.
    """
    existing = await topics_on(broker, topic_prefix)
    producer = AIOKafkaProducer(
        **client_arguments(broker),
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES_MAX,
        max_request_size=REQUEST_BYTES_MAX,
    )
    try:
        await producer.start()
        topic_of = _topic_chooser(broker, topic_prefix, existing)
        return await _send_all(producer, messages, topic_of, parcels_per_second, on_sent)
    except KafkaError as error:
        raise refused(broker, "publish a manifest", error) from error
    finally:
        await producer.stop()


def _topic_chooser(
    broker: Broker | str, topic_prefix: str, existing: Collection[str]
) -> Callable[[Message], str]:
    """What names the topic of a message, by its carrier."""
    carriers = CarrierTopics.among(existing)

    def topic_of(message: Message) -> str:
        topic = carriers.manifests_of(carrier_of(message.key))
        if topic not in existing:  # sending there would be retried for 40 seconds
            require_topics(broker, [topic_prefix + topic], ())
        return topic_prefix + topic

    return topic_of


async def _send_all(
    producer: AIOKafkaProducer,
    messages: Iterable[M],
    topic_of: Callable[[M], str],
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
                topic_of(message),
                key=message.key,
                value=message.value,
                headers=[*message.headers, ("parcels", b"%d" % message.parcels)],
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
