"""One worker in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.settings import WORKER_RESTARTS
from pipeline.supervision.children import die_with_parent

STOP_DEADLINE_S = 15.0
WORKER_COMMAND = (sys.executable, "-m", "pipeline.cli", "worker")


class WorkerProcess:
    """A `greenlane worker`, which ends with the thread that started it, however that ends.

    Its log goes to a file, or without one to where this process's own output goes.
    """

    def __init__(
        self,
        worker_id: str,
        environment: Mapping[str, str],
        web_port: int,
        log_path: Path | None = None,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        self.worker_id = worker_id
        self.web_port = web_port
        self.restarts = 0
        """How often it was started again: the worker tells it as a metric."""
        self._log_path = log_path
        self._command = command
        self._environment = {
            **os.environ,
            **environment,
            "GREENLANE_WORKER_ID": worker_id,
            "GREENLANE_WEB_PORT": str(web_port),
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
        log = self._log_path.open("ab") if self._log_path else None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                env={**self._environment, WORKER_RESTARTS: str(self.restarts)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT if log else None,
                # Ctrl-C in the terminal must reach its parent alone: that stops workers in order.
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - runs no Python locks
            )
        finally:
            if log:
                log.close()

    def kill(self) -> None:
        """SIGKILL: its open transaction is aborted, its work goes on where it was committed."""
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


def in_words(exit_status: int) -> str:
    """How a process ended, for people."""
    if exit_status < 0:
        name = signal.Signals(-exit_status).name
        return f"was ended by signal {-exit_status} ({name})"
    reason = " (its log says why)" if exit_status else ""
    return f"ended with exit status {exit_status}{reason}"
