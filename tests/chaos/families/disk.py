"""The disk of the snapshots is full: the work goes on, workers come back, nothing is wrong.

Needs root, for the small file system.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pipeline.sandbox.workers import WorkerProcess
from tests.chaos.family import Family, Span
from tests.chaos.instruments.small_disk import small_disk, why_not
from tests.chaos.run import Run
from tests.chaos.workers import figure

DISK_BYTES = 32_000_000
WRITTEN, FAILED = "greenlane_snapshots_total", "greenlane_snapshot_failures_total"
FROM_SNAPSHOTS = "greenlane_recovery_snapshot_entries"
COMPLAINT = "could not be written"


@asynccontextmanager
async def around(run: Run) -> AsyncIterator[Mapping[str, str]]:
    """All workers keep their snapshots on one small disk."""
    with small_disk(Path(run.environment["GREENLANE_SNAPSHOT_DIR"]), DISK_BYTES) as run.disk:
        yield {}


async def inject(run: Run) -> None:
    """Fill the disk, let workers die and come back on it, free it, and use it again."""
    disk, (worker, other) = run.disk, run.workers.all
    await until_figure(run, worker, WRITTEN)
    await until_figure(run, other, WRITTEN)
    fault = run.faults.inject("the disk of the snapshots is full")
    disk.fill()
    await until_figure(run, worker, FAILED)
    complains = COMPLAINT in worker.log_path.read_text()
    fault.confirm(disk.free_bytes == 0 and complains, "no byte is left, and the worker says so")
    await kill(run, worker)
    await until_figure(run, worker, FAILED)
    disk.free()
    fault.over()
    if run.plan.brief:  # by itself it would try again half a minute later
        await kill(run, worker)
    await until_figure(run, worker, WRITTEN)
    await kill(run, worker)
    await until_figure(run, worker, FROM_SNAPSHOTS)
    run.measures["entries from snapshots afterwards"] = await figure(worker, FROM_SNAPSHOTS)


async def kill(run: Run, worker: WorkerProcess) -> None:
    """SIGKILL a worker; it is started again and gets its partitions."""
    state = "full" if run.disk.free_bytes == 0 else "free"
    fault = run.faults.inject(f"SIGKILL of {worker.worker_id} while the disk is {state}")
    before = len(run.workers.ended)
    worker.kill()
    await run.until(lambda: len(run.workers.ended) > before, "the supervisor has seen it")
    await run.until_ready()
    fault.over()
    fault.confirm(run.workers.ended[before].exit_status < 0, "it died, and is ready again")


async def until_figure(run: Run, worker: WorkerProcess, metric: str) -> None:
    """Wait until a metric of a worker is more than zero."""
    await run.until(lambda: figure(worker, metric), f"{metric} of {worker.worker_id} is not 0")


FAMILY = Family(
    name="disk",
    summary="the disk of the snapshots is full, and workers die meanwhile",
    load_s=Span(brief=8, full=60),
    inject=inject,
    around=around,
    why_not=why_not,
    settings={"GREENLANE_SNAPSHOT_INTERVAL_MS": "500"},
)
