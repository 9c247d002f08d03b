"""What a fetch returns that outlived the assignment under which it was asked for."""

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver

from pipeline.stream.log import Membership, MembershipRefusedError
from pipeline.stream.transport import ChunkConsumerThread

PLACE = TopicPartition("lines", 0)
RECORDS = {PLACE: [SimpleNamespace(offset=7), SimpleNamespace(offset=8)]}


class Consumer:
    """As much of aiokafka's consumer as a fetch touches."""

    def __init__(self) -> None:
        self.sought: list[tuple[TopicPartition, int]] = []
        self.assignment = object()
        self._coordinator = SimpleNamespace(
            generation=4, member_id="m1", _group_instance_id="app-w1"
        )

    @property
    def _subscription(self) -> Any:
        subscription = SimpleNamespace(assignment=self.assignment)
        return SimpleNamespace(subscription=subscription, is_assigned=lambda place: place == PLACE)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.sought.append((place, offset))


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> ChunkConsumerThread:
    thread = ChunkConsumerThread.__new__(ChunkConsumerThread)
    consumer = Consumer()
    thread.app = SimpleNamespace(conf=SimpleNamespace(id="app"))
    monkeypatch.setattr(thread, "_ensure_consumer", lambda: consumer, raising=False)
    thread.note_assignment()
    return thread


def fetching(monkeypatch: pytest.MonkeyPatch, *, meanwhile: Any = lambda: None) -> None:
    async def fetch(*_: Any, **__: Any) -> dict[TopicPartition, list[Any]]:
        meanwhile()
        return RECORDS

    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "_fetch_records", fetch)


async def test_records_of_the_present_assignment_carry_its_membership(
    thread: ChunkConsumerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching(monkeypatch)
    fetched = await thread._fetch_records()
    assert fetched == RECORDS
    assert fetched.membership == Membership("app", 4, "m1", "app-w1")
    assert thread._ensure_consumer().sought == []


async def test_records_taken_by_a_call_of_the_assignment_before_are_given_back(
    thread: ChunkConsumerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked is gone: without a step back nobody would ever see them."""

    def assign_anew() -> None:
        thread._ensure_consumer().assignment = object()
        thread.note_assignment()

    fetching(monkeypatch, meanwhile=assign_anew)
    assert await thread._fetch_records() == {}
    assert thread._ensure_consumer().sought == [(PLACE, 7)]


async def test_a_worker_that_the_group_refuses_ends_instead_of_waiting_for_ever(
    thread: ChunkConsumerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads without partitions, so nobody would hear what aiokafka keeps for the reader."""
    coordinator = GroupCoordinator.__new__(GroupCoordinator)
    coordinator._closing = asyncio.get_running_loop().create_future()
    thread._consumer = SimpleNamespace(_coordinator=coordinator)
    failures: list[BaseException] = []
    thread.app.engine = SimpleNamespace(fail=failures.append)
    monkeypatch.setattr(thread, "_ensure_consumer", lambda: thread._consumer)
    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "on_start", AsyncMock())
    await thread.on_start()
    refusal = asyncio.create_task(coordinator._push_error_to_user(KafkaError("FENCED_INSTANCE_ID")))
    await asyncio.sleep(0)
    assert not refusal.done()
    [failure] = failures
    assert isinstance(failure, MembershipRefusedError)
    assert "FENCED_INSTANCE_ID" in str(failure)
    coordinator._closing.set_result(None)
    await refusal
