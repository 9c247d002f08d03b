"""A trial: what it notices of its broker, and which logs are left of it."""

import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.errors import BrokerError
from pipeline.sandbox.trial import _folder, _until_ready
from pipeline.sandbox.workers import WorkerPool


def gone() -> NoReturn:
    raise BrokerError("Kafka ended")


async def test_a_broker_that_ends_ends_the_waiting_for_workers(tmp_path: Path) -> None:
    never_started = WorkerPool(1, {}, tmp_path)
    with pytest.raises(BrokerError, match="Kafka ended"):
        await _until_ready(never_started, gone)


@pytest.mark.parametrize(
    ("text", "left"), [("no topic", []), ("see {folder}/worker-1.log", ["worker-1.log"])]
)
def test_only_logs_outlive_a_trial_and_only_if_an_error_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, left: list[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fail() -> None:
        with _folder() as folder:
            (folder / "worker-1.log").touch()
            (folder / "snapshots").mkdir()
            raise BrokerError(text.format(folder=folder))

    with pytest.raises(BrokerError):
        fail()
    assert [path.name for path in tmp_path.glob("*/*")] == left
    assert len(list(tmp_path.iterdir())) == len(left)
