"""The transaction coordinator: who may write, and the two steps in which a transaction ends."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Protocol

from aiokafka import errors

from pipeline.stream.records import TopicPartition
from tests.simulation.broker.partitions import Identity, PartitionLog

MARKER_DELAY_S = 0.02
SLOW_MARKER_DELAY_S = 8.0
TIMEOUT_CHECK_S = 4.0
"""A broker looks for transactions that are too old only now and then."""


class Phase(Enum):
    """Where a producer's transaction stands."""

    NONE = "none"
    ONGOING = "ongoing"
    COMMITTING = "committing"
    ABORTING = "aborting"
    COMMITTED = "committed"
    ABORTED = "aborted"


@dataclass(slots=True)
class Transaction:
    """What the coordinator knows of a transactional id."""

    producer: Identity
    timeout_s: float
    phase: Phase = Phase.NONE
    places: dict[TopicPartition, None] = field(default_factory=dict)
    with_offsets: bool = False
    number: int = 0
    unmarked: int = 0


class Offsets(Protocol):
    """The group's offsets, which are part of transactions as if they were a partition."""

    def mark(self, producer: Identity, *, committed: bool) -> None:
        """End a transaction's offsets."""


class TransactionCoordinator:
    """Decides transactions; the markers that tell the partitions follow later, in any order."""

    def __init__(
        self,
        logs: dict[TopicPartition, PartitionLog],
        offsets: Offsets,
        random: Random,
        on_marked: Callable[[Iterable[TopicPartition]], None],
        *,
        slow_marker_share: float,
    ) -> None:
        self._logs = logs
        self._offsets = offsets
        self._random = random
        self._on_marked = on_marked
        self._slow_marker_share = slow_marker_share
        self._transactions: dict[str, Transaction] = {}
        self.ended: dict[str, int] = {"committed": 0, "aborted": 0, "timed out": 0}

    def init_producer(self, transactional_id: str, timeout_s: float) -> Identity:
        """Give a starting producer its identity; a transaction of its last run is aborted first."""
        known = self._transactions.get(transactional_id)
        if known is None:
            producer = Identity(1_000 + len(self._transactions), 0)
            self._transactions[transactional_id] = Transaction(producer, timeout_s)
            return producer
        if known.phase is Phase.ONGOING:
            self._fence(known)
        if known.phase in {Phase.COMMITTING, Phase.ABORTING}:
            raise errors.ConcurrentTransactions
        known.producer = known.producer._replace(epoch=known.producer.epoch + 1)
        known.timeout_s = timeout_s
        known.phase = Phase.NONE
        return known.producer

    def add(
        self,
        transactional_id: str,
        producer: Identity,
        places: Iterable[TopicPartition] = (),
        *,
        with_offsets: bool = False,
    ) -> None:
        """Make partitions, or the group's offsets, part of the transaction; begin it if need be."""
        transaction = self._checked(transactional_id, producer)
        if transaction.phase in {Phase.COMMITTING, Phase.ABORTING}:
            raise errors.ConcurrentTransactions
        if transaction.phase is not Phase.ONGOING:
            transaction.phase = Phase.ONGOING
            transaction.number += 1
            transaction.places.clear()
            transaction.with_offsets = False
            asyncio.get_running_loop().call_later(
                transaction.timeout_s + self._random.random() * TIMEOUT_CHECK_S,
                self._time_out,
                transaction,
                transaction.number,
            )
        transaction.places.update(dict.fromkeys(places))
        transaction.with_offsets |= with_offsets

    def verify(
        self, transactional_id: str, producer: Identity, place: TopicPartition | None
    ) -> None:
        """Check that a write belongs to an ongoing transaction (None: the group's offsets)."""
        transaction = self._checked(transactional_id, producer)
        known = transaction.with_offsets if place is None else place in transaction.places
        if transaction.phase is not Phase.ONGOING or not known:
            raise errors.InvalidTxnState

    def end(self, transactional_id: str, producer: Identity, *, committed: bool) -> None:
        """Decide the transaction. The answer comes before the markers are written."""
        transaction = self._checked(transactional_id, producer)
        done = Phase.COMMITTED if committed else Phase.ABORTED
        going_on = Phase.COMMITTING if committed else Phase.ABORTING
        if transaction.phase is Phase.ONGOING:
            self._decide(transaction, going_on)
        elif transaction.phase is going_on:
            raise errors.ConcurrentTransactions
        elif transaction.phase is not done:
            raise errors.InvalidTxnState

    def _checked(self, transactional_id: str, producer: Identity) -> Transaction:
        transaction = self._transactions[transactional_id]
        if producer != transaction.producer:
            raise errors.InvalidProducerEpoch
        return transaction

    def _time_out(self, transaction: Transaction, number: int) -> None:
        if transaction.number == number and transaction.phase is Phase.ONGOING:
            self.ended["timed out"] += 1
            self._fence(transaction)

    def _fence(self, transaction: Transaction) -> None:
        producer = transaction.producer
        transaction.producer = producer._replace(epoch=producer.epoch + 1)
        self._decide(transaction, Phase.ABORTING)

    def _decide(self, transaction: Transaction, phase: Phase) -> None:
        """Write the markers, by broker node and for the group's offsets, each in its own time."""
        transaction.phase = phase
        loop = asyncio.get_running_loop()
        groups: list[list[TopicPartition]] = [[], []]
        for place in transaction.places:
            groups[place.partition % 2].append(place)
        steps = [(self._mark_places, group) for group in groups if group]
        if transaction.with_offsets:
            steps.append((self._mark_offsets, []))
        transaction.unmarked = len(steps)
        for step, places in steps:
            loop.call_later(self._marker_delay_s(), step, transaction, places)
        if not steps:
            self._complete(transaction)

    def _marker_delay_s(self) -> float:
        slow = self._random.random() < self._slow_marker_share
        return self._random.random() * (SLOW_MARKER_DELAY_S if slow else MARKER_DELAY_S)

    def _mark_places(self, transaction: Transaction, places: list[TopicPartition]) -> None:
        committed = transaction.phase is Phase.COMMITTING
        for place in places:
            self._logs[place].mark(transaction.producer, committed=committed)
        self._marked(transaction)
        self._on_marked(places)

    def _mark_offsets(self, transaction: Transaction, _: list[TopicPartition]) -> None:
        self._offsets.mark(transaction.producer, committed=transaction.phase is Phase.COMMITTING)
        self._marked(transaction)

    def _marked(self, transaction: Transaction) -> None:
        transaction.unmarked -= 1
        if not transaction.unmarked:
            self._complete(transaction)

    def _complete(self, transaction: Transaction) -> None:
        committed = transaction.phase is Phase.COMMITTING
        transaction.phase = Phase.COMMITTED if committed else Phase.ABORTED
        self.ended["committed" if committed else "aborted"] += 1
