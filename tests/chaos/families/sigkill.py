"""Workers die by SIGKILL: in bursts at random, then, after a fifth of the load, spaced."""

import asyncio

from tests.chaos.family import Family, Span
from tests.chaos.run import Run

BURST_KILLS = Span(brief=3, full=30)
SPACED_KILLS = Span(brief=1, full=3)
PROGRESS_BEFORE_SPACED = 0.2
SPACING_S = Span(brief=0, full=8)


async def inject(run: Run) -> None:
    """Kill random workers; a supervisor starts each again."""
    for _ in range(round(BURST_KILLS.of(run.plan))):
        await asyncio.sleep(run.random.uniform(0.1, 1.0))
        await kill_one(run)
    await run.until(
        lambda: run.progress.ended >= PROGRESS_BEFORE_SPACED * run.plan.parcels,
        f"{PROGRESS_BEFORE_SPACED:.0%} of the parcels are decided",
    )
    for _ in range(round(SPACED_KILLS.of(run.plan))):
        ended = run.progress.ended
        await run.until(
            lambda ended=ended: run.progress.ended > ended,
            "parcels are decided after the last kill",
        )
        await kill_one(run)
        await asyncio.sleep(SPACING_S.of(run.plan))


async def kill_one(run: Run) -> None:
    """SIGKILL a random worker that runs."""
    await run.until(lambda: run.workers.running, "a worker runs")
    worker = run.random.choice(run.workers.running)
    fault = run.faults.inject(f"SIGKILL of {worker.worker_id}")
    worker.kill()
    fault.confirm(worker.exit_status == -9, f"exit status {worker.exit_status}")


FAMILY = Family(
    name="sigkill",
    summary="workers die by SIGKILL, in bursts and one by one",
    load_s=Span(brief=6, full=80),
    inject=inject,
)
