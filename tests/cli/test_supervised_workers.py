"""`greenlane worker --workers N` from the outside, on a real broker."""

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest
from typer.testing import CliRunner

from pipeline.app import build_rooms
from pipeline.cli.main import app
from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.sandbox.ports import free_port, is_free
from pipeline.settings import Settings

DEADLINE_S = 60.0
BACK_WITHIN_S = 20.0
"""On an idle machine it is two seconds; what is meant: not after a session or a rebalance."""


def two_free_ports() -> int:
    """The first of two neighbours."""
    while True:
        port = free_port()
        if is_free(port + 1):
            return port


def page(port: int, path: str) -> str | None:
    """A page of a worker, or None while it does not answer with 200."""
    with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as got:
        return str(got.read().decode())
    return None


def until(condition: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    end_s = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end_s, "not so in time"
        time.sleep(0.05)


class Supervised:
    """The supervisor's process, with the log of all in a file."""

    def __init__(self, broker: str, prefix: str, folder: Path) -> None:
        self.port = two_free_ports()
        self.log_path = folder / "workers.log"
        options = ["--broker", broker, "--topic-prefix", prefix, "--web-port", str(self.port)]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "worker", "--workers", "2", *options],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ready(self) -> bool:
        """Whether both workers are."""
        return all(page(self.port + number, "/health/ready") for number in (0, 1))

    def pid(self, worker_id: str) -> int:
        """Process of a worker, as the supervisor told it last."""
        found = re.findall(rf"{worker_id} runs as process (\d+)", self.log_path.read_text())
        return int(found[-1])

    def metric(self, number: int, name: str) -> float | None:
        """A metric of a worker without labels."""
        found = re.search(
            rf"^{name} (\S+)$", page(self.port + number, "/metrics") or "", re.MULTILINE
        )
        return float(found[1]) if found else None


@pytest.fixture
def supervised(broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Supervised]:
    asyncio.run(create_topics(broker, declarations(), topic_prefix=topic_prefix, partitions=2))
    started = Supervised(broker, topic_prefix, tmp_path)
    yield started
    started.process.kill()
    started.process.wait()


def test_a_killed_worker_is_back_with_its_partitions_and_the_other_notices_nothing(
    supervised: Supervised,
):
    """Then SIGTERM ends all of them, well."""
    until(supervised.ready)
    half = sum(len(room.inputs) for room in build_rooms(Settings()))  # of two partitions each
    until(lambda: supervised.metric(0, "greenlane_assigned_partitions") == half)
    until(lambda: supervised.metric(1, "greenlane_assigned_partitions") == half)
    rebalances = supervised.metric(1, "greenlane_rebalances_total")
    psutil.Process(supervised.pid("worker-1")).kill()
    until(lambda: supervised.metric(0, "greenlane_worker_restarts_total") == 1, BACK_WITHIN_S)
    until(lambda: supervised.metric(0, "greenlane_assigned_partitions") == half, BACK_WITHIN_S)
    assert supervised.metric(1, "greenlane_rebalances_total") == rebalances
    assert supervised.metric(1, "greenlane_worker_restarts_total") == 0
    log = supervised.log_path.read_text()
    assert "was ended by signal 9 (SIGKILL)" in log
    assert "attempt 1 to start it again follows in 0.2 s" in log
    pids = [supervised.pid(worker_id) for worker_id in ("worker-1", "worker-2")]
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.process.wait(DEADLINE_S) == 0, supervised.log_path.read_text()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_more_ports_than_there_are_is_told() -> None:
    answer = CliRunner().invoke(app, ["worker", "--workers", "3", "--web-port", "65534"])
    assert answer.exit_code == 2
    assert "3 ports from 65534 on are more than there are" in answer.output


def test_a_missing_broker_is_told_before_any_worker_is_started() -> None:
    broker = f"127.0.0.1:{free_port()}"
    ran = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "worker", "--workers", "2", "--broker", broker],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ran.returncode == 1
    assert f"no Kafka broker answers at {broker}" in ran.stderr
    assert "runs as process" not in ran.stderr
