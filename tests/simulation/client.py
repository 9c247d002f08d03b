"""A worker's connection to the simulated broker: the engine's `Log`, with aiokafka's habits."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import errors

from pipeline.stream.log import DeliveryError, Membership, WorkerFencedError
from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition
from pipeline.stream.settings import StreamSettings
from tests.simulation.broker.group import FencedInstanceIdError
from tests.simulation.broker.partitions import Identity
from tests.simulation.process import Process
from tests.simulation.reader import SimulatedReader
from tests.simulation.surroundings import Surroundings

BACKOFF_S = 0.01
BACKOFF_S_MAX = 1.0
"""aiokafka does not wait longer each time; virtual time would be full of it."""
FENCED = (
    errors.IllegalGenerationError,
    errors.UnknownMemberIdError,
    errors.InvalidProducerEpoch,
    FencedInstanceIdError,
)


class Batch(NamedTuple):
    """Records for one partition, on their way."""

    place: TopicPartition
    outputs: list[Output]
    sequence: int
    delivered: "asyncio.Future[int | None]"
    """Done when the broker has it: the offset after it, or None if the broker had it before."""


class BatchDeliveries(NamedTuple):
    """Batches on their way to the broker."""

    outputs: int
    batches: Sequence[Batch]

    async def confirm(self) -> Mapping[TopicPartition, int]:
        """Wait until the broker has all of them; the offset after each, where it is known."""
        ends: dict[TopicPartition, int] = {}
        for batch in self.batches:
            try:
                end = await batch.delivered
            except errors.KafkaError as error:
                raise DeliveryError(f"the broker refused output: {error!r}") from error
            if end is not None:
                ends[batch.place] = end
        return ends


class SimulatedLog:
    """See `Log`. Requests of a transaction go one after the other, beside them those of data."""

    def __init__(
        self, surroundings: Surroundings, process: Process, settings: StreamSettings
    ) -> None:
        self.broker = surroundings.broker
        self._surroundings = surroundings
        self._process = process
        self._settings = settings
        self._producer: Identity
        self._batches: list[Batch] = []
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._added: set[TopicPartition] = set()
        self._adding: asyncio.Task[None] | None = None
        self._with_offsets = False
        self._sequences: defaultdict[TopicPartition, int] = defaultdict(int)

    async def start(self) -> None:
        """Become the one producer of the worker's transactional id."""
        coordinator = self.broker.transactions
        self._producer = await self._ask(
            "init_producer",
            lambda: coordinator.init_producer(
                self._settings.transactional_id, self._settings.transaction_timeout_ms / 1000
            ),
        )

    async def stop(self) -> None:
        """Disconnect."""
        for task in list(self._tasks):
            task.cancel()

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Number of partitions of those topics that exist."""
        known = self.broker.partitions
        return await self._ask("metadata", lambda: {t: known[t] for t in topics if t in known})

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        """Topics are never created anew here."""
        return {topic: topic for topic in topics}

    async def begin(self) -> None:
        """Begin a transaction: the broker hears of it with its first request."""
        self._batches = []
        self._added = set()
        self._adding = None
        self._with_offsets = False

    async def send(self, outputs: Iterable[Output], *, timestamp_ms: int) -> BatchDeliveries:
        """Hand records to the producer."""
        by_place: defaultdict[TopicPartition, list[Output]] = defaultdict(list)
        for output in outputs:
            by_place[TopicPartition(output.topic, output.partition)].append(output)
        loop = asyncio.get_running_loop()
        batches = []
        for place, batch_outputs in by_place.items():
            batch = Batch(place, batch_outputs, self._sequences[place], loop.create_future())
            self._sequences[place] += 1
            batches.append(batch)
        self._batches += batches
        new = [batch.place for batch in batches if batch.place not in self._added]
        self._added.update(new)
        self._adding = self._spawn(self._add_partitions(new, self._adding))
        for node in (0, 1):
            of_node = [batch for batch in batches if batch.place.partition % 2 == node]
            if of_node:
                self._spawn(self._deliver(of_node, timestamp_ms))
        return BatchDeliveries(sum(map(len, by_place.values())), batches)

    async def send_offsets(
        self, offsets: Mapping[TopicPartition, int], membership: Membership
    ) -> None:
        """Add input positions to the open transaction."""
        await self._added_all()
        coordinator, tid = self.broker.transactions, self._settings.transactional_id
        try:
            await self._ask(
                "add_offsets", lambda: coordinator.add(tid, self._producer, with_offsets=True)
            )
            self._with_offsets = True
            await self._ask(
                "commit_offsets",
                lambda: self.broker.commit_offsets(tid, self._producer, offsets, membership),
            )
        except FENCED as error:
            raise WorkerFencedError(f"{error!r} for generation {membership.generation}") from error

    async def commit(self) -> None:
        """Commit. As in aiokafka, a batch that was refused does not keep the rest from it."""
        await self._end(committed=True)

    async def abort(self) -> None:
        """Abort the open transaction."""
        await self._end(committed=False)

    @asynccontextmanager
    async def reader(self) -> AsyncIterator["SimulatedReader"]:
        """A connection for reading."""
        yield SimulatedReader(self._surroundings, self._process)

    async def _end(self, *, committed: bool) -> None:
        await self._added_all()
        for batch in self._batches:
            await asyncio.wait([batch.delivered])
        if self._added or self._with_offsets:
            coordinator, tid = self.broker.transactions, self._settings.transactional_id
            await self._ask(
                "end_transaction", lambda: coordinator.end(tid, self._producer, committed=committed)
            )

    async def _add_partitions(
        self, places: list[TopicPartition], before: "asyncio.Task[None] | None"
    ) -> None:
        if before:
            await before
        coordinator, tid = self.broker.transactions, self._settings.transactional_id
        if places:
            await self._ask("add_partitions", lambda: coordinator.add(tid, self._producer, places))

    async def _added_all(self) -> None:
        if self._adding:
            await asyncio.shield(self._adding)

    async def _deliver(self, batches: list[Batch], timestamp_ms: int) -> None:
        """Send batches of one node's partitions, those that it was too busy for once more."""
        try:
            await self._added_all()
            while batches:
                batches = await self._produce(batches, timestamp_ms)
                if batches:
                    await asyncio.sleep(self._settings.retry_backoff_ms / 1000)
        except errors.KafkaError as error:
            for batch in batches:
                batch.delivered.set_exception(error)

    async def _produce(self, batches: list[Batch], timestamp_ms: int) -> list[Batch]:
        outcomes = await self._ask("produce", lambda: self._produce_all(batches, timestamp_ms))
        again = []
        for batch, outcome in zip(batches, outcomes, strict=True):
            if isinstance(outcome, errors.NotEnoughReplicasError):
                again.append(batch)
            elif isinstance(outcome, errors.KafkaError):
                batch.delivered.set_exception(outcome)
            else:
                batch.delivered.set_result(outcome)
        return again

    def _produce_all(
        self, batches: list[Batch], timestamp_ms: int
    ) -> list[errors.KafkaError | int | None]:
        """At the broker: write each batch, or say why not."""
        return [self._produce_one(batch, timestamp_ms) for batch in batches]

    def _produce_one(self, batch: Batch, timestamp_ms: int) -> errors.KafkaError | int | None:
        try:
            return self.broker.produce(
                self._settings.transactional_id,
                self._producer,
                batch.place,
                batch.outputs,
                timestamp_ms,
                batch.sequence,
            )
        except errors.KafkaError as error:
            return error

    async def _ask(self, request: str, operation: Callable[[], Any]) -> Any:
        """Ask the broker; again while it is still busy with the transaction before."""
        backoff_s = BACKOFF_S
        while True:
            try:
                return await self._surroundings.network.call(self._process, request, operation)
            except errors.ConcurrentTransactions:
                await asyncio.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, BACKOFF_S_MAX)

    def _spawn(self, coroutine: Any) -> "asyncio.Task[None]":
        task = asyncio.create_task(coroutine)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task
