"""Files that cannot hold manifests are told by name, by whichever command reads them."""

import gzip
import io
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import files
from pipeline.cli.files import STANDARD_INPUT, read_file
from pipeline.cli.main import app
from pipeline.errors import InputFileError
from tests.builders import manifest

UNUSABLE = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "gzip": (gzip.compress(b"{}"), "is compressed (gzip); unpack it first"),
    "zip": (b"PK\x03\x04...", "is compressed (zip); unpack it first"),
}
COMMANDS = [["decide"], ["publish", "--broker", "127.0.0.1:1"]]


def run(command: list[str], path: Path | str, text: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [*command, str(path)], input=text)


@pytest.mark.parametrize("command", COMMANDS, ids=["decide", "publish"])
@pytest.mark.parametrize(("content", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_file_is_named(
    tmp_path: Path, command: list[str], content: bytes, told: str
) -> None:
    path = tmp_path / "manifests.jsonl"
    path.write_bytes(content)
    error = run(command, path).exception
    assert isinstance(error, InputFileError)
    assert str(error) == f"{path} {told}"


@pytest.mark.parametrize("command", COMMANDS, ids=["decide", "publish"])
def test_a_folder_and_a_missing_file_are_named(tmp_path: Path, command: list[str]) -> None:
    for path, told in ((tmp_path, "Is a directory"), (tmp_path / "x", "No such file or directory")):
        error = run(command, path).exception
        assert isinstance(error, InputFileError)
        assert str(error) == f"{path} cannot be read: {told}"


def test_nothing_on_standard_input_is_told() -> None:
    assert str(run(["decide"], "-", b"").exception) == "standard input is empty"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(b"\xef\xbb\xbf" + msgspec.json.encode(manifest()))
    assert run(["decide"], path).exit_code == 0


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
