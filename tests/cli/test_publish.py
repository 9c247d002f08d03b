"""`greenlane publish`: a carrier's files to the broker, and the answers to them."""

from pathlib import Path
from uuid import uuid4

import msgspec
import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import BrokerError, InputFileError
from pipeline.model import Parcel
from pipeline.sandbox.trial import Trial
from tests.builders import consignee, goods_item, manifest, parcel
from tests.formats.examples import with_text


def run(*arguments: object, text: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["publish", *map(str, arguments)], input=text)


def encoded(parcels: int = 1) -> bytes:
    """A manifest with ids of its own."""
    unique = uuid4().hex[:12]
    return encoded_with(*[parcel(parcel_id=f"P{unique}-{n}") for n in range(parcels)])


def encoded_with(*parcels: Parcel) -> bytes:
    """A manifest of these parcels."""
    return msgspec.json.encode(manifest(manifest_id=uuid4().hex[:12], parcels=[*parcels]))


@pytest.fixture
def where(installation: Trial) -> list[str]:
    """Options that name the broker, and a time to wait."""
    place = ["--broker", installation.broker, "--topic-prefix", installation.topic_prefix]
    return [*place, "--wait", "30"]


def test_accepted_manifests_of_files_and_standard_input(tmp_path: Path, where: list[str]) -> None:
    file = tmp_path / "two.jsonl"
    file.write_bytes(encoded() + b"\n" + encoded(2) + b"\n")
    result = run(file, "-", *where, text=encoded(3))
    assert result.exit_code == 0
    assert "6 parcels in 3 messages are with the broker." in result.stderr
    for accepted in (1, 2, 3):
        assert f"part 1 of 1: accepted, {accepted} accepted, 0 rejected" in result.stderr


def test_a_large_manifest_is_accepted_in_parts(where: list[str]) -> None:
    result = run("-", *where, "--parcels-max", "3", text=encoded(8))
    assert result.exit_code == 0
    for part, accepted in ((1, 3), (2, 3), (3, 2)):
        assert f"part {part} of 3: accepted, {accepted} accepted" in result.stderr


def test_faults_are_told_with_parcel_place_and_correction(where: list[str]) -> None:
    bad = parcel(parcel_id="BAD-1", items=[goods_item(description="accessories")])
    result = run("-", *where, text=encoded_with(bad))
    assert result.exit_code == 1
    assert "rejected, 0 accepted, 1 rejected" in result.stderr
    assert "error: BAD-1 /parcels/0/items/0/description: " in result.stderr
    assert "[DQ12]" in result.stderr


def test_texts_of_carriers_are_shown_as_they_are(where: list[str]) -> None:
    odd = parcel(parcel_id="[red]x[/]", consignee=consignee(name="N/A"))
    assert (
        "error: [red]x[/] /parcels/0/consignee/name: "
        in run("-", *where, text=encoded_with(odd)).stderr
    )


def test_a_repeat_is_told_as_such(where: list[str]) -> None:
    text = encoded()
    run("-", *where, text=text)
    result = run("-", *where, text=text)
    assert result.exit_code == 0
    assert "accepted (sent before), 1 accepted" in result.stderr


def test_the_faults_of_a_repeat_are_those_of_the_first_answer(where: list[str]) -> None:
    text = encoded_with(parcel(parcel_id="BAD-2", items=[goods_item(description="accessories")]))
    run("-", *where, text=text)
    assert "  1 faults told with the first answer\n" in run("-", *where, text=text).stderr


def test_what_intake_cannot_read_is_told(where: list[str]) -> None:
    document = orjson.loads(encoded()) | {"schema_version": 9}
    result = run("-", *where, text=orjson.dumps(document))
    assert result.exit_code == 1
    key = f"SWIFTPOST/{document['manifest_id']}"
    assert f"{key}: schema_version is not one this system reads" in result.stderr
    assert "[unknown_schema_version]" in result.stderr


def test_nothing_is_sent_if_one_file_is_unusable(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.jsonl"
    good.write_bytes(encoded())
    bad.write_bytes(encoded() + b"\n" + encoded()[:-9] + b"\n")
    # No broker answers there: had anything been tried, the error would be another.
    error = run(good, bad, "--broker", "127.0.0.1:1").exception
    assert isinstance(error, InputFileError)
    assert str(error).startswith(f"{bad}:2: not a JSON document")


def test_without_a_broker_the_error_is_one_for_people() -> None:
    result = run("-", "--broker", "127.0.0.1:1", text=encoded())
    assert isinstance(result.exception, BrokerError)


def test_without_a_worker_the_missing_answers_are_told(broker: str, topic_prefix: str) -> None:
    place = ["--broker", broker, "--topic-prefix", topic_prefix]
    CliRunner().invoke(app, ["topics", "create", *place, "--partitions", "1"])
    result = run("-", *place, "--wait", "0.5", text=encoded())
    assert result.exit_code == 1
    assert "1 messages were not answered within 0.5 seconds; does a worker run?" in result.stderr


def test_files_in_formats_of_the_trade_are_published_and_answered(
    tmp_path: Path, where: list[str]
) -> None:
    unique = uuid4().hex[:12]
    declaration = tmp_path / "declaration.xml"
    declaration.write_bytes(with_text("wco_declaration", "LRN0001", unique))
    links = tmp_path / "links.xml"
    links.write_bytes(with_text("ics2_f44", "DP-2026-0044", unique))
    result = run(declaration, *where)
    assert result.exit_code == 0, result.stderr
    assert "1 parcels in 1 messages are with the broker." in result.stderr
    assert f"{unique} part 1 of 1: accepted" in result.stderr
    result = run(links, *where, "--format", "ics2")
    assert result.exit_code == 0, result.stderr
    assert f"{unique} part 1 of 1: accepted" in result.stderr


def test_a_document_nobody_could_work_on_is_not_sent(tmp_path: Path) -> None:
    notification = tmp_path / "notification.xml"
    notification.write_bytes(b"<MetaData><Response/></MetaData>")
    with pytest.raises(InputFileError, match="a notification of customs"):
        CliRunner().invoke(app, ["publish", str(notification)], catch_exceptions=False)
