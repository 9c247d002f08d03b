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
from tests.formats.examples import EXAMPLES, with_text

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


@pytest.mark.parametrize("name", ["itmatt", "ics2_f30", "ics2_f43", "wco_declaration"])
def test_files_in_formats_of_the_trade_are_decided(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(EXAMPLES[name])
    result = runner.invoke(app, ["decide", str(path)])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[0])["manifest_id"]
    assert result.stdout_bytes == runner.invoke(app, ["decide", str(path)]).stdout_bytes


def test_a_partial_filing_alone_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "links.xml"
    path.write_bytes(EXAMPLES["ics2_f44"])
    result = runner.invoke(app, ["decide", str(path)])
    assert (result.exit_code, result.stdout) == (0, "")


def test_the_format_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(EXAMPLES["itmatt"])
    assert runner.invoke(app, ["decide", str(path), "--format", "itmatt"]).exit_code == 0
    result = runner.invoke(app, ["decide", str(path), "--format", "canonical"])
    assert result.exit_code == 1
    assert runner.invoke(app, ["decide", str(path), "--format", "edifact"]).exit_code == 2


@pytest.mark.parametrize(
    ("received_at", "legal_date"),
    [("2026-07-06", "2026-07-06"), ("2026-07-05T23:30:00Z", "2026-07-06"), (None, "20")],
)
def test_a_message_without_a_date_is_received_when_the_call_says_or_now(
    tmp_path: Path, received_at: str | None, legal_date: str
) -> None:
    """The second is the 6th of July by the clock of Berlin and London."""
    path = tmp_path / "declaration.xml"
    path.write_bytes(with_text("wco_declaration", "20260706090000+01", ""))
    options = ["--received-at", received_at] if received_at else []
    result = runner.invoke(app, ["decide", str(path), *options])
    decision = json.loads(result.stdout.splitlines()[0])
    assert decision["legal_date"].startswith(legal_date)
    assert decision["legal_date"] > "2026"
