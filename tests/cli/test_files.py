"""Files that cannot hold manifests are told by name, by whichever command reads them."""

import gzip
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import files
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


@pytest.mark.parametrize("where", ["file", "standard input"])
@pytest.mark.parametrize(("limit", "refused"), [(10, False), (9, True)])
def test_a_file_is_read_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, limit: int, refused: bool
) -> None:
    """Here ten bytes that are no manifest."""
    monkeypatch.setattr(files, "FILE_BYTES_MAX", limit)
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    result = run(["decide"], *(("-", b"0123456789") if where != "file" else (path,)))
    assert isinstance(result.exception, InputFileError) == refused
    assert not refused or "has more than 9 bytes" in str(result.exception)
