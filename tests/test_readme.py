"""The README's tour is true: its commands exist, and its output is what they print today."""

import re
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.model import Decision
from pipeline.model.explain import explain

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\$ greenlane (.+?)(?: +#.*)?$", README, re.MULTILINE)


def block(beginning: str) -> list[str]:
    """The words of the output of a command."""
    [found] = [text for text in BLOCKS if text.startswith(f"$ greenlane {beginning}")]
    return [word for line in found.splitlines() if line[:1] != "$" for word in line.split()]


def run(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


@pytest.fixture(scope="module")
def dry_run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The second step of the tour, typed as it stands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("tour"))
        simulate, decide = COMMANDS[:2]
        assert run(simulate).exit_code == 0
        return run(decide.partition(" > ")[0])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command: str) -> None:
    line = command.partition(" > ")[0]
    assert run(f"{line} --help").exit_code == 0, run(f"{line} --help").output


def test_the_faults_are_those_of_the_dry_run(dry_run: Result) -> None:
    *shown, rest = block("simulate")
    assert rest == "..."
    assert dry_run.stderr.split()[: len(shown)] == shown


def test_the_decision_is_that_of_the_dry_run(dry_run: Result) -> None:
    shown = block("watch --parcel")
    decisions = map(msgspec.json.Decoder(Decision).decode, dry_run.stdout.splitlines())
    [told] = [explain(found) for found in decisions if found.parcel_id == shown[1]]
    assert " ".join(told).split() == shown


def test_the_ledger_adds_up() -> None:
    [ledger] = [text for text in BLOCKS if "= difference" in text]
    figures = {
        name: int(n.replace(",", "")) for name, n in re.findall(r"(\S+) +([\d,]+)\n", ledger)
    }
    ends = ("release", "inspection", "revenue", "rejected", "dead-lettered")
    assert figures["announced"] - sum(figures[end] for end in ends) == figures["difference"] == 0
