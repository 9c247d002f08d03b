"""aiokafka's subscription and fetcher: assignments with positions, records fetched ahead."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

from aiokafka.structs import ConsumerRecord
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from tests.simulation.broker.broker import Fetch
from tests.simulation.broker.partitions import Entry, Visible
from tests.simulation.membership import Coordinator
from tests.simulation.process import Process
from tests.simulation.surroundings import Surroundings

FETCH_WAIT_S = 4.0
"""Data wakes a fetch that waits, so this only spares steps."""


Fetched = ConsumerRecord[bytes, bytes]


class Assignment:
    """The partitions of one generation, with what was fetched and where to go on."""

    def __init__(self, places: Iterable[KafkaTopicPartition]) -> None:
        self.positions: dict[KafkaTopicPartition, int | None] = dict.fromkeys(places)
        self.fetched: dict[KafkaTopicPartition, list[Fetched]] = {}
        self.asked: dict[KafkaTopicPartition, int] = {}
        """Partitions with a fetch under way, and from where."""

    def wanted(self) -> dict[KafkaTopicPartition, int]:
        """Partitions to ask for, and from where."""
        return {
            place: position
            for place, position in self.positions.items()
            if place not in self.fetched and place not in self.asked and position is not None
        }

    def take(self, places: Collection[object]) -> dict[KafkaTopicPartition, list[Fetched]]:
        """Hand out what was fetched of some partitions; of all, if none are named."""
        taken = {p: records for p, records in self.fetched.items() if not places or p in places}
        for place in taken:
            del self.fetched[place]
        return taken


class Subscription:
    """The present assignment: `subscription.assignment`, as aiokafka nests it."""

    def __init__(self) -> None:
        self.assignment: Assignment | None = None
        self.assigned = asyncio.Event()
        self.on_assigned: Callable[[], None] = _nothing

    @property
    def subscription(self) -> "Subscription":
        return self

    @property
    def places(self) -> list[KafkaTopicPartition]:
        """Partitions of the present assignment."""
        return list(self.assignment.positions) if self.assignment else []

    def is_assigned(self, place: KafkaTopicPartition) -> bool:
        return bool(self.assignment and place in self.assignment.positions)

    def begin_reassignment(self) -> None:
        """Nothing may be taken until the next assignment."""
        self.assigned.clear()

    def assign(self, places: Iterable[KafkaTopicPartition]) -> None:
        """The next assignment."""
        self.assignment = Assignment(places)
        self.assigned.set()
        self.on_assigned()

    @contextmanager
    def fetch_context(self) -> Iterator[None]:
        yield


class Fetcher:
    """Fetches ahead, and hands out what it has."""

    committed_only = True

    def __init__(
        self,
        surroundings: Surroundings,
        process: Process,
        subscription: Subscription,
        coordinator: Coordinator,
        *,
        records_max: int,
    ) -> None:
        self._closed = False
        self._subscriptions = subscription
        self._broker = surroundings.broker
        self._network = surroundings.network
        self._process = process
        self._coordinator = coordinator
        self._records_max = records_max
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()
        subscription.on_assigned = self._wanted.set

    async def fetched_records(
        self,
        places: Collection[object],
        timeout: float,  # noqa: ASYNC109 - as aiokafka has it
        **_: object,
    ) -> dict[KafkaTopicPartition, list[Fetched]]:
        """What was fetched of the present assignment, as soon as there is something.

        As in aiokafka, a call that waits does not end with its assignment: it may take records of
        the next one.
        """
        ends_at = asyncio.get_running_loop().time() + timeout
        while True:
            if not self._subscriptions.assigned.is_set():
                await self._subscriptions.assigned.wait()
            assignment = self._subscriptions.assignment
            taken = assignment.take(places) if assignment else {}
            self._wanted.set()
            if taken:
                return taken
            left_s = ends_at - asyncio.get_running_loop().time()
            self._arrived.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._arrived.wait()
            except TimeoutError:
                return {}

    def seek(self, place: KafkaTopicPartition, offset: int) -> None:
        """Go on from another offset: what was fetched is dropped."""
        if self._subscriptions.assignment:
            self._subscriptions.assignment.fetched.pop(place, None)
            self._subscriptions.assignment.positions[place] = offset
            self._wanted.set()

    async def run(self) -> None:
        """Fetch for ever: what is not fetched yet, nor asked for, as from several broker nodes."""
        while True:
            await self._subscriptions.assigned.wait()
            self._wanted.clear()
            assignment = self._subscriptions.assignment
            if assignment:
                await self._find_positions(assignment)
                wanted = assignment.wanted()
                if wanted:
                    assignment.asked.update(wanted)
                    asyncio.create_task(self._fetch(assignment, wanted))  # noqa: RUF006 - loop holds it
            await self._wanted.wait()

    async def _fetch(self, assignment: Assignment, wanted: dict[KafkaTopicPartition, int]) -> None:
        request = Fetch(wanted, self.committed_only, self._records_max, FETCH_WAIT_S)
        found: dict[KafkaTopicPartition, Visible] = await self._network.call(
            self._process, "fetch", lambda: self._broker.fetch(request)
        )
        for place in wanted:
            del assignment.asked[place]
        self._wanted.set()
        if assignment is not self._subscriptions.assignment:
            return
        for place, visible in found.items():
            if assignment.positions[place] != wanted[place]:  # sought meanwhile
                continue
            assignment.positions[place] = visible.next_offset
            if visible.records:
                assignment.fetched[place] = [_record(place, entry) for entry in visible.records]
                self._arrived.set()

    async def _find_positions(self, assignment: Assignment) -> None:
        unknown = [place for place, at in assignment.positions.items() if at is None]
        if not unknown:
            return
        offsets = await self._coordinator.fetch_committed_offsets(unknown)
        for place in unknown:
            if assignment.positions[place] is None:
                assignment.positions[place] = offsets[place].offset if place in offsets else 0


def _record(place: KafkaTopicPartition, entry: Entry) -> Fetched:
    return ConsumerRecord(
        *place,
        entry.offset,
        entry.timestamp_ms,
        1,
        entry.key,
        entry.value,
        None,
        0,
        0,
        entry.headers,
    )


def _nothing() -> None:
    """Nobody fetches yet."""
