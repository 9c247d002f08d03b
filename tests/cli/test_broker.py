"""`greenlane broker`: runs until it is stopped, and leaves nothing behind."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pipeline.sandbox.kafka_jars import KAFKA_VERSION
from pipeline.sandbox.ports import free_port

DEADLINE_S = 60
COMMAND = [
    sys.executable,
    "-c",
    "import typer; from pipeline.cli.broker import *; typer.run(broker)",
]


@pytest.mark.own_broker
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stopped_by_a_signal_it_ends_kafka_and_exits_with_0(stop: int, tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "--port", str(port), "--data-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"127.0.0.1:{port}\n"
    kafka = psutil.Process(process.pid).children()
    process.send_signal(stop)
    _, told = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert f"Kafka {KAFKA_VERSION} answers at 127.0.0.1:{port}" in told
    assert str(tmp_path / "kafka.log") in told
    assert kafka
    assert not [child for child in kafka if child.is_running()]
