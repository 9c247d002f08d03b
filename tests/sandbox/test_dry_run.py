"""`greenlane decide`: the rooms on a file."""

import json
from pathlib import Path

import msgspec
import orjson
import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.errors import InputFileError
from pipeline.sandbox.carriers.simulate import Mix, simulate
from pipeline.sandbox.dry_run import read_messages
from tests import builders

runner = CliRunner()


@pytest.fixture
def simulated(tmp_path: Path) -> Path:
    path = tmp_path / "manifests.jsonl"
    messages = simulate(1_500, 7, Mix(corrupt=0))
    path.write_bytes(b"".join(message.value + b"\n" for message in messages))
    return path


def test_repeated_runs_give_the_same_bytes(simulated: Path) -> None:
    first = runner.invoke(app, ["decide", str(simulated)])
    second = runner.invoke(app, ["decide", str(simulated)])
    assert first.stdout_bytes == second.stdout_bytes
    assert first.stdout_bytes.count(b"\n") > 1_000


def test_an_accepted_manifest_exits_with_0(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(msgspec.json.encode(builders.manifest()))
    result = runner.invoke(app, ["decide", str(path)])
    assert result.exit_code == 0, result.output
    decision = json.loads(result.stdout)
    assert decision["outcome"] == "revenue"
    assert decision["revenue"]["total_due"] == "9.06"


def test_a_refused_parcel_exits_with_1_and_says_how_to_mend_it(tmp_path: Path) -> None:
    vague = builders.parcel(items=[builders.goods_item(description="gift")])
    path = tmp_path / "one.json"
    path.write_bytes(msgspec.json.encode(builders.manifest(parcels=[vague])))
    result = runner.invoke(app, ["decide", str(path)])
    assert result.exit_code == 1
    text = " ".join(result.stderr.split())
    assert "/parcels/0/items/0/description" in text
    assert "[DQ12]" in text
    assert "To mend it" in text


def test_an_unreadable_message_exits_with_1_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b'{"schema_version": 1, "carr')
    result = runner.invoke(app, ["decide", str(path)])
    assert result.exit_code == 1
    assert "not a JSON document" in " ".join(result.stderr.split())


def test_acknowledgements_are_printed_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(msgspec.json.encode(builders.manifest()))
    result = runner.invoke(app, ["decide", "--acknowledgements", str(path)])
    first = json.loads(result.stdout.splitlines()[0])
    assert first["status"] == "accepted"


def test_a_file_may_be_one_document_an_array_or_lines() -> None:
    one, two = {"a": 1}, {"b": 2}
    array, lines = orjson.dumps([one, two]), orjson.dumps(one) + b"\n\n" + orjson.dumps(two)
    assert list(read_messages(orjson.dumps(one))) == [orjson.dumps(one)]
    assert list(read_messages(array)) == list(read_messages(lines)) == [b'{"a":1}', b'{"b":2}']


def test_a_damaged_document_of_many_lines_is_one_message() -> None:
    text = json.dumps({"parcels": [1, 2]}, indent=2).encode()[:-3]
    assert len(text.splitlines()) > 2
    assert list(read_messages(text)) == [text]


def test_a_file_without_a_manifest_is_an_unusable_call(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    path.write_bytes(b"[]")
    error = runner.invoke(app, ["decide", str(path)]).exception
    assert isinstance(error, InputFileError)
    assert str(error) == f"{path}: there is no manifest in it"


def test_a_manifest_above_the_limit_of_bytes_is_decided_in_parts(tmp_path: Path) -> None:
    """As it would be published."""
    many = [builders.parcel(parcel_id=f"P-{number}") for number in range(1_990)]
    path = tmp_path / "large.json"
    path.write_bytes(msgspec.json.encode(builders.manifest(parcels=many)))
    assert path.stat().st_size > 1_048_576
    result = runner.invoke(app, ["decide", str(path), "--acknowledgements"])
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    parts = [(line["part"], line["parts"]) for line in lines if "part" in line]
    assert parts == [(1, 2), (2, 2)]
    assert sum(line.get("accepted_parcels", 0) for line in lines) == 1_990


def test_what_is_too_large_and_no_manifest_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(b'{"text": "' + b"x" * 1_100_000 + b'"}')
    result = runner.invoke(app, ["decide", str(path)])
    assert result.exit_code == 1
    assert "the limit is 1,048,576" in " ".join(result.stderr.split())
