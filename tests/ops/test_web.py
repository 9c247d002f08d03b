"""Metrics and health as a real worker on a real broker tells them."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from prometheus_client.parser import text_string_to_metric_families

from pipeline.ops.broker import BrokerProbe, broker_answers
from pipeline.sandbox.ports import free_port
from tests.stream.counting import TOPICS

pytestmark = pytest.mark.broker
DEADLINE_S = 60.0


class TinyWorker:
    """A worker process and its web port."""

    def __init__(self, broker: str, prefix: str, log: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._command = [sys.executable, "-m", "tests.ops.tiny_worker", broker, prefix, "w1"]
        self._command.append(str(port))
        self._log = log

    def __enter__(self) -> "TinyWorker":
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command, cwd=Path(__file__).parents[2], stdout=log, stderr=log, env=os.environ
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    async def get(self, path: str) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        _, text = await self.get("/metrics")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def until(self, path: str, status: int) -> Any:
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                found, body = await self.get(path)
            except aiohttp.ClientError:
                found, body = 0, None
            if found == status:
                return body
            assert time.monotonic() < end, self._log.read_text()[-3000:]
            await asyncio.sleep(0.1)

    async def until_metric(self, name: str, labels: Mapping[str, str], value: float) -> None:
        end = time.monotonic() + DEADLINE_S
        while (found := (await self.metrics()).get((name, frozenset(labels.items())))) != value:
            assert time.monotonic() < end, f"{name}{labels} is {found}"
            await asyncio.sleep(0.1)


@pytest.fixture
async def worker(broker: str, topic_prefix: str, tmp_path: Path) -> AsyncIterator[TinyWorker]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(topic_prefix + n, p, 1) for n, p in TOPICS.items()])
    await admin.close()
    with TinyWorker(broker, topic_prefix, tmp_path / "worker.log") as worker:
        yield worker


async def send(broker: str, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    for number, value in enumerate(values):
        await producer.send_and_wait(topic, value, key=b"%d" % number)
    await producer.stop()


async def test_a_worker_tells_what_it_did_and_that_nothing_waits(
    worker: TinyWorker, broker: str, topic_prefix: str
) -> None:
    """Records, dead letters, lag and health of a worker agree with what was published."""
    ready = await worker.until("/health/ready", 200)
    assert ready["status"] == "ok"
    assert (await worker.get("/health/live"))[0] == 200

    await send(broker, f"{topic_prefix}lines", [b"a b", b"c", b"boom", b"d e f"])

    await worker.until_metric("greenlane_room_records_total", {"room": "split"}, 4)
    poison = {"source_topic": "lines", "code": "internal_error"}
    await worker.until_metric("greenlane_dead_letters_total", poison, 1)
    await worker.until_metric("greenlane_state_entries", {"room": "count"}, 6)
    for topic in ("lines", "words"):
        await worker.until_metric("greenlane_lag_records", {"topic": topic}, 0)
    samples = await worker.metrics()
    nothing: frozenset[tuple[str, str]] = frozenset()
    assert samples["greenlane_assigned_partitions", nothing] == 8
    assert samples["greenlane_transactions_committed_total", nothing] >= 2
    assert not [name for name, _ in samples if name.endswith("_created")]
    _, live = await worker.get("/health/live")
    assert live == {
        "status": "ok",
        "reasons": [],
        "waiting_records": 0,
        "assigned_partitions": 8,
    }


async def test_a_broker_that_runs_answers(broker: str) -> None:
    assert await broker_answers(broker)


async def test_nobody_answers_on_a_closed_port() -> None:
    assert not await broker_answers(f"127.0.0.1:{free_port()}", deadline_s=1.0)


async def test_a_good_answer_of_the_broker_is_believed_for_a_moment_only() -> None:
    """Within five seconds nobody is asked again; afterwards the broker must answer anew."""
    now_s = 100.0
    probe = BrokerProbe(f"127.0.0.1:{free_port()}", clock=lambda: now_s)
    probe._answered_at_s = 96.0
    assert await probe.answers()
    now_s = 101.5
    assert not await probe.answers()
