"""`--help` teaches: what each command does, with examples that can be typed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli.main import app

WIDTH = 80


def paths() -> list[str]:
    """Every command, groups left out: "demo", "topics create", ..."""
    return list(leaves("", typer.main.get_command(app).commands))


def leaves(group: str, commands: Mapping[str, Any]) -> Iterator[str]:
    for name, command in commands.items():
        inner = getattr(command, "commands", None)
        yield from leaves(f"{group}{name} ", inner) if inner else [group + name]


def help_of(line: str) -> Result:
    return CliRunner().invoke(app, [*line.split(), "--help"], env={"COLUMNS": str(WIDTH)})


def examples(path: str) -> list[str]:
    """What stands on its own line, without remarks and redirections."""
    lines = re.findall(r"^ +greenlane (.+)$", help_of(path).stdout, re.MULTILINE)
    return [re.split(r"\s{2,}| > ", line.strip())[0] for line in lines]


@pytest.mark.parametrize("path", paths())
def test_a_command_has_examples_of_itself(path: str) -> None:
    result = help_of(path)
    assert result.exit_code == 0
    assert "For example" in result.stdout
    assert any(f"{example} ".startswith(f"{path} ") for example in examples(path))


@pytest.mark.parametrize("example", [e for path in paths() for e in examples(path)])
def test_an_example_is_a_call_that_is_understood(example: str) -> None:
    assert help_of(example).exit_code == 0, help_of(example).output


@pytest.mark.parametrize("path", paths())
def test_paragraphs_flow_to_the_width_of_the_terminal(path: str) -> None:
    """No line ends after a word or two because it was broken at another width."""
    told = help_of(path).stdout.partition("╭")[0]
    paragraphs = [p.splitlines() for p in re.split(r"\n\s*\n", told) if "greenlane" not in p]
    inner = [line for lines in paragraphs for line in lines[:-1]]
    assert [line for line in inner if len(line.strip()) < WIDTH // 2] == []
