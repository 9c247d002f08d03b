"""A few hundred schedules, and the promise that a failing one can be had again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import main
from tests.simulation.faults import Kind
from tests.simulation.report import Report
from tests.simulation.schedule import run_schedule

REPOSITORY = Path(__file__).parents[2]
SCHEDULES = 300
SEED = 1


@pytest.fixture(scope="module")
def report() -> Report:
    report = Report(SEED)
    for seed in range(SEED, SEED + SCHEDULES):
        report.add(run_schedule(seed))
    return report


def test_whatever_dies_nothing_is_lost_doubled_swapped_or_torn(report: Report):
    found = [(outcome.failures[0], report.replay_command(outcome)) for outcome in report.failed]
    assert not found


@pytest.mark.parametrize(
    "seed",
    [pytest.param(900395, id="fenced while joining: the worker waited for ever")],
)
def test_what_a_schedule_found_once_stays_mended(seed: int):
    assert not run_schedule(seed).failures


def test_every_schedule_has_a_fault(report: Report):
    assert report.schedules == SCHEDULES
    assert report.without_fault == 0


@pytest.mark.parametrize(
    "what",
    [
        *(kind.value for kind in Kind),
        "frozen between offset commit and end of transaction",
        "frozen after rejoining",
        "late commits refused",
        "offsets waited for until stable",
        "members that were silent too long",
        "transactions aborted",
        "transactions timed out",
    ],
)
def test_every_kind_of_fault_and_what_it_leads_to_happens(report: Report, what: str):
    assert report.happened[what] >= 5


def test_a_seed_gives_the_same_schedule_in_every_process():
    """Step by step, whatever Python's hash seed."""
    lines: list[str] = []
    run_schedule(SEED, lines.append)
    command = f"-m tests.simulation --seed {SEED} --schedules 1 --trace"
    for hash_seed in ("1", "2"):
        replayed = subprocess.run(
            [sys.executable, *command.split()],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert replayed.stdout.splitlines()[: len(lines)] == lines


def run_main(monkeypatch: pytest.MonkeyPatch, command: str) -> int:
    monkeypatch.setattr(sys, "argv", command.split())
    return main()


def test_a_failing_seed_is_told_with_the_command_that_replays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    command = "simulation --seed 1 --schedules 3 --mutant dead_letters_dropped --json"
    assert run_main(monkeypatch, command) == 1
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["schedules"] == 3
    failure = summary["failures"][0]
    program, _, arguments = failure["replay"].partition("simulation ")
    assert program == "python -m tests."
    assert run_main(monkeypatch, f"simulation {arguments} --json") == 1
    output = capsys.readouterr().out.splitlines()
    assert json.loads(output[-1])["failures"] == [failure]
    assert any("FAILURE lost" in line for line in output)


def test_only_one_schedule_is_traced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit):
        run_main(monkeypatch, "simulation --trace")
    assert "add --schedules 1" in capsys.readouterr().err
