"""Worker processes of a trial: started, watched, restarted when they die, stopped at the end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from pipeline.errors import BrokerError
from pipeline.sandbox.children import die_with_parent
from pipeline.sandbox.ports import free_port

RESTARTS_MAX = 20
STOP_DEADLINE_S = 15.0
READY_DEADLINE_S = 90.0
READY_POLL_S = 0.05
HTTP_OK = 200


class WorkerProcess:
    """One `greenlane worker` in a process of its own, with its log in a file."""

    def __init__(self, worker_id: str, environment: Mapping[str, str], folder: Path) -> None:
        self.worker_id = worker_id
        self.web_port = free_port()
        self.log_path = folder / f"{worker_id}.log"
        self.restarts = 0
        self._environment = {
            **os.environ,
            **environment,
            "GREENLANE_WORKER_ID": worker_id,
            "GREENLANE_WEB_PORT": str(self.web_port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id, or None while it is not started."""
        return self._process.pid if self._process else None

    @property
    def exit_status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start the process; its output is added to the log file."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "worker"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal must reach the trial alone: it stops workers in order.
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - runs no Python locks
            )

    def kill(self) -> None:
        """SIGKILL, as a fault test does it."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> None:
        """Ask for a clean stop: the running cycle is finished first."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, deadline_s: float = STOP_DEADLINE_S) -> int:
        """Exit status after a stop; a worker that does not end in time is killed."""
        if not self._process:
            return 0
        try:
            return self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.wait()

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

    def __enter__(self) -> Self:
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait()

    def restart_the_dead(self) -> list[WorkerProcess]:
        """Start workers that ended by themselves again; which they were.

        Raises:
            BrokerError: one of them keeps dying; names its log.
        """
        dead = [worker for worker in self.workers if worker.exit_status is not None]
        for worker in dead:
            worker.restarts += 1
            if worker.restarts > RESTARTS_MAX:
                raise BrokerError(
                    f"{worker.worker_id} ended {worker.restarts} times; its log: {worker.log_path}"
                )
            worker.start()
        return dead

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
