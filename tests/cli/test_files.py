"""Files of commands are read up to a limit."""

import io
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.cli import files
from pipeline.cli.files import STANDARD_INPUT, read_file
from pipeline.errors import InputFileError


class Standard(NamedTuple):
    buffer: io.BytesIO


@pytest.fixture(params=["file", "standard input"])
def ten_bytes(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    if request.param == "standard input":
        monkeypatch.setattr(sys, "stdin", Standard(io.BytesIO(b"0123456789")))
        return STANDARD_INPUT
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    return path


def test_a_file_at_the_limit_is_read(ten_bytes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILE_BYTES_MAX", 10)
    assert read_file(ten_bytes) == b"0123456789"


def test_a_file_above_the_limit_is_refused(
    ten_bytes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FILE_BYTES_MAX", 9)
    with pytest.raises(InputFileError, match="has more than 9 bytes"):
        read_file(ten_bytes)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"nothing\.json cannot be read: No such file"):
        read_file(tmp_path / "nothing.json")
