"""Workers join and leave all the time: partitions move, and no room is ever stuck.

A worker that leaves does not come back under its name: as a static member it would get its
partitions back, and nothing would move. Its partitions wait for the session to end, then others
take them over; one that joins makes the group share out everything anew.
"""

import asyncio

from pipeline.sandbox.workers import WorkerProcess
from tests.chaos.family import Family, Span
from tests.chaos.run import Run

STORM_S = Span(brief=6, full=120)
BETWEEN_S = (2.0, 5.0)
WORKERS_MIN, WORKERS_MAX = 1, 3


async def inject(run: Run) -> None:
    """Let random workers join and leave, for two minutes."""
    settled: list[asyncio.Task[None]] = []
    members = list(run.workers.all)
    end_s = asyncio.get_running_loop().time() + STORM_S.of(run.plan)
    while asyncio.get_running_loop().time() < end_s:
        if len(members) <= WORKERS_MIN or (
            len(members) < WORKERS_MAX and run.random.random() < 0.5
        ):
            members.append(run.workers.add())
            settled.append(asyncio.create_task(see_it_join(run, members[-1])))
        else:
            ready = [worker for worker in members if await worker.ready()]
            if ready:
                leaver = run.random.choice(ready)
                members.remove(leaver)
                await leave(run, leaver)
        await asyncio.sleep(run.random.uniform(*BETWEEN_S))
    await asyncio.gather(*settled)
    run.measures["assignments"] = sum(
        worker.log_path.read_text().count("] restored ") for worker in run.workers.all
    )


async def see_it_join(run: Run, worker: WorkerProcess) -> None:
    """Start of a worker, which has joined when it has partitions."""
    fault = run.faults.inject(f"{worker.worker_id} joins")
    await run.until_ready(worker)
    fault.confirm(True, "it has partitions")
    fault.over()


async def leave(run: Run, worker: WorkerProcess) -> None:
    """A worker stops for good."""
    fault = run.faults.inject(f"{worker.worker_id} leaves")
    run.workers.retire(worker)
    worker.terminate()
    await run.until(lambda: worker.exit_status is not None, f"{worker.worker_id} ends")
    fault.confirm(worker.exit_status == 0, f"exit status {worker.exit_status}")


FAMILY = Family(
    name="rebalance",
    summary="a worker joins or leaves every 2 to 5 seconds",
    load_s=Span(brief=6, full=120),
    inject=inject,
)
