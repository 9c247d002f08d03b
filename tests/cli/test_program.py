"""Hints name the program so that they can be typed."""

import sys
from pathlib import Path

import pytest

from pipeline.cli.program import program


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The program in a folder of its own."""
    path = tmp_path / "bin" / "greenlane"
    path.parent.mkdir()
    path.touch(mode=0o755)
    return path


@pytest.mark.parametrize(
    ("on_path", "called", "named"),
    [
        (False, "bin/greenlane", "bin/greenlane"),
        (True, "bin/greenlane", "greenlane"),
        (False, "pipeline/cli/__main__.py", "greenlane"),
    ],
)
def test_it_is_named_by_its_path_only_where_its_name_would_not_be_found(
    installed: Path, monkeypatch: pytest.MonkeyPatch, on_path: bool, called: str, named: str
) -> None:
    monkeypatch.chdir(installed.parents[1])
    monkeypatch.setenv("PATH", str(installed.parent) if on_path else "/nonexistent")
    monkeypatch.setattr(sys, "argv", [called])
    assert program() == named
