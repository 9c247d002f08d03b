"""The stream core with one safeguard taken out: the simulation must notice each of them.

Each is a context manager that changes the code for as long as it is entered, in tests only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any
from unittest.mock import patch

from aiokafka import errors

from pipeline.stream.changelog import MemoryCopy
from pipeline.stream.engine import Engine
from pipeline.stream.log import Membership
from pipeline.stream.outbox import Outbox, Output
from pipeline.stream.records import Chunk, Record, TopicPartition
from pipeline.stream.snapshots import Snapshots
from pipeline.stream.state import KeyedState
from pipeline.stream.transport import ChunkConsumerThread
from pipeline.stream.work import Workshop
from tests.simulation.client import BatchDeliveries, SimulatedLog
from tests.simulation.fetching import Fetcher
from tests.simulation.membership import Coordinator
from tests.simulation.network import Network
from tests.simulation.process import Process
from tests.simulation.reader import SimulatedReader

Mutant = Callable[[], AbstractContextManager[object]]
AHEAD = 3
"""More than the marker that ends a transaction: a record is missed."""
LATE_SHARE = 0.2
LATE_S = 0.1
_send, _send_offsets = SimulatedLog.send, SimulatedLog.send_offsets


class _Late:
    """Deliveries that begin when the offsets are committed already."""

    def __init__(self, outputs: list[Output], timestamp_ms: int) -> None:
        self.records = outputs
        self.outputs = len(outputs)
        self.timestamp_ms = timestamp_ms
        self.begun: BatchDeliveries

    async def confirm(self) -> Mapping[TopicPartition, int]:
        return await self.begun.confirm()


@contextmanager
def offsets_before_outputs() -> Iterator[None]:
    """Input positions are committed in a transaction of their own, before the outputs are sent."""
    kept: dict[SimulatedLog, _Late] = {}

    async def send(self: SimulatedLog, outputs: Iterable[Output], *, timestamp_ms: int) -> _Late:
        kept[self] = _Late(list(outputs), timestamp_ms)
        return kept[self]

    async def send_offsets(
        self: SimulatedLog, offsets: Mapping[TopicPartition, int], membership: Membership
    ) -> None:
        await _send_offsets(self, offsets, membership)
        await self.commit()
        await self.begin()
        late = kept.pop(self)
        late.begun = await _send(self, late.records, timestamp_ms=late.timestamp_ms)

    with patch.multiple(SimulatedLog, send=send, send_offsets=send_offsets):
        yield


@contextmanager
def changelog_outside() -> Iterator[None]:
    """The memory's changelog is written beside the transaction, not in it."""

    async def send(
        self: SimulatedLog, outputs: Iterable[Output], *, timestamp_ms: int
    ) -> BatchDeliveries:
        outputs = list(outputs)
        changes = [output for output in outputs if output.topic.endswith("-changelog")]
        await self._ask("produce", lambda: self.broker.publish(changes, timestamp_ms))
        others = [output for output in outputs if not output.topic.endswith("-changelog")]
        return await _send(self, others, timestamp_ms=timestamp_ms)

    with patch.object(SimulatedLog, "send", send):
        yield


def dead_letters_dropped() -> AbstractContextManager[object]:
    """A record nobody can work on is counted, but kept nowhere."""

    def dead_letter(self: Outbox, record: Record, code: str, *_: object, **__: object) -> None:
        self.dead_letter_codes.append((record.topic, code))

    return patch.object(Outbox, "dead_letter", dead_letter)


def fencing_off() -> AbstractContextManager[object]:
    """Offsets are committed without a generation, as aiokafka does (TxnOffsetCommit v0)."""

    async def send_offsets(
        self: SimulatedLog, offsets: Mapping[TopicPartition, int], membership: Membership
    ) -> None:
        await _send_offsets(self, offsets, Membership(membership.group_id, -1, "", None))

    return patch.object(SimulatedLog, "send_offsets", send_offsets)


@contextmanager
def newest_generation() -> Iterator[None]:
    """Commits carry the generation that the coordinator has by then, not that of the chunk."""

    async def send_offsets(
        self: SimulatedLog, offsets: Mapping[TopicPartition, int], membership: Membership
    ) -> None:
        coordinator = self._process._consumer.kafka._coordinator
        newest = membership._replace(
            generation=coordinator.generation, member_id=coordinator.member_id
        )
        await _send_offsets(self, offsets, newest)

    with old_chunks_taken(), patch.object(SimulatedLog, "send_offsets", send_offsets):
        yield


def unstable_offsets() -> AbstractContextManager[object]:
    """Offsets are read that an open transaction may still change."""
    return patch.object(Coordinator, "stable", False)


def uncommitted_input() -> AbstractContextManager[object]:
    """Input is read uncommitted, as stock Faust does."""
    return patch.object(Fetcher, "committed_only", False)


def deliveries_unconfirmed() -> AbstractContextManager[object]:
    """The commit does not wait for the outputs: one that was refused is missing from it."""

    async def confirm(self: BatchDeliveries) -> Mapping[TopicPartition, int]:
        return {}

    return patch.object(BatchDeliveries, "confirm", confirm)


def old_chunks_taken() -> AbstractContextManager[object]:
    """The engine takes chunks that were fetched under an older generation."""

    def offer(self: Engine, chunk: Chunk) -> None:
        self._waiting.add(chunk.source, chunk.records)

    return patch.object(Engine, "offer", offer)


def nothing_given_back() -> AbstractContextManager[object]:
    """What a fetch took for nobody, in a rebalance, is not given back."""
    return patch.object(ChunkConsumerThread, "_give_back", lambda *_: None)


def changelog_to_stable_end() -> AbstractContextManager[object]:
    """Recovery reads up to the last stable offset, not to the end."""

    async def stable_ends(self: SimulatedReader, places: Iterable[TopicPartition]) -> Any:
        return await self.held(list(places))

    return patch.object(SimulatedReader, "_high_watermarks", stable_ends)


def nothing_undone() -> AbstractContextManager[object]:
    """A record that broke its room leaves its changes in the memory."""
    return patch.object(KeyedState, "undo", lambda self: self.accept())


def snapshots_ahead() -> AbstractContextManager[object]:
    """A snapshot says that it holds more changelog records than it does."""
    copy = Snapshots._copy

    def copy_ahead(self: Snapshots, *arguments: Any) -> MemoryCopy:
        memory = copy(self, *arguments)
        return memory._replace(next_offset=memory.next_offset + AHEAD)

    return patch.object(Snapshots, "_copy", copy_ahead)


def kept_memories_ahead() -> AbstractContextManager[object]:
    """A memory kept through a rebalance is said to hold more changelog records than it does."""
    release = Snapshots.release

    def release_ahead(self: Snapshots, workshop: Workshop) -> None:
        for standing in self._standings.values():
            standing.memory.next_offset += AHEAD
        release(self, workshop)

    return patch.object(Snapshots, "release", release_ahead)


def late_copies() -> AbstractContextManager[object]:
    """The network repeats an end of transaction later, perhaps in the next one (KIP-890)."""
    ask = Network._ask

    def ask_twice(self: Network, client: Process, request: str, operation: Any) -> Any:
        if request == "end_transaction" and self._random() < LATE_SHARE:
            delay_s = self._random() * LATE_S
            self._loop.call_later(delay_s, _attempt, operation, context=self._broker.context)
        return ask(self, client, request, operation)

    return patch.object(Network, "_ask", ask_twice)


def _attempt(operation: Callable[[], Any]) -> None:
    with suppress(errors.KafkaError):
        operation()


MUTANTS: Mapping[str, Mutant] = {
    mutant.__name__: mutant
    for mutant in (
        offsets_before_outputs,
        changelog_outside,
        dead_letters_dropped,
        fencing_off,
        newest_generation,
        unstable_offsets,
        uncommitted_input,
        deliveries_unconfirmed,
        nothing_given_back,
        changelog_to_stable_end,
        nothing_undone,
        snapshots_ahead,
        kept_memories_ahead,
        late_copies,
    )
}
