"""The product's own transport, between a simulated aiokafka below and a simulated Faust above.

`ChunkConsumer`, `ChunkConsumerThread` and `RebalanceListener` run as they are; the classes here
only take the places of the base classes that their `super()` calls go to.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any

from aiokafka.structs import TopicPartition as KafkaTopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from pipeline.stream.engine import Engine
from pipeline.stream.records import Chunk
from pipeline.stream.settings import StreamSettings
from pipeline.stream.transport import ChunkConsumer, ChunkConsumerThread, RebalanceListener
from tests.simulation.fetching import Fetcher, Subscription
from tests.simulation.loop import Lane, SimulatedLoop
from tests.simulation.membership import Coordinator
from tests.simulation.process import Process
from tests.simulation.surroundings import Surroundings

GETMANY_TIMEOUT_S = 30.0
DELIVERY_DELAY_S = 0.002
HELD_SHARE = 0.02
HELD_S = 12.0


class KafkaConsumer:
    """Stands in for `AIOKafkaConsumer`."""

    def __init__(
        self,
        surroundings: Surroundings,
        process: Process,
        settings: StreamSettings,
        *,
        records_max: int,
    ) -> None:
        self._closed = False
        self._max_poll_records = None
        self._subscription = Subscription()
        self._coordinator = Coordinator(
            surroundings,
            process,
            settings.transactional_id,
            self._subscription,
            heartbeat_s=settings.session_timeout_ms / 5_000,
        )
        self._fetcher = Fetcher(
            surroundings,
            process,
            self._subscription,
            self._coordinator,
            records_max=records_max,
        )

    def seek(self, place: KafkaTopicPartition, offset: int) -> None:
        self._fetcher.seek(place, offset)

    def assignment(self) -> Collection[KafkaTopicPartition]:
        return self._subscription.places

    async def seek_to_committed(self) -> Mapping[KafkaTopicPartition, int | None]:
        places = self._subscription.places
        offsets = await self._coordinator.fetch_committed_offsets(places)
        for place, committed in offsets.items():
            if self._subscription.is_assigned(place):
                self.seek(place, committed.offset)
        return {place: offsets[place].offset if place in offsets else None for place in places}


class _FaustThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread: a lane of its own, which the main thread has to ask."""

    thread_loop: Any = None

    def __init__(self, consumer: "SimulatedConsumer", kafka: KafkaConsumer, lane: Lane) -> None:
        self.consumer = consumer
        self.app = consumer.app
        self.kafka = kafka
        self._lane = lane

    def _ensure_consumer(self) -> Any:
        return self.kafka

    async def call_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        loop: SimulatedLoop = asyncio.get_running_loop()  # type: ignore[assignment]
        return await loop.run_on(self._lane, function, *args, **kwargs)


class SimulatedThread(ChunkConsumerThread, _FaustThread):
    """The product's consumer thread."""


class _FaustConsumer(driver.Consumer):
    """What Faust does around a consumer: it stops the flow, feeds agents, seeks on assignment."""

    should_stop = False

    def __init__(
        self,
        engine: Engine,
        kafka: KafkaConsumer,
        process: Process,
        random: Random,
        on_crash: Callable[[BaseException], None],
    ) -> None:
        self.app = SimpleNamespace(
            engine=engine,
            conf=SimpleNamespace(id=engine.settings.application_id),
            consumer_generation_id=0,
            on_rebalance_start=lambda: None,
        )
        self.kafka = kafka
        self.flow_active = True
        self.can_resume_flow = asyncio.Event()
        self._active: set[TP] = set()
        """Partitions to take records of; only ever asked for membership."""
        self._random = random
        self._on_crash = on_crash
        self._main = process.lanes["main"]
        self._background = process.lanes["consumer"]
        self._thread = SimulatedThread(self, kafka, self._background)
        self._read_offset: dict[TP, int] = {}
        self._chunks: dict[str, asyncio.Queue[Chunk]] = {
            topic: asyncio.Queue(maxsize=4) for room in engine.rooms for topic in room.inputs
        }
        self._resuming: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._draining = False

    async def on_start(self) -> None:
        """Join the group, and begin to deliver."""
        loop: SimulatedLoop = asyncio.get_running_loop()  # type: ignore[assignment]
        coordinator = self.kafka._coordinator
        coordinator.listener = RebalanceListener(self._thread)
        coordinator._push_error_to_user = self._thread.give_up
        coordinator.topics = tuple(t for room in self.engine.rooms for t in room.inputs)
        self._tasks = [
            loop.start(self._background, coordinator.run()),
            loop.start(self._background, self.kafka._fetcher.run()),
            *(loop.start(self._main, self._feed(chunks)) for chunks in self._chunks.values()),
        ]
        for task in self._tasks:
            task.add_done_callback(self._on_done)

    async def on_stop(self) -> None:
        """A static member does not leave its group."""
        self.should_stop = True
        for task in self._tasks:
            task.cancel()

    async def threadsafe_partitions_revoked(self, _: Any, revoked: Collection[TP]) -> None:
        """From the consumer's thread to the main one, which is waited for."""
        loop: SimulatedLoop = asyncio.get_running_loop()  # type: ignore[assignment]
        await loop.run_on(self._main, self.on_partitions_revoked, sorted(revoked))

    async def threadsafe_partitions_assigned(
        self, _: Any, assigned: Collection[TP], generation_id: int = 0
    ) -> None:
        loop: SimulatedLoop = asyncio.get_running_loop()  # type: ignore[assignment]
        await loop.run_on(self._main, self.on_partitions_assigned, sorted(assigned), generation_id)

    async def on_partitions_revoked(self, revoked: Collection[TP]) -> None:
        """Stop the flow, and forget what agents have not taken."""
        if self._resuming:
            self._resuming.cancel()
        self._active.difference_update(revoked)
        self._read_offset.clear()
        if self.kafka.assignment():
            self.flow_active = False
            self.can_resume_flow.clear()
            self._active.clear()
            for chunks in self._chunks.values():
                while not chunks.empty():
                    chunks.get_nowait()

    async def on_partitions_assigned(
        self, assigned: Collection[TP], generation_id: int = 0
    ) -> None:
        """Seek to the committed offsets, then let the flow go on. Faust pauses what it has just
        activated: in between, a worker that had no partitions may already take records."""
        self._active.update(assigned)
        await asyncio.sleep(0)
        self._active.clear()
        self._resuming = asyncio.create_task(self._resume(generation_id))

    async def _resume(self, generation_id: int) -> None:
        if self.app.consumer_generation_id != generation_id:
            return
        self._active.update(TP(*place) for place in self.kafka.assignment())
        offsets = await self._thread.call_thread(self.kafka.seek_to_committed)
        self._read_offset.update({TP(*place): offset or 0 for place, offset in offsets.items()})
        self.flow_active = True
        self.can_resume_flow.set()
        if not self._draining:
            self._draining = True
            self._tasks.append(asyncio.create_task(self._drain()))
            self._tasks[-1].add_done_callback(self._on_done)

    async def _wait_next_records(self, timeout: float) -> tuple[Any, Any]:  # noqa: ASYNC109
        if not self.flow_active:
            await self.can_resume_flow.wait()
        if not self._active:
            await asyncio.sleep(1)
            return {}, None
        return await self._thread.getmany(self._active, timeout), None

    def _on_done(self, task: "asyncio.Task[None]") -> None:
        """An error in Faust's own services ends the worker."""
        error = None if task.cancelled() else task.exception()
        if error:
            self._on_crash(error)

    async def _drain(self) -> None:
        """Faust's fetcher: an agent that is slow to take a message holds up the ones behind it."""
        while True:
            async for tp, message in self.getmany(timeout=GETMANY_TIMEOUT_S):
                if message.offset < self._read_offset.get(tp, 0):
                    continue
                await asyncio.sleep(self._random.random() ** 4 * DELIVERY_DELAY_S)
                if self.flow_active:
                    await self._chunks[tp.topic].put(message.value)
                    self._read_offset[tp] = message.offset

    async def _feed(self, chunks: "asyncio.Queue[Chunk]") -> None:
        """An agent, as pipeline/stream/app.py has it; rarely, it holds on to a chunk for long."""
        while True:
            chunk = await chunks.get()
            if self._random.random() < HELD_SHARE:
                await asyncio.sleep(self._random.random() * HELD_S)
            self.engine.offer(chunk)


class SimulatedConsumer(ChunkConsumer, _FaustConsumer):
    """The product's consumer."""
