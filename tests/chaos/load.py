"""The load: manifests at a bounded rate, and a record of what the broker acknowledged."""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaProducer

RATE_MAX_PER_S = 5_000.0
"""Parcels: above, two workers on two cores would fall behind without any fault."""
IN_FLIGHT_MAX = 200
LOOK_S = 0.05
DELIVERY_DEADLINE_MS = 300_000
"""Longer than any fault: a carrier goes on trying."""


class Message(NamedTuple):
    """A manifest message to be sent."""

    key: bytes | None
    value: bytes | None
    parcels: int
    timestamp_ms: int | None = None
    """For topics with CreateTime; the declared ones have the broker's time."""
    repeats: bool = False
    """Sent before: it announces nothing new."""


class Sent(NamedTuple):
    """A message the broker acknowledged, and where it put it; `topic` is the logical name."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    parcels: int


class Load:
    """Publishes, and remembers what was acknowledged."""

    def __init__(self, broker: str, topic_prefix: str) -> None:
        self.acknowledged: list[Sent] = []
        self.announced = 0
        """Parcels in acknowledged manifest messages, repeats included."""
        self.refused: list[str] = []
        """Messages the broker did not take, which should not happen."""
        self.finished = asyncio.Event()
        self._prefix = topic_prefix
        self._in_flight: set[asyncio.Future[Any]] = set()
        self._producer = AIOKafkaProducer(
            bootstrap_servers=broker,
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=5,
            max_batch_size=900_000,
            max_request_size=2_000_000,
            request_timeout_ms=DELIVERY_DEADLINE_MS,
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._producer.stop()

    async def publish(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        parcels: int = 0,
        timestamp_ms: int | None = None,
    ) -> None:
        """Send one message; it counts once the broker has acknowledged it."""
        headers = [("content-type", b"application/json")]
        if parcels:
            headers.append(("parcels", b"%d" % parcels))
        future = await self._producer.send(
            self._prefix + topic,
            key=key,
            value=value,
            headers=headers,
            timestamp_ms=timestamp_ms,
        )
        future.add_done_callback(partial(self._on_done, topic, key, value, parcels))
        self._in_flight.add(future)
        if len(self._in_flight) >= IN_FLIGHT_MAX:
            await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)

    async def run(
        self,
        messages: Iterable[Message],
        *,
        parcels: int,
        seconds: float,
        enough: Callable[[], bool],
    ) -> None:
        """Announce at least `parcels` parcels over `seconds`, and go on until it is enough."""
        rate_per_s = min(max(parcels, 1) / seconds, RATE_MAX_PER_S)
        started_s = time.monotonic()
        sent = announced = 0
        for message in messages if parcels else ():
            if announced >= parcels and enough():
                break
            due_s = started_s + sent / rate_per_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            await self.publish_manifest(message)
            sent += message.parcels
            announced += 0 if message.repeats else message.parcels
        while not enough():  # noqa: ASYNC110 - what is waited for is a task of somebody else
            await asyncio.sleep(LOOK_S)
        await self.flush()
        self.finished.set()

    async def publish_manifest(self, message: Message) -> None:
        """Send one manifest message."""
        await self.publish(
            "manifests",
            message.key,
            message.value,
            parcels=message.parcels,
            timestamp_ms=message.timestamp_ms,
        )

    @property
    def in_flight(self) -> int:
        """Messages the broker has not answered yet."""
        return len(self._in_flight)

    async def flush(self) -> None:
        """Wait until the broker has answered everything."""
        while self._in_flight:
            await asyncio.wait(set(self._in_flight))

    def _on_done(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        parcels: int,
        future: "asyncio.Future[Any]",
    ) -> None:
        self._in_flight.discard(future)
        error = future.exception()
        if error:
            self.refused.append(f"{topic} {key!r}: {error!r}")
            return
        place = future.result()
        self.acknowledged.append(Sent(topic, place.partition, place.offset, key, value, parcels))
        if topic == "manifests":
            self.announced += parcels
