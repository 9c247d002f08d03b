"""From wherever a memory begins to be restored, it ends as its changelog has it."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.stream.changelog import ChangelogReader, MemoryCopy
from pipeline.stream.log import Piece
from pipeline.stream.records import TopicPartition
from pipeline.stream.recovery import Restored, restore
from pipeline.stream.report import SilentObserver
from pipeline.stream.snapshot_folder import SnapshotFolder, Unusable
from pipeline.stream.snapshots import Snapshots
from pipeline.stream.work import StateLimitError, Workshop
from tests.stream.counting import TOPICS, Count, settings

PLACE = TopicPartition("count-changelog", 1)
WORDS = TopicPartition("words", 1)
encode = msgspec.msgpack.Encoder().encode


class Changelog:
    """A log that holds one changelog partition, and no input beyond what was worked on."""

    def __init__(self, pairs: Sequence[tuple[bytes, bytes | None]] = ()) -> None:
        self.records = list(enumerate(pairs))
        self.begin = 0

    def compacted(self, up_to: int) -> "Changelog":
        """As the broker may clean it: of the first records, the newest of each key is left."""
        newest = {key: offset for offset, (key, _) in self.records if offset < up_to}
        log = Changelog()
        log.records = [
            (offset, pair)
            for offset, pair in self.records
            if offset >= up_to or newest[pair[0]] == offset
        ]
        return log

    @asynccontextmanager
    async def reader(self) -> AsyncIterator["Changelog"]:
        yield self

    async def held(self, places: Collection[TopicPartition]) -> Mapping[TopicPartition, range]:
        end = self.records[-1][0] + 1 if self.records else 0
        return {place: range(end if place == PLACE else 1_000) for place in places}

    async def read_to_end(self, starts: Mapping[TopicPartition, int]) -> AsyncIterator[Piece]:
        self.begin = starts[PLACE]
        for offset, pair in self.records:
            if offset >= self.begin:
                yield Piece(PLACE, [pair], offset + 1)


async def restored(
    log: Any, folder: SnapshotFolder | None = None, **workshop: int
) -> tuple[dict[bytes, bytes], dict[TopicPartition, int], int, Restored]:
    """Entries, positions and event time as restored, and how."""
    shop = Workshop([Count()], dict.fromkeys(TOPICS, 4), **workshop)
    snapshots = Snapshots(folder, settings("nowhere:1", "", "w1", 0), SilentObserver())
    how = await restore(shop, {WORDS: -1}, log, snapshots)
    state = shop.state("count", 1)
    return state.entries(), shop.positions, state.watermark_ms, how


def memory(pairs: Sequence[tuple[bytes, bytes | None]]) -> MemoryCopy:
    """The memory as it is after these records."""
    reader = ChangelogReader(Count(), 1)
    reader.read(pairs, len(pairs))
    positions = {source.topic: offset for source, offset in reader.positions.items()}
    entries = reader.state.entries()
    watermark_ms = reader.state.watermark_ms
    return MemoryCopy(PLACE, len(pairs), positions, watermark_ms, time.time(), entries)


def folder_in(path: Path, topic_id: str = "id") -> SnapshotFolder:
    changed = settings("nowhere:1", "", "w1", 0, snapshot_dir=str(path))
    return SnapshotFolder(changed, {PLACE.topic: topic_id})


def nothing() -> None:
    """Do nothing between pieces."""


ENTRY = st.tuples(st.sampled_from([b"sa", b"sb", b"sc"]), st.none() | st.integers(0, 9))
POSITION = st.tuples(st.just(b"pwords"), st.integers(0, 999))
STEPS = st.lists(ENTRY | POSITION, max_size=20)


@hypothesis_settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, data=st.data())
def test_a_snapshot_and_the_changelog_after_it_are_the_whole_changelog(
    tmp_path: Path, steps: list[tuple[bytes, int | None]], data: st.DataObject
):
    """Whenever it was written, also by an earlier owner, and however the broker compacted since."""
    pairs = [
        (key, value if value is None else encode((value, 7) if key == b"pwords" else (None, value)))
        for key, value in steps
    ]
    log = Changelog(pairs)
    folder = folder_in(tmp_path)
    folder.write(memory(pairs[: data.draw(st.integers(0, len(pairs)))]), nothing)
    log_now = log.compacted(data.draw(st.integers(0, len(pairs))))
    *whole, _ = asyncio.run(restored(log))
    *begun_with_snapshot, how = asyncio.run(restored(log_now, folder))
    assert begun_with_snapshot == whole
    assert how.passed_over == ()


def counts(words: int) -> list[tuple[bytes, bytes | None]]:
    return [(b"s%d" % word, encode((None, word))) for word in range(words)]


async def test_only_the_changelog_after_the_snapshot_is_read(tmp_path: Path):
    folder, log = folder_in(tmp_path), Changelog(counts(10))
    folder.write(memory(counts(8)), nothing)
    entries, _, _, how = await restored(log, folder)
    (reader,) = how.readers
    assert (log.begin, len(entries)) == (8, 10)
    assert (reader.snapshot_entries, reader.records, reader.next_offset) == (8, 2, 10)


async def test_a_snapshot_that_cannot_be_used_is_told_and_the_changelog_read_from_its_beginning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    folder_in(tmp_path).write(memory(counts(8)), nothing)
    log, folder = Changelog(counts(10)), folder_in(tmp_path, topic_id="another")
    entries, _, _, how = await restored(log, folder)
    assert (log.begin, len(entries)) == (0, 10)
    assert how.passed_over == (Unusable.FOREIGN,)
    assert f"the snapshot {folder.path(PLACE)} is passed over (foreign)" in caplog.text


async def test_a_memory_larger_than_its_limit_is_not_restored():
    with pytest.raises(StateLimitError, match="room count, partition 1, has 5 entries"):
        await restored(Changelog(counts(10)), state_entries_max=4)


async def test_garbage_is_collected_again_after_a_restoring():
    await restored(Changelog(counts(1)))
    assert gc.isenabled()
