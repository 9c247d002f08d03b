"""`greenlane demo` on the run's broker: what it prints, how it is stopped, what it leaves."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import orjson
import psutil
import pytest
from aiokafka.client import AIOKafkaClient

from pipeline.errors import BrokerError
from pipeline.ops.topic_reader import TopicReader
from pipeline.sandbox.trial import Trial
from pipeline.sandbox.trial_run import TrialRun

DEADLINE_S = 60
ENDLESS = "1000000000"
SUMMARY = [
    "announced",
    "release",
    "inspection",
    "revenue",
    "rejected",
    "dead_lettered",
    "difference",
    "duration_s",
    "parcels_per_second",
    "latency_ms",
    "workers",
    "seed",
    "versions",
]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(broker: str, tmp_path: Path) -> Start:
    """Starts the command on the broker, with one worker and an empty folder for its files."""

    def started(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipeline.cli", "demo", "--workers", "1"]
        return subprocess.Popen(
            [*command, "--broker", broker, *arguments],
            env=os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "80"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


async def demo_topics(broker: str) -> set[str]:
    client = AIOKafkaClient(bootstrap_servers=broker)
    try:
        await client.bootstrap()
        topics = (await client.fetch_all_metadata()).topics()
    finally:
        await client.close()
    return {name for name in topics if name.startswith("demo-")}


async def until_it_publishes(broker: str, before: set[str]) -> None:
    """Wait until a manifest is on a topic that was not there before."""
    new: set[str] = set()
    while not new:
        new = {topic for topic in await demo_topics(broker) - before if ".manifests" in topic}
    async with TopicReader(broker, [*new], from_beginning=True) as reader:
        while not await reader.poll(100):
            pass


def test_json_is_one_line_with_the_whole_sum_and_nothing_is_left(
    start: Start, broker: str, tmp_path: Path
) -> None:
    before = asyncio.run(demo_topics(broker))
    process = start("--parcels", "3000", "--seed", "5", "--json")
    out, told = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, told
    summary = orjson.loads(out)
    assert list(summary) == SUMMARY
    assert list(summary["latency_ms"]) == ["p50", "p95", "p99"]
    assert (summary["announced"], summary["difference"]) == (3_000, 0)
    assert (summary["workers"], summary["seed"]) == (1, 5)
    ends = ("release", "inspection", "revenue", "rejected", "dead_lettered")
    assert sum(summary[end] for end in ends) == 3_000
    assert list(tmp_path.iterdir()) == []
    assert asyncio.run(demo_topics(broker)) == before


def test_stopped_in_the_middle_it_says_so_and_leaves_nothing(
    start: Start, broker: str, tmp_path: Path
) -> None:
    """SIGTERM acts like Ctrl-C."""
    before = asyncio.run(demo_topics(broker))
    process = start("--parcels", ENDLESS, "--rate", "200")
    asyncio.run(asyncio.wait_for(until_it_publishes(broker, before), DEADLINE_S))
    workers = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGTERM)
    out, told = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130
    assert "Stopped before the end" in out
    assert told == ""
    assert workers
    assert not [worker for worker in workers if worker.is_running()]
    assert list(tmp_path.iterdir()) == []
    assert asyncio.run(demo_topics(broker)) == before


def test_kept_running_it_ends_at_ctrl_c_with_a_closed_ledger_in_words(
    start: Start, broker: str
) -> None:
    before = asyncio.run(demo_topics(broker))
    process = start("--parcels", "1", "--rate", "2000", "--keep")
    asyncio.run(asyncio.wait_for(until_it_publishes(broker, before), DEADLINE_S))
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, told
    assert "greenlane watch --broker" in out
    assert " = difference " in out
    assert "is released." in out
    assert "Where to look next" in out
    assert max(map(len, out.partition("Where to look next")[2].splitlines())) < 80


async def test_a_broker_that_ends_ends_the_run(installation: Trial) -> None:
    def gone() -> NoReturn:
        raise BrokerError("Kafka ended")

    run = TrialRun(installation._replace(check_broker=gone), seed=11)
    with pytest.raises(BrokerError, match="Kafka ended"):
        await run.run(10_000, parcels_per_second=100, keep=False, on_tick=lambda _: None)
