"""One run of a family: installation, load, harm, drain, and the oracle at the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from inspect import isawaitable
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.workers import WorkerProcess
from pipeline.stream.cancel import cancel_until_ended
from tests.chaos.family import Family, Plan, Span
from tests.chaos.faults import FaultLog
from tests.chaos.feedback import Feedback
from tests.chaos.findings import Findings
from tests.chaos.journeys import Journeys
from tests.chaos.load import Load
from tests.chaos.oracle import examine
from tests.chaos.progress import Progress
from tests.chaos.reader import OpenTransactionError
from tests.chaos.stuck import Positions
from tests.chaos.workers import Workers

POLL_S = 0.05
READY_DEADLINE_S = 90.0
CONDITION_DEADLINE_S = Span(brief=100, full=240)
"""Of brief runs below the limit of a test, so that a run says what it waited for."""
BRIEF_TIMEOUT_MS = "4000"
"""Session and transaction of brief runs. Full runs have the product's defaults."""

SNAPSHOT_INTERVAL_MS = "2000"
"""Far below the default, so that restarts read snapshots that were written under load."""


class StuckError(Exception):
    """Nothing moves, or a condition did not come true in time; says what and where."""


class Run:
    """What a family's `inject` and `conclude` work with."""

    def __init__(
        self,
        family: Family,
        plan: Plan,
        *,
        bootstrap_servers: str,
        broker: EmbeddedBroker | None,
        folder: Path,
        tell: Callable[[str], None],
    ) -> None:
        self.family = family
        self.plan = plan
        self.random = Random(f"{family.name} {plan.seed}")
        """The only source of randomness for faults."""
        self.bootstrap_servers = bootstrap_servers
        self.topic_prefix = f"c{uuid4().hex[:8]}."
        self.group_id = f"{self.topic_prefix}greenlane"
        self.folder = folder
        """For logs and whatever a family keeps on disk."""
        self.tell = tell
        """Says one line about what is going on."""
        self.faults = FaultLog(tell)
        self.problems: list[str] = []
        self.measures: dict[str, Any] = {}
        """Figures for the verdict, under the family's own names."""
        self.workers: Workers
        self.load: Load
        self.progress: Progress
        self.positions: Positions
        self.feedback: Feedback
        self.journeys: Journeys
        self.tasks: list[asyncio.Task[None]] = []
        """What runs beside the harm and must not end: supervisor, readers, answers."""
        self.findings: Findings
        """What the oracle found; set before `conclude`."""
        self._broker = broker

    @property
    def broker(self) -> EmbeddedBroker:
        """The broker of a family with `own_broker`."""
        if self._broker is None:
            raise RuntimeError(f"{self.family.name} does not have a broker of its own")
        return self._broker

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of every worker; those of the family come on top."""
        brief = {
            "GREENLANE_SESSION_TIMEOUT_MS": BRIEF_TIMEOUT_MS,
            "GREENLANE_TRANSACTION_TIMEOUT_MS": BRIEF_TIMEOUT_MS,
        }
        return {
            "GREENLANE_BROKER": self.bootstrap_servers,
            "GREENLANE_TOPIC_PREFIX": self.topic_prefix,
            "GREENLANE_APPLICATION_ID": self.group_id,
            "GREENLANE_SNAPSHOT_DIR": str(self.folder / "snapshots"),
            "GREENLANE_SNAPSHOT_INTERVAL_MS": SNAPSHOT_INTERVAL_MS,
            **(brief if self.plan.brief else {}),
            **self.family.settings,
        }

    def expect(self, condition: object, problem: str) -> None:
        """State a promise of the family: if it does not hold, the problem is in the verdict."""
        if not condition:
            self.problems.append(problem)

    async def until(
        self,
        condition: Callable[[], object],
        what: str,
        deadline_s: float | None = None,
    ) -> None:
        """Wait for a condition; it may have to be awaited.

        Raises:
            StuckError: it did not come true in time, or the run stands still.
        """
        deadline_s = deadline_s or CONDITION_DEADLINE_S.of(self.plan)
        end_s = time.monotonic() + deadline_s
        while not await _awaited(condition()):
            if time.monotonic() > end_s:
                raise StuckError(f"not within {deadline_s:.0f} s: {what}")
            await self.check_moving()
            await asyncio.sleep(POLL_S)

    async def until_ready(
        self, worker: WorkerProcess | None = None, deadline_s: float = READY_DEADLINE_S
    ) -> None:
        """Wait until a worker, or every worker that runs, has its partitions.

        Raises:
            StuckError: not within the deadline.
        """
        await self.until(
            lambda: self._ready([worker] if worker else self.workers.running),
            f"{worker.worker_id if worker else 'every worker'} has its partitions",
            deadline_s,
        )

    async def _ready(self, workers: Sequence[WorkerProcess]) -> bool:
        return all([await worker.ready() for worker in workers])

    async def check_moving(self) -> None:
        """The stall detector.

        Raises:
            StuckError: input of a partition, or everything, waits and did not move for `stall_s`.
        """
        for task in self.tasks:
            if task.done():
                task.result()
        limit_s = self.family.stall_s.of(self.plan)
        suspects = self.positions.unmoved(limit_s)
        still_s = time.monotonic() - self.progress.moved_at_s
        if not suspects and (not self.progress.backlog or still_s < limit_s):
            return
        where = await self.positions.waiting(suspects)
        if where or (self.progress.backlog and still_s > limit_s):
            raise StuckError(
                f"for {limit_s:.0f} s input waits and does not move at "
                f"{where or 'no partition'}; {self.progress.backlog} parcels have no end"
            )

    async def until_drained(self) -> None:
        """Wait until the load is over and everything announced has an end."""
        # Below zero, something is doubled: the oracle will say what.
        await self.until(lambda: self.progress.backlog <= 0, "every parcel has an end")
        await self.until(
            lambda: self.feedback.waiting <= len(self.progress.refused_feedback),
            "every answer of officers and collectors has an effect",
        )
        await self.until(
            lambda: not (self.journeys.waiting or self.load.in_flight),
            "every cancellation and scan is acknowledged",
        )
        await self.until(self.positions.all_worked_on, "all input is worked on")


@asynccontextmanager
async def installed(run: Run) -> AsyncIterator[None]:
    """Topics, workers, and what goes on beside them; all ended at the end."""
    async with AsyncExitStack() as stack:
        topics = run.family.topics(declarations())
        await create_topics(run.bootstrap_servers, topics, topic_prefix=run.topic_prefix)
        around: Mapping[str, str] = await stack.enter_async_context(run.family.around(run))
        run.load = await stack.enter_async_context(Load(run.bootstrap_servers, run.topic_prefix))
        run.feedback = Feedback(run.load, run.plan.seed, run.family.feedback_share)
        run.progress = Progress(run.bootstrap_servers, run.topic_prefix, run.load, run.feedback.ids)
        run.positions = Positions(run.bootstrap_servers, run.topic_prefix, run.group_id)
        run.journeys = Journeys(run.load, run.feedback, run.plan.seed, run.family.journey_share)
        run.workers = Workers(
            {**run.environment, **around},
            run.folder,
            run.family.worker_command,
            restarts=run.family.restarts,
        )
        stack.callback(run.workers.kill)
        for _ in range(run.family.workers):
            run.workers.add()
        for work in (
            run.workers.supervise(),
            run.progress.follow(run.feedback.on_decision, run.journeys.on_decision),
            run.positions.follow(),
            run.feedback.publish(),
            run.journeys.publish(),
        ):
            run.tasks.append(asyncio.create_task(work))
            stack.push_async_callback(_cancelled, run.tasks[-1])
        yield


async def harm(run: Run) -> None:
    """Load, harm, drain, and the oracle. Problems that end a run early are noted, not raised."""
    try:
        await run.until_ready()
        await _harm_under_load(run)
        await run.until_drained()
    except (StuckError, OpenTransactionError) as error:
        run.problems.append(f"stuck: {error}")
        await run.workers.dump()
    run.findings = await examine(
        run.bootstrap_servers, run.topic_prefix, run.group_id, run.load.acknowledged
    )
    await run.family.conclude(run)


async def _harm_under_load(run: Run) -> None:
    plan, family = run.plan, run.family
    harming = asyncio.create_task(family.inject(run))
    loading = asyncio.create_task(
        run.load.run(
            run.journeys.ahead_of(family.messages(run)),
            parcels=round(plan.parcels * family.load_share),
            seconds=family.load_s.of(plan),
            enough=harming.done,
        )
    )
    try:
        waiting = {harming, loading}
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=1)
            for task in done:
                task.result()
            await run.check_moving()
    finally:
        await _cancelled(harming)
        await _cancelled(loading)


async def _awaited(result: object) -> object:
    return await result if isawaitable(result) else result


async def _cancelled(task: "asyncio.Task[None]") -> None:
    """End a task, and raise what went wrong with it meanwhile: of before, others have heard."""
    if task.done():
        return
    await cancel_until_ended(task)
    if not task.cancelled():
        task.result()
