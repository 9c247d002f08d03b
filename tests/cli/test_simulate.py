"""`greenlane simulate`: to a file, to a broker, with the truth beside it."""

import asyncio
from collections import Counter
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import BrokerError, InputFileError
from pipeline.ops.topic_reader import TopicReader
from pipeline.sandbox.carriers.simulate import simulate
from pipeline.sandbox.carriers.truth import MessageKind
from pipeline.sandbox.manifest_files import read_manifests
from pipeline.sandbox.trial import Trial

PARCELS, SEED = 12_000, 2


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


@pytest.fixture
def simulated(tmp_path: Path) -> Path:
    """A folder with a file of manifests and one of their truth."""
    arguments = ["--parcels", PARCELS, "--seed", SEED]
    files = ["--output", tmp_path / "manifests.jsonl", "--truth", tmp_path / "truth.jsonl"]
    assert run(*arguments, *files).exit_code == 0
    return tmp_path


def test_a_file_holds_all_messages_that_can_be_read(simulated: Path) -> None:
    messages = [m for m in simulate(PARCELS, SEED) if m.kind is not MessageKind.CORRUPT]
    text = (simulated / "manifests.jsonl").read_bytes()
    assert text.splitlines() == [message.value for message in messages]
    assert len(list(read_manifests("manifests.jsonl", text))) == len(messages)


def test_the_truth_tells_of_each_message(simulated: Path) -> None:
    lines = list(map(orjson.loads, (simulated / "truth.jsonl").read_bytes().splitlines()))
    messages = list(simulate(PARCELS, SEED))
    assert [line["kind"] for line in lines] == [message.kind for message in messages]
    assert sum(line["parcels"] for line in lines if line["kind"] != "repeat") == PARCELS
    assert [line["planted"] for line in lines] == [message.planted for message in messages]
    assert [line["faults"] for line in lines] == [message.faults for message in messages]


def test_on_a_broker_unreadable_messages_are_sent_too(installation: Trial) -> None:
    where = ["--broker", installation.broker, "--topic-prefix", installation.topic_prefix]
    messages = list(simulate(PARCELS, SEED))
    assert {message.kind for message in messages} == set(MessageKind)

    async def read() -> Counter[bytes | None]:
        reader = TopicReader(
            installation.broker, ["manifests"], topic_prefix=installation.topic_prefix
        )
        async with reader:
            result = await asyncio.to_thread(run, "--parcels", PARCELS, "--seed", SEED, *where)
            assert result.exit_code == 0
            values: Counter[bytes | None] = Counter()
            while values.total() < len(messages):
                values.update(record.value for record in await reader.poll(100))
            return values

    assert asyncio.run(asyncio.wait_for(read(), 30)) == Counter(m.value for m in messages)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    error = run("--output", tmp_path / "missing" / "manifests.jsonl").exception
    assert isinstance(error, InputFileError)
    assert str(error).endswith(
        "missing/manifests.jsonl cannot be written: No such file or directory"
    )


def test_without_a_broker_the_error_is_one_for_people() -> None:
    assert isinstance(run("--broker", "127.0.0.1:1").exception, BrokerError)


def test_no_parcels_are_an_unusable_call() -> None:
    assert run("--parcels", 0).exit_code == 2
