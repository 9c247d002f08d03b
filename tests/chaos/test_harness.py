"""The harness: what it notices, and that it does not take silence for success."""

import asyncio
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import Result
from typer import Typer
from typer.testing import CliRunner

from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from tests.chaos import __main__ as command
from tests.chaos import reader
from tests.chaos.families import families
from tests.chaos.family import Family, Plan, Span
from tests.chaos.faults import FaultLog
from tests.chaos.load import Load, Message
from tests.chaos.oracle import examine
from tests.chaos.progress import End, decided_after_s
from tests.chaos.run import Run, _cancelled
from tests.chaos.runner import run_family
from tests.chaos.stuck import Look, Positions, worked_on_again_s
from tests.chaos.verdict import Verdict
from tests.chaos.workers import Workers
from tests.stream.cluster import until

BRIEF = Plan(100, 1, brief=True)


def verdict(**changes: object) -> Verdict:
    nothing = dict.fromkeys(("lost", "doubled", "contradictory", "out_of_order", "torn"), 0)
    figures = {"seed": 1, "faults": 3, "parcels": 100, "recovery_s": 1.0, "valid": True}
    return Verdict(**{"family": "stop", **figures, **nothing, **changes})


def test_a_fault_nobody_saw_is_named():
    log = FaultLog()
    log.inject("SIGKILL of worker-1").confirm(True, "exit status -9")
    log.inject("SIGKILL of worker-2").confirm(False, "exit status None")
    assert log.confirmed == 1
    assert log.unconfirmed == ["SIGKILL of worker-2"]


async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same():
    """As aiokafka's clients do while they disconnect."""
    swallowed: list[bool] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append(True)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await _cancelled(task)
    assert swallowed
    assert task.cancelled()


def test_the_backlog_is_decided_with_the_last_parcel_that_waited_when_the_last_fault_ended():
    """Parcels that came later do not count, however soon they were decided."""
    ends = [End(11.0, 1009.0), End(14.5, 1009.9), End(12.0, 1011.0), End(30.0, 1012.0)]
    assert decided_after_s(ends, over_at_s=10.0, offset_s=1000.0) == 4.5
    assert decided_after_s(ends, over_at_s=40.0, offset_s=1000.0) == 0.0


def test_recovery_ends_when_the_last_partition_that_was_behind_has_moved():
    """The one at its end does not count, nor one that has nothing but markers left."""
    ends = dict.fromkeys("abcd", 9)
    looks = [
        Look(1.0, {"a": 5, "b": 5, "c": 9, "d": 8}, ends),
        Look(3.0, {"a": 6, "b": 5, "c": 9, "d": 8}, ends),
        Look(4.5, {"a": 7, "b": 6, "c": 9, "d": 8}, ends),
        Look(9.0, {"a": 9, "b": 9, "c": 12, "d": 8}, ends),
    ]
    assert worked_on_again_s(looks, over_at_s=2.0) == 2.5
    assert worked_on_again_s(looks, over_at_s=10.0) == 0.0
    assert worked_on_again_s([], over_at_s=2.0) == 0.0


@pytest.mark.parametrize("wrong", ["lost", "doubled", "contradictory", "out_of_order", "torn"])
def test_one_of_anything_wrong_fails_the_run(wrong: str):
    assert verdict().passed
    assert not verdict(**{wrong: 1}).passed


@pytest.mark.parametrize(
    ("changes", "exit_code"),
    [({}, 0), ({"lost": 1}, 1), ({"problems": ["slow"]}, 1), ({"valid": False}, 2)],
    ids=["passed", "failed", "a promise broken", "invalid"],
)
def test_the_exit_status_tells_the_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, object], exit_code: int
):
    monkeypatch.setattr(command, "_run", lambda *_: verdict(**changes))
    report = tmp_path / "made" / "report.json"
    assert run_command("--family", "stop", "--report", str(report)).exit_code == exit_code
    assert '"recovery_s": 1.0' in report.read_text()


def test_one_family_prints_its_verdict_as_the_last_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(command, "_run", lambda *_: verdict())
    result = run_command("--family", "stop", "--report", str(tmp_path / "report.json"))
    assert result.stdout.splitlines()[-1].startswith('{"family":"stop","seed":1,"faults":3,')


def test_all_families_print_a_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(command, "_run", lambda _, family, __: verdict(family=family.name))
    result = run_command("--report", str(tmp_path / "report.json"))
    for name in families():
        assert f" {name} " in result.stdout


def test_an_unknown_family_is_answered_with_the_known_ones():
    result = run_command("--family", "flood")
    assert result.exit_code == 2
    assert "sigkill" in result.output


def run_command(*arguments: str) -> Result:
    app = Typer()
    app.command()(command.main)
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def sleepers(tmp_path: Path):
    workers = Workers(
        {}, tmp_path, (sys.executable, "-c", "import signal; signal.pause()"), restarts=True
    )
    workers.restarts_allowed = True
    yield workers
    workers.kill()


async def supervised(workers: Workers, seconds: float) -> None:
    supervising = asyncio.create_task(workers.supervise())
    await asyncio.sleep(seconds)
    supervising.cancel()


async def test_the_supervisor_starts_a_worker_that_ended_again(sleepers: Workers):
    worker = sleepers.add()
    worker.kill()
    supervising = asyncio.create_task(sleepers.supervise())

    async def restarted() -> bool:
        return worker.restarts > 0

    await until(restarted)
    supervising.cancel()
    assert sleepers.ended[0] == ("worker-1", -9)


async def test_a_worker_that_is_held_stays_as_it_is(sleepers: Workers):
    worker = sleepers.add()
    with sleepers.held(worker):
        worker.kill()
        await supervised(sleepers, 0.3)
        assert worker.exit_status == -9


async def test_without_restarts_an_ended_worker_is_only_noted(sleepers: Workers):
    sleepers.restarts_allowed = False
    worker = sleepers.add()
    worker.kill()
    await supervised(sleepers, 0.3)
    assert sleepers.ended == [("worker-1", -9)]
    assert not sleepers.running


@pytest.mark.broker
async def test_input_that_waits_is_named_with_its_room(broker: str, topic_prefix: str):
    await create_topics(broker, declarations(), topic_prefix=topic_prefix)
    async with Load(broker, topic_prefix) as load:
        await load.publish_manifest(Message(b"A/1", b"{}", 1))
        await load.flush()
    positions = Positions(broker, topic_prefix, f"{topic_prefix}greenlane")
    following = asyncio.create_task(positions.follow())

    async def unmoved() -> bool:
        return bool(positions.unmoved(1.0))

    await until(unmoved)
    following.cancel()
    (sent,) = load.acknowledged
    found = await positions.waiting(positions.unmoved(1.0))
    assert found == f"intake: manifests-{sent.partition} at 0"


@pytest.mark.broker
async def test_a_transaction_that_stays_open_is_reported(
    broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
):
    """What stands behind it cannot be read, so nothing can be said to be all right."""
    monkeypatch.setattr(reader, "END_DEADLINE_S", 1.0)
    await create_topics(broker, declarations(), topic_prefix=topic_prefix)
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=topic_prefix)
    async with producer, producer.transaction():
        await producer.send_and_wait(f"{topic_prefix}release", b"{}", partition=3)
        found = await examine(broker, topic_prefix, f"{topic_prefix}greenlane", [])
    assert found.torn == 1
    (example,) = found.examples["torn"]
    assert f"{topic_prefix}release-3" in example


@pytest.mark.broker
@pytest.mark.timeout(120)
def test_a_run_that_stands_still_ends_with_a_reason_and_its_logs(broker: str):
    async def wait_for_nothing(run: Run) -> None:
        await run.until(lambda: False, "pigs fly", deadline_s=1)

    family = Family(
        name="nothing",
        summary="nothing happens",
        load_s=Span(1, 1),
        inject=wait_for_nothing,
        workers=1,
    )
    found = asyncio.run(run_family(family, BRIEF, shared_broker=broker))
    assert not found.valid
    assert "no fault was injected" in found.problems
    assert "stuck: not within 1 s: pigs fly" in found.problems
    assert [Path(log).name for log in found.logs] == ["worker-1.log"]
