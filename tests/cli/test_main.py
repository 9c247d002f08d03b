"""The `greenlane` command itself: errors for people, exit statuses."""

import sys
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.cli.main import main


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns."""
    monkeypatch.setenv("COLUMNS", "40")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["greenlane", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_an_error_is_one_line_that_can_be_copied_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a folder with a long name" / "manifests.jsonl"
    assert run(monkeypatch, "decide", str(path)) == 2
    told = capsys.readouterr().err
    assert told == f"greenlane: {path} cannot be read: No such file or directory\n"


def test_a_broker_that_is_not_there_is_a_failure_and_no_unusable_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "ledger", "--broker", "127.0.0.1:1") == 1
    told = capsys.readouterr().err
    assert told.startswith("greenlane: no Kafka broker answers at 127.0.0.1:1; start one with")
    assert told.count("\n") == 1


def test_a_setting_that_is_unknown_is_an_unusable_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GREENLANE_BORKER", "127.0.0.1:1")
    assert run(monkeypatch, "worker") == 2
    assert "GREENLANE_BORKER is not a setting" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"greenlane {__version__}\n"
