"""The worker processes of a run, and the supervisor that starts them again."""

import asyncio
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp

from pipeline.sandbox.workers import WorkerProcess

LOOK_S = 0.1
DUMP_S = 1.0


class Ended(NamedTuple):
    """A worker process that ended while nobody held it."""

    worker_id: str
    exit_status: int


class Workers:
    """All workers, by number: worker-1, worker-2, ...

    Not kept by the product's `Supervisor`: that one waits longer after each death, up to 30 s, and
    a family that kills dozens of times would measure these pauses instead of the recovery. A run
    also adds and retires workers, holds one to look at its end, and needs every exit status. The
    processes are the product's; for its supervisor see `tests/supervision`.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        command: Sequence[str],
        *,
        restarts: bool,
    ) -> None:
        self.all: list[WorkerProcess] = []
        self.ended: list[Ended] = []
        self.restarts_allowed = restarts
        self._environment = {**environment, "PYTHONFAULTHANDLER": "1"}  # for `dump`
        self._folder = folder
        self._command = command
        self._held: set[str] = set()

    @property
    def running(self) -> list[WorkerProcess]:
        """Workers whose process runs, frozen ones too."""
        return [worker for worker in self.all if worker.pid and worker.exit_status is None]

    @property
    def log_paths(self) -> list[Path]:
        """The workers' logs."""
        return [worker.log_path for worker in self.all]

    def add(self) -> WorkerProcess:
        """Start one more worker."""
        worker_id = f"worker-{len(self.all) + 1}"
        worker = WorkerProcess(worker_id, self._environment, self._folder, self._command)
        worker.start()
        self.all.append(worker)
        return worker

    @contextmanager
    def held(self, worker: WorkerProcess) -> Iterator[WorkerProcess]:
        """Within, the supervisor leaves this worker alone: to stop it and look at its end."""
        self._held.add(worker.worker_id)
        try:
            yield worker
        finally:
            self._held.discard(worker.worker_id)

    def retire(self, worker: WorkerProcess) -> None:
        """From now on the supervisor leaves this worker alone: it is to leave for good."""
        self._held.add(worker.worker_id)

    async def supervise(self) -> None:
        """Start workers that ended again, for ever; without `restarts`, only note that they did."""
        noted: set[int] = set()
        while True:
            for worker in self.all:
                status, pid = worker.exit_status, worker.pid
                if status is None or not pid or worker.worker_id in self._held or pid in noted:
                    continue
                noted.add(pid)
                self.ended.append(Ended(worker.worker_id, status))
                if self.restarts_allowed:
                    worker.restarts += 1
                    worker.start()
            await asyncio.sleep(LOOK_S)

    async def dump(self) -> None:
        """End all and leave in their logs where each thread was: to see why they stand still."""
        for worker in self.running:
            self.retire(worker)
            os.kill(worker.pid or 0, signal.SIGABRT)
        await asyncio.sleep(DUMP_S)

    def kill(self) -> None:
        """End all at once; what they did is looked at by now."""
        for worker in self.all:
            worker.kill()


async def figure(worker: WorkerProcess, metric: str) -> float:
    """A metric of a worker without labels; 0 while it does not answer."""
    url = f"http://127.0.0.1:{worker.web_port}/metrics"
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            lines = (await response.text()).splitlines()
    except aiohttp.ClientError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{metric} ")), 0.0)
