"""Workers are stopped in order, again and again: they drain at once and repeat nothing."""

import asyncio
import time

from pipeline.sandbox.workers import WorkerProcess
from tests.chaos.family import Family, Span
from tests.chaos.reader import read_all
from tests.chaos.run import Run
from tests.chaos.workers import figure

STOPS = Span(brief=2, full=50)
DRAIN_S_MAX = 5.0
WRITTEN_IN_TRANSACTIONS = (
    "acknowledgements",
    "parcels",
    "assessments",
    "release",
    "inspection",
    "revenue",
    "dead-letters",
    "decide-changelog",
)


async def inject(run: Run) -> None:
    """SIGTERM one worker after the other, each at a random moment of its work."""
    drains_s: list[float] = []
    for number in range(round(STOPS.of(run.plan))):
        worker = run.workers.all[number % len(run.workers.all)]
        # One that is stopped before it has committed anything would never get on.
        await run.until(
            lambda worker=worker: figure(worker, "greenlane_transactions_committed_total"),
            f"{worker.worker_id} works",
        )
        await asyncio.sleep(run.random.uniform(0.0, 0.5))
        drains_s.append(await stop(run, worker))
    run.measures["drain_s_max"] = round(max(drains_s), 2)


async def stop(run: Run, worker: WorkerProcess) -> float:
    """Stop a worker and start it again; seconds until it had ended."""
    with run.workers.held(worker):
        fault = run.faults.inject(f"SIGTERM of {worker.worker_id}")
        started_s = time.monotonic()
        worker.terminate()
        await run.until(lambda: worker.exit_status is not None, f"{worker.worker_id} ends")
        took_s, status = time.monotonic() - started_s, worker.exit_status
        fault.confirm(True, f"exit status {status} after {took_s:.2f} s")
        run.expect(status == 0, f"{worker.worker_id} ended with {status} on SIGTERM")
        run.expect(took_s <= DRAIN_S_MAX, f"{worker.worker_id} took {took_s:.1f} s to stop")
        worker.start()
    return took_s


async def conclude(run: Run) -> None:
    """Nothing was done twice: not a record stands on the topics that was rolled back."""
    counts = {}
    for isolation in ("read_committed", "read_uncommitted"):
        topics = read_all(
            run.bootstrap_servers, run.topic_prefix, WRITTEN_IN_TRANSACTIONS, isolation
        )
        counts[isolation] = sum([1 async for _ in topics])
    rolled_back = counts["read_uncommitted"] - counts["read_committed"]
    run.measures["records_rolled_back"] = rolled_back
    run.expect(not rolled_back, f"{rolled_back} records were rolled back by clean stops")


FAMILY = Family(
    name="stop",
    summary="workers are stopped by SIGTERM while they work",
    load_s=Span(brief=5, full=120),
    inject=inject,
    conclude=conclude,
)
