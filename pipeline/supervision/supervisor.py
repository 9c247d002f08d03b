"""Keeps worker processes running: starts one that dies again, and stops all in order."""

import logging
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.supervision.process import WorkerProcess, in_words

log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 30.0
STABLE_AFTER_S = 60.0
"""A worker that ran for this long is well again: its next restart is a first one."""
DRAIN_DEADLINE_S = 5.0
LOOK_S = 0.05


def restart_delay_s(attempt: int) -> float:
    """How long to wait before the first, second, ... restart in a row.

    The first comes at once, because a static member of the group that is back within its session
    gets its partitions without a rebalance; each further one after twice the time.
    """
    return min(FIRST_DELAY_S * 2.0 ** min(attempt - 1, 30), LONGEST_DELAY_S)


@dataclass(slots=True)
class _Watched:
    worker: WorkerProcess
    started_at_s: float = 0.0
    attempts: int = 0
    """Restarts in a row, without a stable time between them."""
    restart_at_s: float | None = None


class Supervisor:
    """Starts its workers, and starts them again for ever: only people can know that it is in vain.

    It must be asked to `look` all the time, at best every twentieth of a second.
    """

    def __init__(
        self, workers: Sequence[WorkerProcess], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.workers = workers
        self._clock = clock
        self._watched = [_Watched(worker) for worker in workers]

    def start(self) -> None:
        """Start all workers."""
        for watched in self._watched:
            self._start(watched)

    def look(self) -> list[WorkerProcess]:
        """Start workers again whose time has come; which they were."""
        return [watched.worker for watched in self._watched if self._look_at(watched)]

    def stop(self, deadline_s: float = DRAIN_DEADLINE_S) -> bool:
        """Let all workers finish their cycles and end; whether all did so in time and well."""
        running = [worker for worker in self.workers if worker.exit_status is None]
        for worker in running:
            worker.terminate()
        end_s = self._clock() + deadline_s
        while any(worker.exit_status is None for worker in running) and self._clock() < end_s:
            time.sleep(LOOK_S)
        unwell = [worker for worker in running if not _ended_well(worker, deadline_s)]
        return not unwell

    def _look_at(self, watched: _Watched) -> bool:
        status, now_s = watched.worker.exit_status, self._clock()
        if status is None:
            return False
        if watched.restart_at_s is None:
            self._plan_restart(watched, status, now_s)
        if watched.restart_at_s is None or now_s < watched.restart_at_s:
            return False
        watched.worker.restarts += 1
        self._start(watched)
        return True

    def _plan_restart(self, watched: _Watched, status: int, now_s: float) -> None:
        ran_s = now_s - watched.started_at_s
        watched.attempts = 1 if ran_s >= STABLE_AFTER_S else watched.attempts + 1
        delay_s = restart_delay_s(watched.attempts)
        watched.restart_at_s = now_s + delay_s
        log.warning(
            "%s (process %s) %s after %.1f s; attempt %d to start it again follows in %.1f s",
            watched.worker.worker_id,
            watched.worker.pid,
            in_words(status),
            ran_s,
            watched.attempts,
            delay_s,
        )

    def _start(self, watched: _Watched) -> None:
        watched.worker.start()
        watched.started_at_s, watched.restart_at_s = self._clock(), None
        log.info(
            "%s runs as process %s, web port %d",
            watched.worker.worker_id,
            watched.worker.pid,
            watched.worker.web_port,
        )


def _ended_well(worker: WorkerProcess, deadline_s: float) -> bool:
    """Whether a worker that was asked to end did so; it is killed if not."""
    status = worker.exit_status
    if status is None:
        worker.kill()
        log.error(
            "%s did not end within %.0f s and was killed. Nothing is lost: its open transaction is "
            "aborted, and its work goes on where it was committed",
            worker.worker_id,
            deadline_s,
        )
        return False
    if status in {0, -signal.SIGTERM}:  # by the signal itself, before it began to work
        log.info("%s has ended", worker.worker_id)
        return True
    log.error("%s %s while it was asked to stop", worker.worker_id, in_words(status))
    return False
