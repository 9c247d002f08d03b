"""aiokafka's group coordinator: joins, learns its partitions, says that it lives."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from aiokafka import errors
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from tests.simulation.broker.group import NO_GENERATION, NO_MEMBER, FencedInstanceIdError
from tests.simulation.process import Process
from tests.simulation.surroundings import Surroundings

BACKOFF_S = 0.1
UNSTABLE_BACKOFF_S = 0.3
"""aiokafka asks again after 20 ms; virtual time would be full of it."""


class Listener(Protocol):
    """Hears of partitions that go and come; the coordinator waits for it."""

    def on_partitions_revoked(self, revoked: Collection[Any]) -> Any:
        """Before joining again."""

    def on_partitions_assigned(self, assigned: Collection[Any]) -> Any:
        """After the new assignment is known."""


class Subscription(Protocol):
    """Where assignments are kept for the fetcher."""

    def begin_reassignment(self) -> None:
        """Nothing may be taken until the next assignment."""

    def assign(self, places: Iterable[KafkaTopicPartition]) -> None:
        """The next assignment."""

    @property
    def places(self) -> list[KafkaTopicPartition]:
        """Partitions of the present assignment."""


class Coordinator:
    """One member of the group. While the listener is at work, a member that has joined again sends
    no heartbeats, as in aiokafka: it may lose its place meanwhile."""

    stable = True
    """Whether offsets that an open transaction may change are waited for (KIP-447)."""

    def __init__(
        self,
        surroundings: Surroundings,
        process: Process,
        instance_id: str,
        subscription: Subscription,
        *,
        heartbeat_s: float,
    ) -> None:
        self.generation = NO_GENERATION
        self.member_id = NO_MEMBER
        self._group_instance_id = instance_id
        self.listener: Listener
        self.topics: tuple[str, ...] = ()
        self._broker = surroundings.broker
        self._network = surroundings.network
        self._random = surroundings.random
        self._process = process
        self._subscription = subscription
        self._heartbeat_s = heartbeat_s
        self._rejoin = asyncio.Event()
        self._prepared = False
        self._closing: asyncio.Future[None] = surroundings.loop.create_future()
        self._heartbeat: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Be a member for ever."""
        self._rejoin.set()
        while True:
            await self._rejoin.wait()
            if not self._prepared:
                self._subscription.begin_reassignment()
                await self.listener.on_partitions_revoked(self._subscription.places)
                self._prepared = True
            self._stop_heartbeat()
            self._rejoin.clear()
            try:
                partitions = await self._join()
            except (errors.UnknownMemberIdError, errors.IllegalGenerationError):
                self._reset()
            except errors.RebalanceInProgressError:
                self._rejoin.set()
                await asyncio.sleep(BACKOFF_S)
            except FencedInstanceIdError as error:
                await self._push_error_to_user(error)
            else:
                await self._assigned(partitions)

    async def _push_error_to_user(self, _: Exception) -> None:
        """Keep it for whoever reads next; between two assignments, Faust does not read."""
        await self._closing

    async def fetch_committed_offsets(
        self, places: Collection[KafkaTopicPartition]
    ) -> dict[KafkaTopicPartition, OffsetAndMetadata]:
        """The group's offsets, waited for while an open transaction may change them."""
        while True:
            try:
                found = await self._network.call(
                    self._process,
                    "fetch_offsets",
                    lambda: self._broker.offsets.fetch(places, stable=self.stable),
                )
            except errors.KafkaError as error:
                if not error.retriable:
                    raise
                await asyncio.sleep(UNSTABLE_BACKOFF_S)
            else:
                return {place: OffsetAndMetadata(offset, "") for place, offset in found.items()}

    async def _join(self) -> tuple[int, ...]:
        group, instance_id = self._broker.group, self._group_instance_id
        member_id = self.member_id
        joined = await self._call("join", lambda: group.join(member_id, instance_id))
        self.member_id, self.generation = joined.member_id, joined.generation
        assignment = self._assign(joined.members) if joined.leads else None
        partitions: tuple[int, ...] = await self._call(
            "sync",
            lambda: group.sync(joined.member_id, instance_id, joined.generation, assignment),
        )
        return partitions

    def _assign(self, members: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Equal partitions of all topics to one member; now and then all of them move."""
        instances = sorted(member.rpartition("#")[0] for member in members)
        shift = int(self._random.random() * len(instances)) if self._random.random() < 0.5 else 0
        count = self._broker.partitions[self.topics[0]]
        owners = [instances[(number + shift) % len(instances)] for number in range(count)]
        return {
            instance: tuple(number for number in range(count) if owners[number] == instance)
            for instance in instances
        }

    async def _assigned(self, partitions: tuple[int, ...]) -> None:
        places = [
            KafkaTopicPartition(topic, number) for topic in self.topics for number in partitions
        ]
        self._subscription.assign(places)
        await self.listener.on_partitions_assigned(places)
        self._prepared = False
        self._heartbeat = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        group = self._broker.group
        while self.member_id != NO_MEMBER:
            await asyncio.sleep(self._heartbeat_s)
            member_id, generation = self.member_id, self.generation
            try:
                await self._call(
                    "heartbeat", lambda m=member_id, g=generation: group.heartbeat(m, g)
                )
            except errors.RebalanceInProgressError:
                self._rejoin.set()
            except (errors.UnknownMemberIdError, errors.IllegalGenerationError):
                self._reset()

    def request_rejoin(self) -> None:
        """Join again, as aiokafka does when a topic changes: it may be in the same generation."""
        self._rejoin.set()

    def _reset(self) -> None:
        self.generation, self.member_id = NO_GENERATION, NO_MEMBER
        self._rejoin.set()

    def _stop_heartbeat(self) -> None:
        if self._heartbeat:
            self._heartbeat.cancel()

    async def _call(self, request: str, operation: Callable[[], Any]) -> Any:
        return await self._network.call(self._process, request, operation)
