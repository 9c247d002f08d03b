"""The supervisor with real processes, small ones, and a clock of the test's own."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from pipeline.supervision.process import WorkerProcess
from pipeline.supervision.supervisor import (
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    STABLE_AFTER_S,
    Supervisor,
    restart_delay_s,
)

DEADLINE_S = 10.0
SLEEPS = "exec sleep 60"
IGNORES_TERM = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
FAILS_AT_TERM = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"
ENDS_AT_TERM = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s, "not so in time"
        time.sleep(0.01)


class Supervised:
    """Processes that run shell scripts under a supervisor with a clock of its own."""

    def __init__(self, folder: Path, scripts: Sequence[str]) -> None:
        self.now_s = 0.0
        self._folder = folder
        self.workers = [
            WorkerProcess(f"w{number}", {}, 6066 + number, self.log(number), ("sh", "-c", script))
            for number, script in enumerate(scripts)
        ]
        self.supervisor = Supervisor(self.workers, lambda: self.now_s)
        self.supervisor.start()

    def log(self, number: int) -> Path:
        return self._folder / f"{number}.log"

    def said(self, number: int) -> str:
        """What the process wrote."""
        return self.log(number).read_text()

    def end(self, number: int, ran_s: float = 0.0) -> None:
        """Kill a worker, and let the supervisor notice after it ran for so long."""
        self.now_s += ran_s
        self.workers[number].kill()
        self.supervisor.look()

    def restarted_after_s(self, number: int = 0) -> float:
        """How long the supervisor lets the dead worker wait."""
        died_at_s = self.now_s
        while not self.supervisor.look():
            self.now_s += 0.1
            assert self.now_s < died_at_s + 2 * LONGEST_DELAY_S
        assert self.workers[number].exit_status is None
        return self.now_s - died_at_s


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(*scripts: str) -> Supervised:
        started.append(Supervised(tmp_path, scripts))
        return started[-1]

    yield start
    for supervised in started:
        for worker in supervised.workers:
            worker.kill()


@pytest.mark.parametrize(
    ("attempt", "delay_s"), [(1, 0.2), (2, 0.4), (3, 0.8), (8, 25.6), (9, 30), (10_000, 30)]
)
def test_delays_double_up_to_the_longest(attempt: int, delay_s: float):
    assert restart_delay_s(attempt) == pytest.approx(delay_s)


def test_a_killed_worker_is_back_at_once_and_one_that_keeps_dying_waits_ever_longer(
    supervise: Callable[..., Supervised],
):
    supervised = supervise(SLEEPS)
    waits = []
    for _ in range(3):
        supervised.end(0)
        waits.append(supervised.restarted_after_s())
    assert waits == pytest.approx([FIRST_DELAY_S, 2 * FIRST_DELAY_S, 4 * FIRST_DELAY_S], abs=0.11)


def test_after_a_stable_time_the_next_restart_is_a_first_one(
    supervise: Callable[..., Supervised],
):
    supervised = supervise(SLEEPS)
    supervised.end(0)
    supervised.restarted_after_s()
    supervised.end(0, ran_s=STABLE_AFTER_S)
    assert supervised.restarted_after_s() == pytest.approx(FIRST_DELAY_S, abs=0.11)


def test_the_others_run_on_while_one_is_restarted(supervise: Callable[..., Supervised]):
    supervised = supervise(SLEEPS, SLEEPS)
    pids = [worker.pid for worker in supervised.workers]
    supervised.end(0)
    supervised.restarted_after_s()
    assert supervised.workers[0].pid != pids[0]
    assert supervised.workers[1].pid == pids[1]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("kill -9 $$", "was ended by signal 9 (SIGKILL)"),
        ("exit 70", "ended with exit status 70 (its log says why)"),
        ("exit 0", "ended with exit status 0"),
    ],
)
def test_it_says_who_ended_how_and_when_the_next_attempt_follows(
    supervise: Callable[..., Supervised],
    caplog: pytest.LogCaptureFixture,
    script: str,
    words: str,
):
    supervised = supervise(script)
    until(lambda: supervised.workers[0].exit_status is not None)
    supervised.now_s = 12.5
    supervised.supervisor.look()
    pid = supervised.workers[0].pid
    expected = (
        f"w0 (process {pid}) {words} after 12.5 s; attempt 1 to start it again follows in 0.2 s"
    )
    assert expected in caplog.messages


def test_a_worker_is_told_how_often_it_was_started_again(supervise: Callable[..., Supervised]):
    supervised = supervise('echo "restarts $GREENLANE_WORKER_RESTARTS"; exec sleep 60')
    until(lambda: "restarts 0" in supervised.said(0))
    supervised.end(0)
    supervised.restarted_after_s()
    until(lambda: "restarts 1" in supervised.said(0))


def test_a_stop_lets_workers_end_and_tells_that_all_is_well(supervise: Callable[..., Supervised]):
    """Also those that had not begun to work, and had no handler for the signal yet."""
    supervised = supervise(ENDS_AT_TERM, SLEEPS)
    until(lambda: "ready" in supervised.said(0))
    assert supervised.supervisor.stop()
    assert [w.exit_status for w in supervised.workers] == [0, -signal.SIGTERM]


def test_a_stop_kills_who_does_not_end_in_time_and_says_so(
    supervise: Callable[..., Supervised], caplog: pytest.LogCaptureFixture
):
    supervised = supervise(IGNORES_TERM, ENDS_AT_TERM)
    until(lambda: all("ready" in supervised.said(number) for number in (0, 1)))
    supervised.supervisor._clock = time.monotonic
    assert not supervised.supervisor.stop(deadline_s=0.5)
    assert [w.exit_status for w in supervised.workers] == [-signal.SIGKILL, 0]
    assert "w0 did not end within 0 s and was killed. Nothing is lost" in caplog.text


def test_a_stop_tells_who_fails_on_the_way_down(
    supervise: Callable[..., Supervised], caplog: pytest.LogCaptureFixture
):
    supervised = supervise(FAILS_AT_TERM)
    until(lambda: "ready" in supervised.said(0))
    assert not supervised.supervisor.stop()
    expected = "w0 ended with exit status 7 (its log says why) while it was asked to stop"
    assert expected in caplog.messages


def test_workers_end_with_their_supervisor_however_that_ends():
    """No worker may go on unsupervised, and without anybody to stop it."""
    program = (
        "import time\n"
        "from pipeline.supervision.process import WorkerProcess\n"
        "worker = WorkerProcess('w', {}, 6066, command=('sleep', '60'))\n"
        "worker.start()\n"
        "print(worker.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        child = psutil.Process(int(supervisor.stdout.readline()))
        supervisor.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
