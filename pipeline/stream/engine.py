"""The engine of a worker: one transaction per cycle over all its rooms and partitions."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain

from pipeline.stream.cancel import cancel_until_ended
from pipeline.stream.clock import SYSTEM_CLOCK, Clock
from pipeline.stream.cycle import CycleBudget, Pace
from pipeline.stream.gate import Gate, OpenGate
from pipeline.stream.kafka import KafkaLog
from pipeline.stream.log import Log, Membership
from pipeline.stream.outbox import Outbox
from pipeline.stream.records import Chunk, TopicPartition
from pipeline.stream.recovery import restore
from pipeline.stream.report import CycleReport, Observer, RestoreReport, RoomReport, StateSizes
from pipeline.stream.room import Room
from pipeline.stream.settings import StreamSettings
from pipeline.stream.snapshots import Snapshots, open_snapshots
from pipeline.stream.topics import partition_counts
from pipeline.stream.waiting import WaitingRecords, cost_bytes
from pipeline.stream.work import Workshop

log = logging.getLogger(__name__)

STOP_DEADLINE_S = 5.0
ABORT_DEADLINE_S = 2.0
FindCommitted = Callable[[], Awaitable[Mapping[TopicPartition, int]]]
"""Finds the group's offsets of the assigned partitions, once no transaction may change them."""
UNPAUSED_MAX_S = 0.01
"""How long work may keep the event loop from fetching, heartbeats and web pages."""


class Engine:
    """Takes what waits, works on it, commits outputs, memory and positions together.

    Errors of the infrastructure end the worker through `on_failure`, with the open transaction
    aborted: only a new start can know again what is committed.
    """

    def __init__(
        self,
        rooms: Iterable[Room],
        settings: StreamSettings,
        observer: Observer,
        on_failure: Callable[[BaseException], None],
        stream_log: Log | None = None,
        clock: Clock = SYSTEM_CLOCK,
        gate: Gate | None = None,
    ) -> None:
        self.settings = settings
        self._gate = gate or OpenGate()
        self._clock = clock
        self._log = stream_log or KafkaLog(settings)
        self.rooms = tuple(rooms)
        self.observer = observer
        self._ready = asyncio.Event()
        self._on_failure = on_failure
        self._waiting = WaitingRecords(settings.cycle_bytes_max)
        self._pace = Pace(settings)
        self._membership: Membership | None = None
        self._working = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._restoring: asyncio.Task[None] | None = None
        self._workshop: Workshop
        self._snapshots: Snapshots

    @property
    def ready(self) -> bool:
        """Whether partitions are assigned and their memories restored."""
        return self._ready.is_set()

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """Next offset to be worked on, by source."""
        return dict(self._workshop.positions) if self._tasks else {}

    @property
    def waiting_records(self) -> int:
        """Records fetched but not yet worked on."""
        return len(self._waiting)

    @property
    def working(self) -> bool:
        """Whether a cycle is under way, its transaction included."""
        return self._working.locked()

    def state_sizes(self) -> StateSizes:
        """Entries in memory."""
        entries: dict[str, int] = {room.name: 0 for room in self.rooms}
        fullest = dict(entries)
        for (room_name, _), state in self._workshop.states.items():
            entries[room_name] += len(state)
            fullest[room_name] = max(fullest[room_name], len(state))
        return StateSizes(entries, fullest)

    async def start(self) -> None:
        """Connect, learn the topics' partition counts, and begin to work."""
        await self._log.start()
        await self._gate.start()
        counts = await partition_counts(self._log, self.rooms, self.settings.topic_prefix)
        self._workshop = Workshop(self.rooms, counts, self.settings.state_entries_max)
        self._snapshots = await open_snapshots(
            self.rooms, self.settings, self._log, self.observer, self._clock
        )
        self._tasks = [asyncio.create_task(self._run(), name="cycles")]

    async def stop(self) -> None:
        """Finish the running cycle, then disconnect."""
        self._ready.clear()
        self._membership = None
        if not self._tasks:
            return
        try:
            async with asyncio.timeout(STOP_DEADLINE_S), self._working:
                self._cancel_tasks()
        except TimeoutError:
            log.warning("the running cycle did not end within %s s", STOP_DEADLINE_S)
            self._cancel_tasks()
        else:
            await self._snapshots.finish(self._workshop)
        self._tasks = []
        await self._gate.stop()
        await self._log.stop()

    def fail(self, error: BaseException) -> None:
        """End the worker for an error of the connection that feeds it, from any thread."""
        self._on_failure(error)

    def offer(self, chunk: Chunk) -> None:
        """Queue a chunk; one fetched before the last rebalance is dropped, its owner reads it."""
        if chunk.membership is self._membership:
            self._waiting.add(chunk.source, chunk.records)

    async def wait_for_room(self) -> None:
        """Wait until fewer bytes wait than a few cycles can hold."""
        await self._waiting.room.wait()

    async def on_revoked(self) -> None:
        """Partitions go: finish the running cycle, then let their memories go."""
        self._ready.clear()
        await self._end_restoring()
        async with self._working:
            revoked = len(self._workshop.positions)
            self._membership = None
            self._waiting.clear()
            self._snapshots.release(self._workshop)
            self._workshop.forget()
        self.observer.on_revoked(revoked)

    def on_assigned(self, membership: Membership, find_committed: FindCommitted) -> None:
        """Partitions came: restore their memories; work begins when that is done."""
        self._waiting.clear()
        self._workshop.forget()
        self._membership = membership
        self._restoring = asyncio.create_task(self._restore(find_committed), name="restore")

    async def _end_restoring(self) -> None:
        """Unended, it would fill memories nobody owns any more and let work begin on empty ones."""
        if self._restoring:
            await cancel_until_ended(self._restoring)
        self._ready.clear()

    async def _restore(self, find_committed: FindCommitted) -> None:
        started, started_at_s = self._clock.elapsed_s(), self._clock.unix_s()
        try:
            committed = await find_committed()
            restored = await restore(self._workshop, committed, self._log, self._snapshots)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker cannot work
            self._on_failure(error)
            return
        self._snapshots.restored(restored.readers, started_at_s)
        self._ready.set()
        report = RestoreReport(
            partitions=len(committed),
            kept_entries=sum(reader.kept_entries for reader in restored.readers),
            changelog_records=sum(reader.records for reader in restored.readers),
            snapshot_entries=sum(reader.snapshot_entries for reader in restored.readers),
            passed_over=restored.passed_over,
            seconds=self._clock.elapsed_s() - started,
            state=self.state_sizes(),
        )
        log.info(
            "restored %d entries of %d partitions in %.1f s: "
            "%d kept, %d from snapshots, %d changelog records read",
            sum(report.state.entries.values()),
            report.partitions,
            report.seconds,
            report.kept_entries,
            report.snapshot_entries,
            report.changelog_records,
        )
        self.observer.on_assigned(report)

    async def _run(self) -> None:
        try:
            while True:
                await self._ready.wait()
                await self._waiting.wait(self.settings.cycle_wait_ms / 1000)
                await self._gate.wait()
                async with self._working:
                    if self.ready and self._membership:
                        await self._cycle(self._membership)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker must end
            self._snapshots.forget()
            await self._abort()
            self._on_failure(error)

    async def _cycle(self, membership: Membership) -> None:
        outbox = self._workshop.new_outbox()
        reports: defaultdict[str, RoomReport] = defaultdict(RoomReport)
        sources = await self._work_until_closed(outbox, reports)
        if not sources:
            return
        started = self._clock.elapsed_s()
        now_ms = int(self._clock.unix_s() * 1000)
        await self._log.begin()
        changes = self._workshop.changelog(sources, outbox)
        outputs = chain(outbox.outputs(), changes)
        deliveries = await self._log.send(outputs, timestamp_ms=now_ms)
        positions = {source: self._workshop.positions[source] for source in sources}
        await self._log.send_offsets(positions, membership)
        ends = await deliveries.confirm()
        await self._log.commit()
        transaction_seconds = self._clock.elapsed_s() - started
        self._pace.note(transaction_seconds)
        self._snapshots.committed(self._workshop, ends, now_ms / 1000)
        self.observer.on_cycle(
            CycleReport(
                committed_at_ms=int(self._clock.unix_s() * 1000),
                rooms=reports,
                transaction_seconds=transaction_seconds,
                outputs=deliveries.outputs,
                state=self.state_sizes(),
                notes=outbox.notes,
                dead_letters=outbox.dead_letter_codes,
            )
        )

    async def _work_until_closed(
        self, outbox: Outbox, reports: defaultdict[str, RoomReport]
    ) -> set[TopicPartition]:
        """Work on what waits until the cycle is full; the sources that were worked on."""
        sources: set[TopicPartition] = set()
        budget = CycleBudget(self.settings, self._waiting.load, self._pace.share)
        unpaused_s = 0.0
        for record in self._waiting.in_turn():
            source = TopicPartition(record.topic, record.partition)
            started = self._clock.elapsed_s()
            report = reports[self._workshop.room_of[record.topic].name]
            self._workshop.work(record, outbox, report)
            seconds = self._clock.elapsed_s() - started
            report.work_seconds += seconds
            sources.add(source)
            budget.spend(cost_bytes(record), seconds)
            if budget.spent(len(outbox)):
                break
            unpaused_s += seconds
            if unpaused_s > UNPAUSED_MAX_S:
                unpaused_s = 0.0
                await asyncio.sleep(0)
                if not self._gate.is_open:  # what came in meanwhile may depend on what is unheard
                    break
        return sources

    async def _abort(self) -> None:
        try:
            async with asyncio.timeout(ABORT_DEADLINE_S):
                await self._log.abort()
        except Exception as error:  # noqa: BLE001 - the broker aborts it when it times out
            log.warning("the open transaction could not be aborted: %r", error)

    def _cancel_tasks(self) -> None:
        for task in (*self._tasks, self._restoring):
            if task:
                task.cancel()
