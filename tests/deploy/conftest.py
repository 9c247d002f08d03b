"""Workers whose metrics a Prometheus can scrape."""

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest
from prometheus_client import CollectorRegistry, start_http_server

from pipeline.model.decision import Cause, IrgCategory, Outcome, Versions
from pipeline.model.facts import DecisionNoted, FeedbackNoted, ManifestNoted, RejectionNoted
from pipeline.ops.metrics import Metrics
from pipeline.ops.observer import MetricsObserver
from pipeline.sandbox.ports import free_port
from pipeline.stream import Record, TopicPartition
from pipeline.stream.report import CycleReport, RoomReport
from tests.stream.counting import Count, Split

VERSIONS = Versions(rule_book="b1", risk_rules="r1", data_rules="d1", software="s1")
CYCLE_PAUSE_S = 0.1


@pytest.fixture(scope="session")
def worker_run() -> Iterator[list[str]]:
    """Addresses HOST:PORT of workers that are at work as long as the fixture is used."""
    ports = [free_port(), free_port()]
    over = threading.Event()
    threads = [
        threading.Thread(target=_work, args=(f"worker-{number}", port, over), daemon=True)
        for number, port in enumerate(ports, start=1)
    ]
    for thread in threads:
        thread.start()
    yield [f"127.0.0.1:{port}" for port in ports]
    over.set()
    for thread in threads:
        thread.join()


def _work(worker_id: str, port: int, over: threading.Event) -> None:
    rooms = [Split(), Count()]
    metrics = Metrics(CollectorRegistry(), rooms)
    metrics.set_worker(worker_id, VERSIONS)
    observer = MetricsObserver(metrics, rooms)
    observer.on_assigned(partitions=8, entries=100, seconds=0.5)
    server, thread = start_http_server(port, "127.0.0.1", metrics.registry)
    for number in count():
        if over.wait(CYCLE_PAUSE_S):
            break
        now_ms = int(time.time() * 1000)
        observer.on_cycle(_report(number, now_ms))
        observer.on_lag({TopicPartition("lines", 0): number % 3}, now_ms)
    server.shutdown()
    thread.join()


def _report(number: int, now_ms: int) -> CycleReport:
    room = RoomReport(work_seconds=0.01)
    room.add(Record("lines", 0, number, now_ms - 50, b"key", b"value"))
    outcomes = [*[Outcome.RELEASE] * 17, Outcome.INSPECTION, Outcome.REVENUE]
    decisions = [
        DecisionNoted(outcome, Cause.ASSESSMENT, IrgCategory(1 + place % 4), now_ms - 40 - place)
        for place, outcome in enumerate(outcomes)
    ]
    return CycleReport(
        committed_at_ms=now_ms,
        rooms={"split": room, "count": room},
        transaction_seconds=0.004,
        outputs=25,
        state_entries={"split": 10, "count": number},
        notes=[
            ManifestNoted(f"C{number % 3}", 20, 19, False, {"DQ-1": 1}, {"DQ-2": 1}),
            RejectionNoted("stale_version", 1),
            FeedbackNoted("payment", "applied"),
            DecisionNoted(Outcome.RELEASE, Cause.PAYMENT, IrgCategory.HIGH_VALUE, now_ms - 9),
            *decisions,
        ],
        dead_letters=[("lines", "invalid_json")],
    )
