"""Worker processes that come back: with snapshots, quickly, and only if their memory has room."""

import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.stream.cluster import Cluster, Worker, until
from tests.stream.installation import exactly_once

pytestmark = pytest.mark.broker

EXIT_FAILED = 70
SESSION = "session_timeout_ms=10000"
LINES = [f"w{number % 40} z{number}" for number in range(400)]
WORDS = 2 * len(LINES)
RESTORED = re.compile(
    r"restored (\d+) entries of (\d+) partitions in [\d.]+ s: "
    r"(\d+) kept, (\d+) from snapshots, (\d+) changelog records read"
)


@pytest.fixture
async def cluster(broker: str, topic_prefix: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    cluster = Cluster(broker, topic_prefix, tmp_path)
    await cluster.create_topics()
    yield cluster
    cluster.close()


async def publish(cluster: Cluster, lines: list[str]) -> None:
    await cluster.publish("lines", [line.encode() for line in lines])


class Restored(NamedTuple):
    """What a worker logs of a restoring."""

    entries: int
    partitions: int
    kept: int
    from_snapshots: int
    records: int


async def restored(worker: Worker) -> Restored:
    """The worker's last restoring."""
    await worker.until_logged("changelog records read")
    *_, last = RESTORED.findall(worker.log)
    return Restored(*map(int, last))


async def test_a_killed_worker_comes_back_from_snapshots_and_the_changelog_after_them(
    cluster: Cluster, tmp_path: Path
):
    """Stopped cleanly, it wrote snapshots; killed later, it had none newer."""
    snapshots = f"snapshot_dir={tmp_path / 'snapshots'}"
    worker = cluster.start_worker("w1", snapshots)
    await restored(worker)
    await publish(cluster, LINES)
    await cluster.until_counted(WORDS)
    worker.send(signal.SIGTERM)
    assert await worker.exit_status() == 0
    worker.log_path.write_text("")
    worker = cluster.start_worker("w1", snapshots)
    words = len({word for line in LINES for word in line.split()})
    entries = words + 4  # and one for each partition of the room that splits lines
    assert await restored(worker) == Restored(entries, 8, 0, entries, 0)
    await publish(cluster, LINES[:40])
    await cluster.until_counted(WORDS + 80)
    worker.kill()
    worker.log_path.write_text("")
    worker = cluster.start_worker("w1", snapshots)
    found = await restored(worker)
    assert (found.entries, found.from_snapshots) == (entries, entries)
    assert found.records > 0
    await publish(cluster, LINES)
    lines = [*LINES, *LINES[:40], *LINES]
    assert exactly_once(await cluster.until_counted(2 * WORDS + 80), lines)


async def test_snapshots_are_written_while_the_worker_works(cluster: Cluster, tmp_path: Path):
    folder = tmp_path / "snapshots"
    worker = cluster.start_worker("w1", f"snapshot_dir={folder}", "snapshot_interval_ms=1")
    await restored(worker)
    await publish(cluster, LINES)

    async def all_written() -> bool:
        await publish(cluster, ["one more"] * 4)
        return len(list(folder.glob("*.snapshot"))) == 8

    await until(all_written)
    assert "could not be written" not in worker.log


async def test_a_quick_restart_after_a_kill_moves_nothing(cluster: Cluster):
    """Static membership: the other worker does not even notice."""
    first, second = (cluster.start_worker(id_, SESSION) for id_ in ("w1", "w2"))
    for worker in (first, second):
        await worker.until_logged("entries of 4 partitions")
    assignments = len(RESTORED.findall(second.log))
    first.kill()
    first.log_path.write_text("")
    again = cluster.start_worker("w1", SESSION)
    assert (await restored(again)).partitions == 4
    await publish(cluster, LINES)
    assert exactly_once(await cluster.until_counted(WORDS), LINES)
    assert len(RESTORED.findall(second.log)) == assignments
    assert len(RESTORED.findall(again.log)) == 1


async def test_a_worker_keeps_the_memories_that_a_rebalance_leaves_it(cluster: Cluster):
    """It reads of them only what may have been written meanwhile, which is nothing."""
    first = cluster.start_worker("w1")
    await restored(first)
    await publish(cluster, LINES)
    await cluster.until_counted(WORDS)
    first.log_path.write_text("")
    cluster.start_worker("w2")
    await first.until_logged("entries of 4 partitions")
    found = await restored(first)
    assert found.kept == found.entries > 0
    assert found.records == 0
    await publish(cluster, LINES)
    assert exactly_once(await cluster.until_counted(2 * WORDS), LINES * 2)


async def test_a_memory_at_its_limit_stops_the_worker_and_loses_nothing(cluster: Cluster):
    worker = cluster.start_worker("w1", "state_entries_max=50")
    await restored(worker)
    await publish(cluster, LINES)
    assert await worker.exit_status() == EXIT_FAILED
    assert re.search(
        r"the worker stops: StateLimitError: the memory of room count, partition \d, has [\d,]+ "
        r"entries; the limit is 50 .*Nothing is lost",
        worker.log,
    )
    cluster.start_worker("w1", "state_entries_max=1000")
    assert exactly_once(await cluster.until_counted(WORDS), LINES)
