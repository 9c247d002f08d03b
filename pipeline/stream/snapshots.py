"""What a worker keeps of its memories beside changelogs: on disk, and through rebalances."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pipeline.stream.changelog import ChangelogReader, MemoryCopy
from pipeline.stream.clock import SYSTEM_CLOCK, Clock
from pipeline.stream.log import Log
from pipeline.stream.records import TopicPartition
from pipeline.stream.report import Observer
from pipeline.stream.room import Room, changelog_topic
from pipeline.stream.settings import StreamSettings
from pipeline.stream.snapshot_folder import AGE_MAX_S, SnapshotFolder
from pipeline.stream.work import Workshop

log = logging.getLogger(__name__)

CHANGES_MIN = 50_000
"""Changelog records a restart reads in a quarter of a second: not worth a snapshot before."""
REFRESH_S = AGE_MAX_S / 2
RETRY_S = 30.0
PAUSE_S = 0.002
"""Between pieces: what is written down does not keep the worker's interpreter for itself."""
FINISH_DEADLINE_S = 2.0


class _GivenUpError(Exception):
    """The worker stops before the snapshot is written."""


@dataclass(slots=True)
class Standing:
    """A memory, and when its snapshot was written."""

    memory: ChangelogReader
    snapshot_at_s: float

    @property
    def changes(self) -> int:
        """Changelog records since the snapshot."""
        return self.memory.next_offset - self.memory.snapshot_offset

    def due(self, now_s: float, interval_s: float) -> bool:
        """Whether it should be written down.

        Half of the entries as a limit keeps what is written in proportion to what changes.
        """
        age_s = now_s - self.snapshot_at_s
        return (
            self.changes >= max(CHANGES_MIN, len(self.memory.state) // 2)
            or (self.changes > 0 and age_s >= interval_s)
            or age_s >= REFRESH_S
        )


async def open_snapshots(
    rooms: Iterable[Room],
    settings: StreamSettings,
    stream_log: Log,
    observer: Observer,
    clock: Clock = SYSTEM_CLOCK,
) -> "Snapshots":
    """The snapshots of a worker, as its settings ask for."""
    if not settings.snapshot_dir:
        return Snapshots(None, settings, observer, clock)
    topic_ids = await stream_log.topic_ids([changelog_topic(room.name) for room in rooms])
    folder = SnapshotFolder(settings, topic_ids, clock.unix_s)
    try:
        folder.clear()
    except OSError as error:
        log.warning("old snapshots could not be removed: %s", error)
    return Snapshots(folder, settings, observer, clock)


class Snapshots:
    """Knows how far the memories of a worker are, and writes them down, one at a time.

    A memory is copied right after the commit that made it: the copy is shallow, because entries
    are immutable bytes. A failure is logged and counted and harms nothing: the last snapshot stays,
    and without any the changelog is read from its beginning.

    What the worker has to give back in a rebalance is kept until it knows what it has afterwards.
    """

    def __init__(
        self,
        folder: SnapshotFolder | None,
        settings: StreamSettings,
        observer: Observer,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._folder = folder
        self._interval_s = settings.snapshot_interval_ms / 1000
        self._observer = observer
        self._clock = clock
        self._standings: dict[TopicPartition, Standing] = {}
        self._kept: dict[TopicPartition, ChangelogReader] = {}
        self._as_of_s = 0.0
        self._writing: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        self._paused_until_s = 0.0

    async def begin(self, room: Room, place: TopicPartition, held: range) -> ChangelogReader:
        """A memory to be restored: as the worker still has it, as its snapshot has it, or empty.

        Raises:
            UnusableSnapshotError: there is a snapshot, but it must not be used; says why.
        """
        kept = self._kept.get(place)
        age_s = self._clock.unix_s() - self._as_of_s
        if kept and kept.next_offset <= held.stop and abs(age_s) <= AGE_MAX_S:
            memory = ChangelogReader(room, place.partition)
            memory.begin_again(kept)
            return memory
        read = None
        if self._folder:
            read = await asyncio.to_thread(self._folder.read, room, place.partition, held.stop)
        return read or ChangelogReader(room, place.partition)

    def restored(self, memories: Iterable[ChangelogReader], as_of_s: float) -> None:
        """Memories were restored, with what was committed up to a time at least."""
        self._kept.clear()
        self._as_of_s = as_of_s
        now_s = self._clock.elapsed_s()
        self._standings = {memory.place: Standing(memory, now_s) for memory in memories}

    def committed(
        self, workshop: Workshop, ends: Mapping[TopicPartition, int], as_of_s: float
    ) -> None:
        """A cycle was committed, begun at a time.

        `ends` are the offsets after what it wrote, where they are known. An offset before that
        would be right too: what is read twice is the same the second time.
        """
        self._as_of_s = as_of_s
        for place, standing in self._standings.items():
            standing.memory.next_offset = ends.get(place, standing.memory.next_offset)
        now_s = self._clock.elapsed_s()
        if self._folder is None or self._writing or now_s < self._paused_until_s:
            return
        due = [s for s in self._standings.values() if s.due(now_s, self._interval_s)]
        if due:
            standing = min(due, key=lambda standing: standing.snapshot_at_s)
            memory = self._copy(workshop, standing)
            writing = self._write(self._folder, memory, standing, self._pause)
            self._writing = asyncio.create_task(writing, name="snapshot")

    def release(self, workshop: Workshop) -> None:
        """The partitions go, but some of them may come back."""
        for place, standing in self._standings.items():
            standing.memory.positions = workshop.positions_of(place)
            self._kept[place] = standing.memory
        self._standings.clear()

    def forget(self) -> None:
        """The memories are no longer as they were committed."""
        self._standings.clear()

    async def finish(self, workshop: Workshop) -> None:
        """Write down what has changed, the most changed first, as far as there is time.

        No cycle may be under way.
        """
        if self._folder is None:
            return
        self._stopping.set()
        if self._writing:
            await self._writing
        deadline_s = self._clock.elapsed_s() + FINISH_DEADLINE_S

        def check_time() -> None:
            if self._clock.elapsed_s() > deadline_s:
                raise _GivenUpError

        changed = [standing for standing in self._standings.values() if standing.changes]
        for standing in sorted(changed, key=lambda standing: standing.changes, reverse=True):
            if self._standings.get(standing.memory.place) is not standing:
                return  # the partitions went meanwhile
            if self._clock.elapsed_s() < self._paused_until_s:
                return  # the disk is full
            await self._write(self._folder, self._copy(workshop, standing), standing, check_time)

    def _copy(self, workshop: Workshop, standing: Standing) -> MemoryCopy:
        place, state = standing.memory.place, standing.memory.state
        return MemoryCopy(
            place,
            standing.memory.next_offset,
            {source.topic: offset for source, offset in workshop.positions_of(place).items()},
            state.watermark_ms,
            self._as_of_s,
            state.entries(),
        )

    async def _write(
        self,
        folder: SnapshotFolder,
        memory: MemoryCopy,
        standing: Standing,
        between_pieces: Callable[[], None],
    ) -> None:
        started_s = self._clock.elapsed_s()
        path = folder.path(memory.place)
        try:
            await asyncio.to_thread(folder.write, memory, between_pieces)
        except _GivenUpError:
            log.info("the snapshot %s is not renewed: the worker stops", path)
        except Exception as error:  # noqa: BLE001 - whatever it is, the work goes on
            log.error(  # noqa: TRY400 - the text has the cause; a traceback would say no more
                "the snapshot %s could not be written: %s. The work goes on and the last snapshot "
                "stays; next try in %.0f s",
                path,
                error,
                RETRY_S,
            )
            self._paused_until_s = self._clock.elapsed_s() + RETRY_S
            self._observer.on_snapshot_failed()
        else:
            standing.memory.snapshot_offset = memory.next_offset
            standing.snapshot_at_s = started_s
            self._observer.on_snapshot(self._clock.elapsed_s() - started_s)
        finally:
            self._writing = None

    def _pause(self) -> None:
        if self._stopping.wait(PAUSE_S):
            raise _GivenUpError
