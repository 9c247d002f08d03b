"""Freezing and killing workers at exact places or any time, and seeing that the group moved on."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import psutil
from aiokafka.admin import AIOKafkaAdminClient

from pipeline.contract.declarations import declarations
from pipeline.sandbox.workers import WorkerProcess
from tests.chaos.instruments.traps import Place, Traps
from tests.chaos.run import Run
from tests.chaos.torn import ROOM_INPUTS
from tests.chaos.workers import figure

ASSIGNED = "greenlane_assigned_partitions"
TRANSACTIONS = "greenlane_transactions_committed_total"
INPUT_PARTITIONS = sum(
    topic.partitions
    for topic in declarations()
    if topic.name in {name for inputs in ROOM_INPUTS.values() for name in inputs}
)
POLL_S = 0.1
TAKEOVER_DEADLINE_S = 40.0
PROGRESS_DEADLINE_S = 3.0
"""New owners get so long to work on what they took over. Where they wait, rightly, for the open
transaction of the frozen worker, all of it passes."""


@asynccontextmanager
async def trapped(run: Run) -> AsyncIterator[Mapping[str, str]]:
    """`around` of families that set traps."""
    traps_of(run)
    yield {"CHAOS_TRAPS": str(run.folder / "traps")}


def traps_of(run: Run) -> Traps:
    """The run's traps."""
    folder = run.folder / "traps"
    folder.mkdir(exist_ok=True)
    return Traps(folder)


async def freeze_at(
    run: Run,
    worker: WorkerProcess,
    place: Place,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Freeze a worker exactly there, until its partitions are taken over; then let it go on."""
    traps_of(run).set(worker.worker_id, place, signal.SIGSTOP)
    await run.until(lambda: _stopped(worker), f"{worker.worker_id} stops at {place}")
    meanwhile()
    await _thaw_after_takeover(run, worker, f"at {place}")


async def freeze_now(run: Run, worker: WorkerProcess) -> None:
    """Freeze a worker wherever it is, until its partitions are taken over; then let it go on."""
    await run.until(lambda: _freeze(worker), f"{worker.worker_id} stops")
    await _thaw_after_takeover(run, worker, "somewhere in its cycle")


async def kill_at(run: Run, worker: WorkerProcess, place: Place) -> None:
    """Kill a worker exactly there."""
    fault = run.faults.inject(f"SIGKILL of {worker.worker_id} at {place}")
    before = len(run.workers.ended)
    traps_of(run).set(worker.worker_id, place, signal.SIGKILL)
    await run.until(lambda: len(run.workers.ended) > before, f"{worker.worker_id} dies at {place}")
    ended = run.workers.ended[before]
    fault.over()
    fault.confirm(ended == (worker.worker_id, -signal.SIGKILL), f"exit status {ended.exit_status}")


async def _thaw_after_takeover(run: Run, worker: WorkerProcess, where: str) -> None:
    fault = run.faults.inject(f"{worker.worker_id} frozen {where}")
    try:
        frozen_s = time.monotonic()
        moved_on = await _until_without(run, worker)
        await _until_others_work_on_all(run, worker)
        fault.confirm(
            moved_on and _stopped(worker),
            f"the group moved on without it; frozen for {time.monotonic() - frozen_s:.1f} s",
        )
    finally:
        if worker.pid and worker.exit_status is None:
            os.kill(worker.pid, signal.SIGCONT)
    fault.over()


def _freeze(worker: WorkerProcess) -> bool:
    """Freeze the worker, whichever run of it there is: it may just be ending, fenced."""
    if not worker.pid or worker.exit_status is not None:
        return False
    os.kill(worker.pid, signal.SIGSTOP)
    return _stopped(worker)


def _stopped(worker: WorkerProcess) -> bool:
    return psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED


async def _until_without(run: Run, worker: WorkerProcess) -> bool:
    """Wait until the group has no member of this name; whether that came in time."""
    admin = AIOKafkaAdminClient(bootstrap_servers=run.bootstrap_servers)
    await admin.start()
    end_s = time.monotonic() + TAKEOVER_DEADLINE_S
    try:
        while time.monotonic() < end_s:
            (answer,) = await admin.describe_consumer_groups([run.group_id])
            _, _, state, _, _, members, *_ = answer.groups[0]
            names = {client_id for _, client_id, *_ in members}
            if state == "Stable" and f"{run.group_id}-{worker.worker_id}" not in names:
                return True
    finally:
        await admin.close()
    return False


async def _until_others_work_on_all(run: Run, worker: WorkerProcess) -> None:
    """Wait until the others have restored all partitions and worked on them, or time is up."""
    end_s = time.monotonic() + PROGRESS_DEADLINE_S
    others = [other for other in run.workers.running if other is not worker]
    while sum([await figure(other, ASSIGNED) for other in others]) < INPUT_PARTITIONS:
        if time.monotonic() > end_s:
            return
        await asyncio.sleep(POLL_S)
    before = [await figure(other, TRANSACTIONS) for other in others]
    while before == [await figure(other, TRANSACTIONS) for other in others]:
        if time.monotonic() > end_s:
            return
        await asyncio.sleep(POLL_S)
