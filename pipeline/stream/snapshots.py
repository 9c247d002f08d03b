"""When a worker's memories are written to local disk: beside its work, never in its way."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.stream.changelog import ChangelogReader, MemoryCopy
from pipeline.stream.log import Log
from pipeline.stream.records import TopicPartition
from pipeline.stream.report import Observer
from pipeline.stream.room import Room, changelog_topic
from pipeline.stream.settings import StreamSettings
from pipeline.stream.snapshot_folder import AGE_MAX_S, SnapshotFolder
from pipeline.stream.state import KeyedState
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
    """How far a memory and its snapshot are, in offsets of its changelog."""

    state: KeyedState[Any]
    next_offset: int
    snapshot_offset: int
    snapshot_at_s: float

    @property
    def changes(self) -> int:
        """Changelog records since the snapshot."""
        return self.next_offset - self.snapshot_offset

    def due(self, now_s: float, interval_s: float) -> bool:
        """Whether it should be written down.

        Half of the entries as a limit keeps what is written in proportion to what changes.
        """
        age_s = now_s - self.snapshot_at_s
        return (
            self.changes >= max(CHANGES_MIN, len(self.state) // 2)
            or (self.changes > 0 and age_s >= interval_s)
            or age_s >= REFRESH_S
        )


async def open_snapshots(
    rooms: Iterable[Room], settings: StreamSettings, stream_log: Log, observer: Observer
) -> "Snapshots":
    """The snapshots of a worker, as its settings ask for."""
    if not settings.snapshot_dir:
        return Snapshots(None, settings, observer)
    topic_ids = await stream_log.topic_ids([changelog_topic(room.name) for room in rooms])
    folder = SnapshotFolder(settings, topic_ids)
    try:
        folder.clear()
    except OSError as error:
        log.warning("old snapshots could not be removed: %s", error)
    return Snapshots(folder, settings, observer)


class Snapshots:
    """Writes the memories of a worker down, one at a time, whenever one is due.

    A memory is copied right after the commit that made it: the copy is shallow, because entries
    are immutable bytes. A failure is logged and counted and harms nothing: the last snapshot stays,
    and without any the changelog is read from its beginning.
    """

    def __init__(
        self,
        folder: SnapshotFolder | None,
        settings: StreamSettings,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._interval_s = settings.snapshot_interval_ms / 1000
        self._observer = observer
        self._clock = clock
        self._standings: dict[TopicPartition, Standing] = {}
        self._writing: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        self._paused_until_s = 0.0

    def restored(self, readers: Iterable[ChangelogReader]) -> None:
        """Memories were restored."""
        if self.folder is None:
            return
        now_s = self._clock()
        for reader in readers:
            self._standings[reader.place] = Standing(
                reader.state, reader.next_offset, reader.snapshot_offset, now_s
            )

    def forget(self) -> None:
        """The memories are gone, or no longer as they were committed."""
        self._standings.clear()

    def committed(self, workshop: Workshop, ends: Mapping[TopicPartition, int]) -> None:
        """A cycle was committed; `ends` are offsets after what it wrote, where they are known.

        An offset before that would be right too: what is read twice is the same the second time.
        """
        for place, standing in self._standings.items():
            standing.next_offset = ends.get(place, standing.next_offset)
        now_s = self._clock()
        if self.folder is None or self._writing or now_s < self._paused_until_s:
            return
        due = [item for item in self._standings.items() if item[1].due(now_s, self._interval_s)]
        if due:
            place, standing = min(due, key=lambda item: item[1].snapshot_at_s)
            memory = workshop.copy(place, standing.next_offset)
            writing = self._write(self.folder, memory, standing, self._pause)
            self._writing = asyncio.create_task(writing, name="snapshot")

    async def finish(self, workshop: Workshop) -> None:
        """Write down what has changed, the most changed first, as far as there is time.

        No cycle may be under way.
        """
        if self.folder is None:
            return
        self._stopping.set()
        if self._writing:
            await self._writing
        deadline_s = self._clock() + FINISH_DEADLINE_S

        def check_time() -> None:
            if self._clock() > deadline_s:
                raise _GivenUpError

        changed = [(s.changes, place) for place, s in self._standings.items() if s.changes]
        for _, place in sorted(changed, reverse=True):
            standing = self._standings.get(place)
            if standing is None or self._clock() < self._paused_until_s:
                return  # the partitions went meanwhile, or the disk is full
            memory = workshop.copy(place, standing.next_offset)
            await self._write(self.folder, memory, standing, check_time)

    async def _write(
        self,
        folder: SnapshotFolder,
        memory: MemoryCopy,
        standing: Standing,
        between_pieces: Callable[[], None],
    ) -> None:
        started_s = self._clock()
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
            self._paused_until_s = self._clock() + RETRY_S
            self._observer.on_snapshot_failed()
        else:
            standing.snapshot_offset = memory.next_offset
            standing.snapshot_at_s = started_s
            self._observer.on_snapshot(self._clock() - started_s)
        finally:
            self._writing = None

    def _pause(self) -> None:
        if self._stopping.wait(PAUSE_S):
            raise _GivenUpError
