"""The gate of law: open only while nothing published can have been missed."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.errors import BrokerError
from pipeline.ops import law_gate
from pipeline.ops.law_gate import LawGate
from pipeline.ops.law_topic import publish_law
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.publication import KEY, TOPIC, LawPublication, PublishedLaw, RefusedLaw
from pipeline.rulebook.shelf import Shelf
from pipeline.stream.records import Fault, Record
from tests.revenue.new_law import PATH, flat_duty_of_four
from tests.revenue.test_published_law import DAY

FILES = {PATH: flat_duty_of_four("2026-07-10")}
PUBLICATION = LawPublication(reason="test", covers_from=DAY, files=FILES)
LAW = Record("law", 0, 0, 1_000, KEY, msgspec.json.encode(PUBLICATION))
UNREADABLE = Record("law", 0, 1, 1_000, None, None, fault=Fault("unreadable_batch", "damaged"))


class Topic:
    """A topic in place of a reader: what lies on it, and what goes wrong with reading."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.failure: Exception | None = None
        self.read = 0
        self.looks = 0

    async def __aenter__(self) -> "Topic":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def ends(self) -> int:
        self.looks += 1
        if self.failure:
            raise self.failure
        return len(self.records)

    async def is_behind(self, ends: int) -> bool:
        return self.read < ends

    async def poll(self, _timeout_ms: int) -> list[Record]:
        found, self.read = self.records[self.read :], len(self.records)
        return found


class Guarded:
    """A gate on such a topic, with what it told."""

    def __init__(self, *records: Record) -> None:
        self.topic, self.shelf = Topic(*records), Shelf(load_rule_book())
        self.heard: list[PublishedLaw | RefusedLaw] = []
        self.failures: list[BaseException] = []
        reader: Any = self.topic
        self.gate = LawGate(
            reader, self.shelf, on_law=self.heard.append, on_failure=self.failures.append
        )


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law_gate, "LOOK_EVERY_S", 0.01)


async def test_what_was_published_before_stands_on_the_shelf_before_work_begins() -> None:
    guarded = Guarded(LAW, UNREADABLE)
    await guarded.gate.start()
    assert guarded.gate.is_open
    assert guarded.shelf.newest.covers_from == DAY
    assert [isinstance(one, PublishedLaw) for one in guarded.heard] == [True, False]
    assert guarded.heard[1].code == "unreadable_batch"  # type: ignore[union-attr]
    await guarded.gate.stop()


async def test_what_is_published_later_is_heard() -> None:
    guarded = Guarded()
    await guarded.gate.start()
    guarded.topic.records.append(LAW)
    await until(lambda: guarded.shelf.newest.covers_from == DAY)
    await guarded.gate.stop()


@pytest.mark.parametrize("failure", [KafkaConnectionError(), KafkaTimeoutError()])
async def test_it_closes_when_the_topic_cannot_be_read_and_opens_when_it_can_again(
    monkeypatch: pytest.MonkeyPatch, failure: KafkaError
) -> None:
    monkeypatch.setattr(law_gate, "STALE_S", 0.2)
    guarded = Guarded()
    await guarded.gate.start()
    guarded.topic.failure = failure
    await until(lambda: not guarded.gate.is_open)
    waiting = asyncio.create_task(guarded.gate.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    guarded.topic.failure = None
    async with asyncio.timeout(5):
        await waiting
    assert guarded.gate.is_open
    assert not guarded.failures
    await guarded.gate.stop()


async def test_a_worker_that_may_not_read_law_ends() -> None:
    guarded = Guarded()
    await guarded.gate.start()
    guarded.topic.failure = TopicAuthorizationFailedError()
    await until(lambda: guarded.failures)
    assert isinstance(guarded.failures[0], TopicAuthorizationFailedError)
    await guarded.gate.stop()


async def test_stopping_a_gate_that_never_started_is_no_fault() -> None:
    await Guarded().gate.stop()


@pytest.fixture
async def law_topic(broker: str, topic_prefix: str) -> None:
    topics = [topic for topic in declarations() if topic.name == TOPIC]
    await create_topics(broker, topics, topic_prefix=topic_prefix)


@pytest.mark.usefixtures("law_topic")
async def test_two_who_publish_at_one_moment_are_told(broker: str, topic_prefix: str) -> None:
    """The later one was put together without the earlier one's files."""
    await publish_law(broker, topic_prefix, PUBLICATION, after=[])
    with pytest.raises(BrokerError, match="somebody else published law at the same moment"):
        await publish_law(broker, topic_prefix, PUBLICATION, after=[])


@pytest.mark.usefixtures("law_topic")
async def test_what_the_broker_does_not_take_is_told(broker: str, topic_prefix: str) -> None:
    huge = msgspec.structs.replace(PUBLICATION, reason="x" * 5_000_000)
    with pytest.raises(BrokerError, match="could not publish law"):
        await publish_law(broker, topic_prefix, huge, after=[])
