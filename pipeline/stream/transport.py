"""A Faust transport that hands agents chunks: URL scheme `chunks://host:port`.

Stock Faust pays about 58 microseconds a record before an agent sees it; a chunk pays that once for
many records. Faust keeps the group, its callbacks, agents and web server; positions, memories and
commits belong to the engine, so Faust itself commits nothing.

Overrides private parts of faust-streaming 0.15.3 and aiokafka 0.14.0, which are pinned for it.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from typing import Any

import aiokafka
from aiokafka.structs import TopicPartition as KafkaTopicPartition
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from pipeline.stream.consumer import new_consumer, record_of
from pipeline.stream.engine import Engine
from pipeline.stream.fencing import fetch_stable_offsets
from pipeline.stream.log import Membership, MembershipRefusedError
from pipeline.stream.records import Chunk, TopicPartition

SCHEME = "chunks"
FETCH_MAX_WAIT_MS = 10
"""aiokafka has one fetch under way for each broker: while it waits for one partition to get
something, the others are not asked. It costs 3 % of a core when idle, and halves the latency."""
FETCH_RETRY_BACKOFF_MS = 20


class FetchedRecords(dict[Any, Any]):
    """Records by partition, with the membership under which they were fetched."""

    membership: Membership


class RebalanceListener(driver.ConsumerRebalanceListener):
    """Remembers under which membership an assignment was made, in the consumer's own thread."""

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Note the assignment before anything is fetched under it."""
        self._thread.note_assignment()
        await super().on_partitions_assigned(assigned)


class ChunkConsumerThread(driver.AIOKafkaConsumerThread):
    """The aiokafka consumer in its own thread: reads committed records and stable offsets."""

    assignment_known: Any = None
    membership: Membership

    async def on_start(self) -> None:
        """Start the consumer; no partition is assigned before it subscribes."""
        await super().on_start()
        coordinator = self._consumer._coordinator  # noqa: SLF001
        coordinator._do_fetch_commit_offsets = partial(  # noqa: SLF001
            fetch_stable_offsets, coordinator
        )
        coordinator._push_error_to_user = self.give_up  # noqa: SLF001

    async def give_up(self, error: Exception) -> None:
        """End the worker when the group refuses it, as when another run has taken its place.

        aiokafka keeps such an error for whoever reads next, and joins again only then. Between two
        assignments nobody reads, so a worker would wait for partitions for ever.
        """
        self.app.engine.fail(MembershipRefusedError(f"the worker group refuses it: {error!r}"))
        await self._ensure_consumer()._coordinator._closing  # noqa: SLF001

    def _create_worker_consumer(self, _transport: Any) -> aiokafka.AIOKafkaConsumer:
        self._assignor = self.app.assignor
        conf = self.app.conf
        return new_consumer(
            self.app.engine.settings.broker,
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[self._assignor],
            auto_offset_reset="earliest",
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            retry_backoff_ms=FETCH_RETRY_BACKOFF_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
        )

    def note_assignment(self) -> None:
        """Remember the present assignment, and the membership it was made under."""
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001
        self.assignment_known = self._assignment()
        self.membership = Membership(
            self.app.conf.id,
            coordinator.generation,
            coordinator.member_id,
            coordinator._group_instance_id,  # noqa: SLF001
        )

    async def _fetch_records(self, *args: Any, **kwargs: Any) -> FetchedRecords:
        """Fetch, and tell under which membership: nothing of an older assignment gets through.

        A call that waits while partitions are assigned anew outlives the agent that asked for it.
        What it takes from the new assignment would reach nobody, so it is given back.
        """
        before = self._assignment()
        records = await super()._fetch_records(*args, **kwargs)
        fetched = FetchedRecords()
        if before is self._assignment() and before is self.assignment_known:
            fetched.update(records)
            fetched.membership = self.membership
        else:
            self._give_back(records)
        return fetched

    def _give_back(self, records: Mapping[KafkaTopicPartition, list[Any]]) -> None:
        """Let the records be fetched again. Nothing came between: no await since they came."""
        consumer = self._ensure_consumer()
        for place, taken in records.items():
            if taken and consumer._subscription.is_assigned(place):  # noqa: SLF001
                consumer.seek(place, taken[0].offset)

    def _assignment(self) -> Any:
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001
        return subscription.assignment if subscription else None

    async def stable_offsets(self, partitions: Iterable[TP]) -> dict[TP, int]:
        """The group's committed offsets; -1 where there is none."""
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001
        places = [KafkaTopicPartition(tp.topic, tp.partition) for tp in partitions]
        found = await self.call_thread(coordinator.fetch_committed_offsets, places)
        return {
            tp: found[place].offset if place in found else -1
            for tp, place in zip(partitions, places, strict=True)
        }


class ChunkConsumer(driver.Consumer):
    """Yields chunks instead of records, and leaves commits to the engine."""

    RebalanceListener = RebalanceListener

    @property
    def engine(self) -> Engine:
        """The worker's engine."""
        engine: Engine = self.app.engine
        return engine

    def _new_consumer_thread(self) -> ChunkConsumerThread:
        return ChunkConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def on_start(self) -> None:
        """Start the engine before partitions can be assigned."""
        await self.engine.start()
        await super().on_start()

    async def on_stop(self) -> None:
        """Let the engine finish its cycle before the group is left."""
        await self.engine.stop()
        await super().on_stop()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what was begun under the old generation, then let the partitions go."""
        await self.engine.on_revoked()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Hand the new partitions to the engine, then let Faust seek to the offsets.

        Until this returns, aiokafka sends no heartbeats, so it must not wait for offsets that an
        open transaction may still change: the group would give the partitions away again.
        """
        find_committed = partial(self._committed_offsets, list(assigned))
        self.engine.on_assigned(self._thread.membership, find_committed)
        await super().on_partitions_assigned(assigned, generation_id)

    async def _committed_offsets(self, assigned: list[TP]) -> Mapping[TopicPartition, int]:
        offsets = await self._thread.stable_offsets(assigned)
        return {self._source(tp): offset for tp, offset in offsets.items()}

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109
    ) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch, and yield the records of each partition as one message."""
        await self.engine.wait_for_room()
        records, _ = await self._wait_next_records(timeout)
        if not records or self.should_stop or not self.flow_active:
            return
        for tp, fetched in records.items():
            yield tp, self._chunk_message(tp, fetched, records.membership)

    def _chunk_message(self, tp: TP, fetched: list[Any], membership: Membership) -> ConsumerMessage:
        source = self._source(tp)
        records = [record_of(record, source.topic) for record in fetched]
        last = fetched[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            (),
            None,
            Chunk(source, membership, records),
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _source(self, tp: TP) -> TopicPartition:
        return TopicPartition(tp.topic[len(self.engine.settings.topic_prefix) :], tp.partition)

    async def _add_gap(self, *_: Any) -> None:
        """Gaps (transaction markers, compaction) mean nothing here: the engine keeps positions."""

    def ack(self, message: Any) -> bool:
        """Forget a delivered chunk; what is done with it is committed by the engine."""
        self._unacked_messages.discard(message)
        message.acked = True
        return False

    async def commit(self, *_: Any, **__: Any) -> bool:
        """Commit nothing: positions move only in the engine's transactions."""
        return False


class ChunkTransport(driver.Transport):
    """Faust's aiokafka transport with the consumer above."""

    Consumer: type[FaustConsumer] = ChunkConsumer


def register() -> None:
    """Make the scheme known to Faust."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:ChunkTransport"
