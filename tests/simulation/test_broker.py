"""The simulated broker keeps the rules that tests/stream/test_fencing.py shows of Kafka."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest
from aiokafka import errors
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stream.log import Membership, WorkerFencedError
from pipeline.stream.outbox import Output
from pipeline.stream.records import TopicPartition
from tests.simulation.broker.group import Joined
from tests.simulation.broker.offsets import UnstableOffsetError
from tests.simulation.broker.partitions import Entry, Identity, PartitionLog
from tests.simulation.checker import committed_entries
from tests.simulation.client import SimulatedLog
from tests.simulation.installation import SimulatedInstallation
from tests.simulation.process import Process
from tests.stream.counting import settings

PLACE = TopicPartition("counts", 0)
SOURCE = TopicPartition("lines", 0)
LATER_S = 30.0


@pytest.fixture
def installation() -> SimulatedInstallation:
    return SimulatedInstallation()


def run(installation: SimulatedInstallation, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run to its end, in virtual time."""
    task = installation.loop.start(installation.loop.world, coroutine)
    installation.loop.run_until(task.done, installation.loop.time() + LATER_S)
    return task.result()


def producer(installation: SimulatedInstallation, worker_id: str = "w1") -> SimulatedLog:
    process = Process(installation.loop, worker_id, "main")
    return SimulatedLog(installation._surroundings, process, settings("", "", worker_id, 0))


def values(installation: SimulatedInstallation) -> list[bytes | None]:
    visible = installation.broker.logs[PLACE].fetch(0, committed=True, records_max=100)
    return [entry.value for entry in visible.records]


async def open_transaction(log: SimulatedLog, value: bytes) -> None:
    await log.begin()
    sent = await log.send([Output(*PLACE, b"k", value, ())], timestamp_ms=1)
    await sent.confirm()


async def joined(installation: SimulatedInstallation, instance_id: str = "w1") -> Membership:
    """The only member of the group, in a new generation."""
    group = installation.broker.group
    answer: Joined = await group.join("", instance_id)
    await group.sync(answer.member_id, instance_id, answer.generation, {instance_id: (0,)})
    return Membership("app", answer.generation, answer.member_id, instance_id)


def test_only_committed_records_are_seen(installation: SimulatedInstallation):
    async def write() -> None:
        log = producer(installation)
        await log.start()
        for value, end in ((b"1", log.commit), (b"2", log.abort), (b"3", log.commit)):
            await open_transaction(log, value)
            await end()
        await open_transaction(log, b"4")

    run(installation, write())
    assert values(installation) == [b"1", b"3"]
    assert installation.broker.logs[PLACE].end == 7  # each end of a transaction takes an offset


def test_an_open_transaction_holds_back_what_was_written_after_it(
    installation: SimulatedInstallation,
):
    async def write() -> None:
        first, second = producer(installation, "w1"), producer(installation, "w2")
        for log in (first, second):
            await log.start()
        await open_transaction(first, b"first")
        await open_transaction(second, b"second")
        await second.commit()
        await asyncio.sleep(1)
        assert values(installation) == []
        await first.commit()
        await asyncio.sleep(10)

    run(installation, write())
    assert values(installation) == [b"first", b"second"]


def test_a_second_start_of_a_worker_fences_the_first(installation: SimulatedInstallation):
    async def write() -> None:
        first, second = producer(installation), producer(installation)
        await first.start()
        await open_transaction(first, b"first")
        await second.start()
        with pytest.raises(errors.InvalidProducerEpoch):
            await first.commit()
        await open_transaction(second, b"second")
        await second.commit()
        await asyncio.sleep(10)

    run(installation, write())
    assert values(installation) == [b"second"]


def test_a_transaction_that_is_too_old_is_aborted_and_its_producer_fenced(
    installation: SimulatedInstallation,
):
    async def write() -> None:
        log = producer(installation)
        await log.start()
        await open_transaction(log, b"late")
        await asyncio.sleep(10)
        assert not installation.broker.logs[PLACE].open
        with pytest.raises(errors.InvalidProducerEpoch):
            await log.commit()

    run(installation, write())
    assert values(installation) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"generation": 0}, "IllegalGeneration", id="older generation"),
        pytest.param({"member_id": "stranger"}, "FencedInstanceId", id="another run of it"),
        pytest.param({"instance_id": "w9"}, "UnknownMemberId", id="not a member"),
    ],
)
def test_a_late_commit_of_offsets_is_refused(
    installation: SimulatedInstallation, change: dict[str, Any], reason: str
):
    async def write() -> None:
        log = producer(installation)
        await log.start()
        membership = await joined(installation)
        await open_transaction(log, b"late")
        with pytest.raises(WorkerFencedError, match=reason):
            await log.send_offsets({SOURCE: 7}, membership._replace(**change))
        await log.abort()

    run(installation, write())
    assert values(installation) == []
    assert installation.broker.offsets.committed == {}


def test_an_offset_an_open_transaction_may_change_is_unstable(installation: SimulatedInstallation):
    offsets = installation.broker.offsets

    async def write() -> None:
        log = producer(installation)
        await log.start()
        membership = await joined(installation)
        await open_transaction(log, b"1")
        await log.send_offsets({SOURCE: 7}, membership)
        with pytest.raises(UnstableOffsetError):
            offsets.fetch([SOURCE], stable=True)
        assert offsets.fetch([SOURCE], stable=False) == {}
        await log.commit()
        await asyncio.sleep(10)

    run(installation, write())
    assert offsets.fetch([SOURCE], stable=True) == {SOURCE: 7}


def test_a_static_member_keeps_its_place_over_a_restart(installation: SimulatedInstallation):
    async def restart() -> None:
        before = await joined(installation)
        after = await joined(installation)
        assert after.generation == before.generation
        with pytest.raises(errors.UnknownMemberIdError):
            installation.broker.group.heartbeat(before.member_id, before.generation)

    run(installation, restart())


def test_a_silent_member_loses_its_place(installation: SimulatedInstallation):
    async def be_silent() -> None:
        membership = await joined(installation)
        await asyncio.sleep(5)
        with pytest.raises(errors.UnknownMemberIdError):
            installation.broker.group.heartbeat(membership.member_id, membership.generation)

    run(installation, be_silent())


def write_something(log: PartitionLog, random: Random) -> None:
    identity = Identity(random.randrange(3), 0)
    actions: tuple[Callable[[], object], ...] = (
        lambda: log.append(
            [Output("t", 0, b"%d" % random.randrange(4), b"", ())],
            1,
            identity,
            log._sequences.get(identity, 0),
        ),
        lambda: log.append([Output("t", 0, b"plain", b"", ())], 1),
        lambda: log.mark(identity, committed=random.random() < 0.5),
    )
    random.choice(actions)()


@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_what_is_fetched_is_what_the_markers_say(random: Random, writes: int):
    """The broker's way of answering fetches and the checker's way of reading agree."""
    log = PartitionLog()
    for _ in range(writes):
        write_something(log, random)
    stable = [entry for entry in committed_entries(log.entries) if entry.offset < log.stable_end]
    assert log.fetch(0, committed=True, records_max=1_000).records == stable


@given(st.randoms(use_true_random=False), st.integers(0, 60))
def test_compaction_keeps_the_last_committed_record_of_each_key(random: Random, writes: int):
    log = PartitionLog()
    for _ in range(writes):
        write_something(log, random)

    def last_by_key() -> dict[bytes | None, Entry]:
        visible = log.fetch(0, committed=True, records_max=1_000)
        return {entry.key: entry for entry in visible.records}

    before = last_by_key()
    log.compact()
    assert last_by_key() == before
