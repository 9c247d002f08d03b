"""The broker takes the workers' output only slowly (a quota): they wait, and keep nothing more.

Memory stays flat, the lag grows, nothing is dropped; once the quota is lifted, the lag falls.
"""

import asyncio
import time
from contextlib import suppress

import psutil

from tests.chaos.family import Family, Span
from tests.chaos.instruments.quotas import lift_produce_rate, limit_produce_rate, produce_rate
from tests.chaos.run import Run

QUOTA_BYTES_PER_S = 20_000
"""For each worker: a small part of what it writes otherwise."""
SLOW_S = Span(brief=6, full=30)
SAMPLE_S = 0.2
GROWTH_BYTES_MAX = 50_000_000
EXIT_FAILED = 70


async def inject(run: Run) -> None:
    """Throttle all workers under load, watch memory and lag, and lift the quota."""
    await run.until(lambda: run.progress.ended, "the first parcels are decided")
    workers = [f"{run.group_id}-{worker.worker_id}" for worker in run.workers.all]
    fault = run.faults.inject(f"quota of {QUOTA_BYTES_PER_S} bytes/s for each worker's producer")
    await limit_produce_rate(run.bootstrap_servers, workers, QUOTA_BYTES_PER_S)
    before = run.progress.samples[-1]
    growth_bytes = await watch_memory(run, SLOW_S.of(run.plan))
    known = await produce_rate(run.bootstrap_servers, workers[0])
    after = run.progress.samples[-1]
    await lift_produce_rate(run.bootstrap_servers, workers)
    fault.over()
    backlog_grew = (after.announced - after.ended) - (before.announced - before.ended)
    fault.confirm(
        known == QUOTA_BYTES_PER_S and backlog_grew > 0,
        f"the broker has the quota; {backlog_grew} parcels more wait",
    )
    run.measures |= {
        "decided while slow": after.ended - before.ended,
        "a worker's memory grew by, MB": round(growth_bytes / 1e6, 1),
        "workers ended with 70": len(run.workers.ended),
    }
    run.expect(growth_bytes <= GROWTH_BYTES_MAX, f"a worker grew by {growth_bytes / 1e6:.0f} MB")
    run.expect(after.ended > before.ended, "nothing was decided while the broker was slow")
    statuses = {ended.exit_status for ended in run.workers.ended}
    run.expect(statuses <= {EXIT_FAILED}, f"workers ended with {statuses}")


async def watch_memory(run: Run, seconds: float) -> int:
    """By how many bytes the worker that grew most has grown, since it is ready or watched."""
    at_first: dict[int, int] = {}
    most = 0
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for worker in run.workers.running:
            with suppress(psutil.NoSuchProcess):  # it may just be started again
                process = psutil.Process(worker.pid)
                if process.pid in at_first or await worker.ready():
                    now = process.memory_info().rss
                    most = max(most, now - at_first.setdefault(process.pid, now))
        await asyncio.sleep(SAMPLE_S)
    return most


FAMILY = Family(
    name="slow",
    summary="the broker slows the workers' producers down by quota",
    load_s=Span(brief=3, full=60),
    inject=inject,
    # The product's own, also in brief: a quota lets transactions last longer than four seconds.
    settings={
        "GREENLANE_SESSION_TIMEOUT_MS": "10000",
        "GREENLANE_TRANSACTION_TIMEOUT_MS": "12000",
    },
)
