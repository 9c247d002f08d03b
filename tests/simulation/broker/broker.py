"""The broker: what it does on each request, at one moment."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from aiokafka import errors

from pipeline.stream.log import Membership
from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition
from tests.simulation.broker.group import Group
from tests.simulation.broker.offsets import GroupOffsets
from tests.simulation.broker.partitions import Identity, PartitionLog, Visible
from tests.simulation.broker.transactions import TransactionCoordinator


class Hurdles(NamedTuple):
    """What goes wrong at the broker itself, all the time."""

    busy_share: float = 0.3
    """Share of produce requests told to come again, as Kafka 4 does after each transaction."""
    slow_marker_share: float = 0.05
    """Share of partitions' leaders that are away when a transaction ends: the others are told."""


NO_HURDLES = Hurdles(0, 0)


class Fetch(NamedTuple):
    """A request for records."""

    positions: Mapping[TopicPartition, int]
    committed: bool
    records_max: int
    wait_s: float


class Broker:
    """One node's worth of Kafka: partitions, transactions and one consumer group."""

    def __init__(
        self,
        partitions: Mapping[str, int],
        random: Random,
        *,
        session_timeout_s: float,
        hurdles: Hurdles,
    ) -> None:
        self.partitions = dict(partitions)
        self.logs = {
            TopicPartition(topic, number): PartitionLog()
            for topic, numbers in partitions.items()
            for number in range(numbers)
        }
        self.offsets = GroupOffsets(self._progress)
        self.transactions = TransactionCoordinator(
            self.logs,
            self.offsets,
            random,
            self._wake,
            slow_marker_share=hurdles.slow_marker_share,
        )
        self.group = Group(session_timeout_s, rebalance_timeout_s=session_timeout_s)
        self.progressed = False
        """Whether an offset was committed since someone looked."""
        self._random = random
        self._busy_share = hurdles.busy_share
        self._waiting: dict[asyncio.Future[dict[TopicPartition, Visible]], Fetch] = {}

    def publish(self, outputs: Iterable[Output], timestamp_ms: int) -> None:
        """Write records without a transaction, as a carrier does."""
        places = []
        for output in outputs:
            place = TopicPartition(output.topic, output.partition)
            self.logs[place].append([output], timestamp_ms)
            places.append(place)
        self._wake(places)

    def produce(
        self,
        transactional_id: str,
        producer: Identity,
        place: TopicPartition,
        outputs: Sequence[Output],
        timestamp_ms: int,
        sequence: int,
    ) -> int | None:
        """Write one batch of a transaction; the offset after it, unless it was there before.

        Raises:
            NotEnoughReplicasError: the transaction before is still being marked; come again.
        """
        self.transactions.verify(transactional_id, producer, place)
        if self._random.random() < self._busy_share:
            raise errors.NotEnoughReplicasError
        end = self.logs[place].append(outputs, timestamp_ms, producer, sequence)
        self._wake([place])
        return end

    def commit_offsets(
        self,
        transactional_id: str,
        producer: Identity,
        offsets: Mapping[TopicPartition, int],
        membership: Membership,
    ) -> None:
        """Add input positions to a transaction (TxnOffsetCommit)."""
        self.group.check_commit(membership.generation, membership.member_id, membership.instance_id)
        self.transactions.verify(transactional_id, producer, None)
        self.offsets.add(producer, offsets)

    def fetch(self, request: Fetch) -> "asyncio.Future[dict[TopicPartition, Visible]]":
        """Records from positions on; answered when there are some, or the time is over."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[dict[TopicPartition, Visible]] = loop.create_future()
        if not self._answer_fetch(answer, request, request.positions):
            self._waiting[answer] = request
            loop.call_later(request.wait_s, self._give_up, answer)
        return answer

    def ranges(self, places: Collection[TopicPartition]) -> dict[TopicPartition, range]:
        """The offsets that readers of committed records find in each partition."""
        return {place: range(self.logs[place].stable_end) for place in places}

    def _wake(self, places: Iterable[TopicPartition]) -> None:
        for answer, request in list(self._waiting.items()):
            asked = [place for place in places if place in request.positions]
            if asked and self._answer_fetch(answer, request, asked):
                del self._waiting[answer]

    def _answer_fetch(
        self,
        answer: "asyncio.Future[dict[TopicPartition, Visible]]",
        request: Fetch,
        asked: Iterable[TopicPartition],
    ) -> bool:
        found = {
            place: self.logs[place].fetch(
                request.positions[place],
                committed=request.committed,
                records_max=request.records_max,
            )
            for place in asked
        }
        moved = {
            p: visible for p, visible in found.items() if visible.next_offset > request.positions[p]
        }
        if moved:
            answer.set_result(moved)
        return bool(moved)

    def _give_up(self, answer: "asyncio.Future[dict[TopicPartition, Visible]]") -> None:
        if self._waiting.pop(answer, None) is not None:
            answer.set_result({})

    def _progress(self) -> None:
        self.progressed = True
