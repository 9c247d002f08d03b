"""Snapshots of a worker: when they are written, when they are used, and what a failure does."""

import asyncio
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.stream.changelog import ChangelogReader
from pipeline.stream.clock import Clock
from pipeline.stream.records import Record, TopicPartition
from pipeline.stream.report import RoomReport, SilentObserver
from pipeline.stream.room import Room
from pipeline.stream.snapshot_folder import (
    AGE_MAX_S,
    SnapshotFolder,
    Unusable,
    UnusableSnapshotError,
)
from pipeline.stream.snapshots import CHANGES_MIN, REFRESH_S, RETRY_S, Snapshots, Standing
from pipeline.stream.work import Workshop
from tests.stream.counting import Count, Split, settings

NOW_S = 1_700_000_000.0
PLACE = TopicPartition("split-changelog", 0)
LINES = TopicPartition("lines", 0)
INTERVAL_S = 300.0


class Observed(SilentObserver):
    def __init__(self) -> None:
        self.written = 0
        self.failed = 0

    def on_snapshot(self, seconds: float) -> None:
        self.written += 1

    def on_snapshot_failed(self) -> None:
        self.failed += 1


class Worker:
    """What the engine does with snapshots, without an engine: cycles, restarts, a clock."""

    def __init__(self, folder: Path, **changed: Any) -> None:
        usual = {"snapshot_dir": str(folder), "snapshot_interval_ms": INTERVAL_S * 1000}
        self.settings = settings("nowhere:1", "", "w1", 0, **{**usual, **changed})
        self.now_s = NOW_S
        self.observer = Observed()
        self.folder = self.reading({"split-changelog": "id"})
        self.workshop = Workshop([Split()], dict.fromkeys(("words", "dead-letters"), 4))
        self.snapshots = self.keeping(self.folder)
        self.end = 0
        self.start_with(ChangelogReader(Split(), 0))

    def keeping(self, folder: SnapshotFolder | None) -> Snapshots:
        clock = Clock(lambda: self.now_s, lambda: self.now_s)
        return Snapshots(folder, self.settings, self.observer, clock)

    def reading(self, topic_ids: dict[str, str]) -> SnapshotFolder:
        return SnapshotFolder(self.settings, topic_ids, lambda: self.now_s)

    def start_with(self, reader: ChangelogReader) -> None:
        self.workshop.states["split", 0] = reader.state
        self.workshop.positions.update(reader.positions)
        self.end = reader.next_offset
        self.snapshots.restored([reader], self.now_s)

    async def cycle(self) -> None:
        """Work on one line and commit; wait for the snapshot, if one was due."""
        record = Record(*LINES, self.workshop.positions.get(LINES, 0), 1_000, None, b"a word")
        outbox = self.workshop.new_outbox()
        self.workshop.work(record, outbox, RoomReport())
        self.end += (
            len(self.workshop.changelog([LINES], outbox)) + 1
        )  # and the marker of the commit
        self.snapshots.committed(self.workshop, {PLACE: self.end}, self.now_s)
        if self.snapshots._writing:
            await self.snapshots._writing

    async def cycles_with_snapshot(self) -> None:
        """A cycle, time passes, another cycle: its memory is written down."""
        await self.cycle()
        self.now_s += INTERVAL_S
        await self.cycle()
        assert self.observer.written == 1

    def read(self, *, room: Room | None = None, end: int | None = None) -> ChangelogReader | None:
        return self.folder.read(room or Split(), 0, self.end if end is None else end)

    @property
    def path(self) -> Path:
        return self.folder.path(PLACE)


def files(folder: Path) -> list[str]:
    """Names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path / "snapshots")


def standing(*, changes: int, age_s: float, entries: int = 0) -> bool:
    """Whether a memory is due."""
    memory = ChangelogReader(Split(), 0)
    for number in range(entries):
        memory.state.put(str(number), number)
    memory.next_offset, memory.snapshot_offset = 1_000_000, 1_000_000 - changes
    return Standing(memory, NOW_S - age_s).due(NOW_S, INTERVAL_S)


@pytest.mark.parametrize(
    ("due", "case"),
    [
        pytest.param(False, {"changes": 0, "age_s": 9_000}, id="nothing changed"),
        pytest.param(False, {"changes": 1, "age_s": INTERVAL_S - 1}, id="not yet"),
        pytest.param(True, {"changes": 1, "age_s": INTERVAL_S}, id="old"),
        pytest.param(False, {"changes": CHANGES_MIN - 1, "age_s": 1}, id="few changes"),
        pytest.param(True, {"changes": CHANGES_MIN, "age_s": 1}, id="many changes"),
        pytest.param(
            False,
            {"changes": CHANGES_MIN, "age_s": 1, "entries": 2 * CHANGES_MIN + 2},
            id="few for its size",
        ),
        pytest.param(True, {"changes": 0, "age_s": REFRESH_S}, id="about to be too old"),
    ],
)
def test_a_memory_is_written_down_by_changes_and_by_age(due: bool, case: dict[str, Any]):
    assert standing(**case) == due


async def test_a_memory_comes_back_as_it_was_committed(worker: Worker):
    await worker.cycles_with_snapshot()
    reader = worker.read()
    assert reader is not None
    assert reader.state.entries() == worker.workshop.state("split", 0).entries()
    assert reader.state.watermark_ms == 1_000
    assert reader.positions == {LINES: 2}
    assert reader.next_offset == reader.snapshot_offset == worker.end
    assert reader.snapshot_entries == 1


async def test_without_a_snapshot_there_is_nothing_to_begin_with(worker: Worker):
    assert worker.read() is None


async def test_without_a_folder_nothing_is_written(worker: Worker, tmp_path: Path):
    worker.snapshots = worker.keeping(None)
    worker.start_with(ChangelogReader(Split(), 0))
    for _ in range(2):
        await worker.cycle()
        worker.now_s += INTERVAL_S
    await worker.snapshots.finish(worker.workshop)
    assert files(tmp_path) == []


class Changed(Split):
    """The room after an update that gave its memory another type."""

    state_type = list[str]


async def why_unusable(worker: Worker, **reading: Any) -> Unusable:
    with pytest.raises(UnusableSnapshotError) as error:
        worker.read(**reading)
    assert str(error.value)
    return error.value.reason


async def test_a_damaged_snapshot_is_passed_over(worker: Worker):
    await worker.cycles_with_snapshot()
    worker.path.write_bytes(worker.path.read_bytes()[:-1])
    assert await why_unusable(worker) is Unusable.DAMAGED


async def test_a_snapshot_that_cannot_be_read_is_passed_over(worker: Worker):
    worker.path.mkdir(parents=True)
    assert await why_unusable(worker) is Unusable.DAMAGED


async def test_a_snapshot_of_another_format_is_passed_over(worker: Worker):
    await worker.cycles_with_snapshot()
    worker.path.write_bytes(b"something else")
    assert await why_unusable(worker) is Unusable.FORMAT


async def test_a_snapshot_with_values_of_another_type_is_passed_over(worker: Worker):
    await worker.cycles_with_snapshot()
    assert await why_unusable(worker, room=Changed()) is Unusable.UNREADABLE


async def test_a_snapshot_ahead_of_the_changelog_is_passed_over(worker: Worker):
    await worker.cycles_with_snapshot()
    assert await why_unusable(worker, end=worker.end - 1) is Unusable.AHEAD


async def test_a_snapshot_of_a_topic_created_anew_is_passed_over(worker: Worker):
    await worker.cycles_with_snapshot()
    worker.folder = worker.reading({"split-changelog": "another"})
    assert await why_unusable(worker) is Unusable.FOREIGN


@pytest.mark.parametrize("later_s", [AGE_MAX_S + 1, -AGE_MAX_S - 1])
async def test_a_snapshot_older_than_half_of_what_tombstones_live_is_passed_over(
    worker: Worker, later_s: float
):
    """Or written in what is now the future: the clock was set back, its age is not known."""
    await worker.cycles_with_snapshot()
    worker.now_s += later_s
    assert await why_unusable(worker) is Unusable.TOO_OLD


async def test_workers_of_another_application_have_files_of_their_own(worker: Worker):
    other = Worker(worker.path.parent, topic_prefix="x", application_id="a/b c")
    assert other.path.parent == worker.path.parent
    assert other.path != worker.path


async def test_a_failure_is_logged_and_counted_and_the_work_goes_on(
    worker: Worker, caplog: pytest.LogCaptureFixture
):
    worker.path.parent.write_text("a file where the folder should be")
    await worker.cycle()
    worker.now_s += INTERVAL_S
    await worker.cycle()
    assert (worker.observer.failed, worker.observer.written) == (1, 0)
    (message,) = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert str(worker.path) in message
    assert "File exists" in message


async def test_after_a_failure_it_is_tried_again_later_and_not_with_every_cycle(worker: Worker):
    worker.path.parent.write_text("a file where the folder should be")
    await worker.cycle()
    worker.now_s += INTERVAL_S
    await worker.cycle()
    worker.path.parent.unlink()
    worker.now_s += RETRY_S - 1
    await worker.cycle()
    assert (worker.observer.failed, worker.observer.written) == (1, 0)
    worker.now_s += 1
    await worker.cycle()
    assert (worker.observer.failed, worker.observer.written) == (1, 1)
    assert worker.read() is not None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_keeps_the_last_snapshot_and_leaves_no_part_of_the_new(
    small_disk: Path, caplog: pytest.LogCaptureFixture
):
    worker = Worker(small_disk)
    await worker.cycles_with_snapshot()
    before = worker.path.read_bytes()
    for number in range(5_000):
        worker.workshop.state("split", 0).put(f"key {number}", number)
    worker.now_s += INTERVAL_S
    await worker.cycle()
    assert worker.observer.failed == 1
    assert "No space left on device" in caplog.text
    assert worker.path.read_bytes() == before
    assert files(small_disk) == [worker.path.name]


async def test_a_clean_stop_writes_down_what_has_changed(worker: Worker):
    await worker.cycle()
    await worker.snapshots.finish(worker.workshop)
    reader = worker.read()
    assert reader is not None
    assert reader.next_offset == worker.end
    worker.path.unlink()
    await worker.snapshots.finish(worker.workshop)
    assert not worker.path.exists(), "nothing has changed since"


async def test_a_rebalance_during_a_stop_ends_the_writing(worker: Worker):
    """What is written must not be of one assignment with positions of another."""
    await worker.cycle()
    other = ChangelogReader(Split(), 1)
    other.next_offset = 1_000
    worker.snapshots._standings[other.place] = Standing(other, 0)
    worker.workshop.states["split", 1] = other.state
    finishing = asyncio.create_task(worker.snapshots.finish(worker.workshop))
    await asyncio.sleep(0)  # the other memory, which changed most, is being written
    worker.snapshots.release(worker.workshop)
    await finishing
    assert files(worker.path.parent) == [worker.folder.path(other.place).name]


async def test_a_clean_stop_ends_with_the_first_failure(worker: Worker):
    """A full disk is not tried for each memory."""
    worker.path.parent.write_text("a file where the folder should be")
    await worker.cycle()
    other = ChangelogReader(Split(), 1)
    other.next_offset = 1_000
    worker.snapshots._standings[other.place] = Standing(other, 0)
    await worker.snapshots.finish(worker.workshop)
    assert worker.observer.failed == 1


async def test_a_clean_stop_does_not_wait_longer_than_it_may(worker: Worker):
    await worker.cycle()
    reading = iter(range(1_000))
    worker.snapshots._clock = Clock(elapsed_s=lambda: worker.now_s + 10 * next(reading))
    await worker.snapshots.finish(worker.workshop)
    assert not worker.path.exists()
    assert files(worker.path.parent) == []
    assert worker.observer.failed == 0


async def test_a_stop_gives_up_the_snapshot_that_is_being_written(worker: Worker):
    await worker.cycle()
    worker.now_s += INTERVAL_S
    worker.snapshots._stopping.set()
    await worker.cycle()
    assert (worker.observer.failed, worker.observer.written) == (0, 0)
    assert files(worker.path.parent) == []


async def test_a_memory_that_is_not_as_it_was_committed_is_not_written_down(worker: Worker):
    """After a cycle that failed, or when the partitions went."""
    await worker.cycle()
    worker.snapshots.forget()
    await worker.snapshots.finish(worker.workshop)
    assert not worker.path.exists()


async def test_a_second_memory_waits_for_the_first_to_be_written(worker: Worker):
    await worker.cycle()
    worker.now_s += INTERVAL_S
    worker.snapshots._writing = asyncio.create_task(asyncio.sleep(0))
    worker.snapshots.committed(worker.workshop, {}, worker.now_s)
    assert worker.snapshots._writing.get_name() != "snapshot"


async def test_of_several_that_are_due_the_oldest_is_written(worker: Worker):
    """A memory that changes all the time does not keep the others from their turn."""
    await worker.cycles_with_snapshot()
    worker.now_s += INTERVAL_S
    other = ChangelogReader(Split(), 1)
    other.next_offset = 1
    worker.workshop.states["split", 1] = other.state
    worker.snapshots._standings[other.place] = Standing(other, 0)
    await worker.cycle()
    assert worker.folder.path(other.place).exists()


async def begun(worker: Worker) -> ChangelogReader:
    """How a restoring of the memory begins."""
    return await worker.snapshots.begin(Split(), PLACE, range(worker.end))


async def test_a_memory_that_comes_back_after_a_rebalance_goes_on_where_it_was(worker: Worker):
    await worker.cycle()
    state = worker.workshop.state("split", 0)
    worker.snapshots.release(worker.workshop)
    worker.workshop.forget()
    memory = await begun(worker)
    assert memory.state is state
    assert (memory.next_offset, memory.positions) == (worker.end, {LINES: 1})
    assert (memory.kept_entries, memory.snapshot_entries) == (1, 0)


async def test_a_memory_is_kept_through_a_restoring_that_was_broken_off(worker: Worker):
    """One rebalance follows the other before memories are restored."""
    await worker.cycle()
    worker.snapshots.release(worker.workshop)
    await begun(worker)
    worker.snapshots.release(worker.workshop)
    assert (await begun(worker)).kept_entries == 1


async def test_a_memory_that_went_to_another_worker_is_not_kept_for_ever(worker: Worker):
    await worker.cycle()
    worker.snapshots.release(worker.workshop)
    worker.snapshots.restored([], worker.now_s)
    assert (await begun(worker)).kept_entries == 0


@pytest.mark.parametrize("later_s", [AGE_MAX_S + 1, -AGE_MAX_S - 1])
async def test_a_kept_memory_can_be_too_old_as_a_snapshot_can(worker: Worker, later_s: float):
    """Of a worker that was frozen for a day."""
    await worker.cycle()
    worker.now_s += later_s
    worker.snapshots.release(worker.workshop)
    assert (await begun(worker)).kept_entries == 0


async def test_a_kept_memory_ahead_of_its_changelog_is_not_used(worker: Worker):
    await worker.cycle()
    worker.snapshots.release(worker.workshop)
    worker.end -= 1
    assert (await begun(worker)).kept_entries == 0


async def test_after_a_failed_cycle_nothing_is_kept(worker: Worker):
    await worker.cycle()
    worker.snapshots.forget()
    worker.snapshots.release(worker.workshop)
    assert (await begun(worker)).kept_entries == 0


async def test_a_snapshot_is_as_old_as_the_commit_it_shows(worker: Worker):
    """Not as its file: a worker may have been frozen since it began the commit."""
    await worker.cycle()
    began_s, worker.now_s = worker.now_s, worker.now_s + AGE_MAX_S + 1
    worker.snapshots.committed(worker.workshop, {}, began_s)
    await worker.snapshots.finish(worker.workshop)
    assert await why_unusable(worker) is Unusable.TOO_OLD


async def test_files_too_old_for_anybody_are_removed_and_others_kept(worker: Worker):
    """Also those of other partitions, and what a killed worker left; nobody else's."""
    await worker.cycles_with_snapshot()
    folder = worker.path.parent
    kept = ["holiday.snapshot", "film.part", worker.path.name]
    old = ["app.x-changelog-1.snapshot", "app.x-changelog-1.snapshot.w-1.a.part", *kept[:2]]
    for name in old:
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (worker.now_s - AGE_MAX_S - 1,) * 2)
    os.utime(worker.path, (worker.now_s,) * 2)
    worker.folder.clear()
    assert files(folder) == sorted(kept)


def test_a_folder_that_is_not_there_yet_is_clear(worker: Worker):
    worker.folder.clear()
    assert not worker.path.parent.exists()


def test_rooms_keep_their_memories_apart(worker: Worker):
    assert worker.folder.path(PLACE) != worker.folder.path(TopicPartition("count-changelog", 0))
    assert Count().name in str(worker.folder.path(TopicPartition("count-changelog", 0)))
