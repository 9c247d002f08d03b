"""Worker processes of a trial: supervised, each on a free web port, with its log in a file."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from pipeline.errors import BrokerError
from pipeline.sandbox.ports import free_port
from pipeline.supervision import process
from pipeline.supervision.process import WORKER_COMMAND
from pipeline.supervision.supervisor import Supervisor

RESTARTS_MAX = 20
STOP_DEADLINE_S = 15.0
READY_DEADLINE_S = 90.0
READY_POLL_S = 0.05
HTTP_OK = 200


class WorkerProcess(process.WorkerProcess):
    """A worker of a trial."""

    def __init__(
        self,
        worker_id: str,
        environment: Mapping[str, str],
        folder: Path,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        self.log_path = folder / f"{worker_id}.log"
        own = {"GREENLANE_SNAPSHOT_DIR": str(folder / "snapshots"), **environment}
        super().__init__(worker_id, own, free_port(), self.log_path, command)

    async def ready(self) -> bool:
        """Whether the worker answers that its partitions are assigned and restored."""
        url = f"http://127.0.0.1:{self.web_port}/health/ready"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status == HTTP_OK
        except aiohttp.ClientError:
            return False


class WorkerPool:
    """A number of workers that are kept running until the pool is closed."""

    def __init__(self, count: int, environment: Mapping[str, str], folder: Path) -> None:
        self.workers = [
            WorkerProcess(f"worker-{number}", environment, folder) for number in range(1, count + 1)
        ]
        self._supervisor = Supervisor(self.workers)

    def __enter__(self) -> Self:
        self._supervisor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._supervisor.stop(STOP_DEADLINE_S)

    def restart_the_dead(self) -> None:
        """Start workers that ended by themselves again; to be called all the time.

        Raises:
            BrokerError: one of them keeps dying; names its log.
        """
        self._supervisor.look()
        for worker in self.workers:
            if worker.restarts > RESTARTS_MAX:
                raise BrokerError(
                    f"{worker.worker_id} ended {worker.restarts} times; its log: {worker.log_path}"
                )

    async def until_ready(self, deadline_s: float = READY_DEADLINE_S) -> None:
        """Wait until every worker has its partitions.

        Raises:
            BrokerError: not within the deadline, or a worker keeps dying; names the log.
        """
        end = time.monotonic() + deadline_s
        for worker in self.workers:
            while not await worker.ready():
                self.restart_the_dead()
                if time.monotonic() > end:
                    raise BrokerError(
                        f"{worker.worker_id} was not ready within {deadline_s:.0f} s; "
                        f"its log: {worker.log_path}"
                    )
                await asyncio.sleep(READY_POLL_S)
