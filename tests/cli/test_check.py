"""`greenlane check`: what would be refused, told before anything is sent."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import InputFileError
from tests.builders import goods_item, manifest, parcel
from tests.formats.examples import EXAMPLES, with_text
from tests.intake.intake import ordinary_manifest


def run(*arguments: object, text: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)], input=text)


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """Two manifests: one in order but for a warning, one with a parcel to be refused."""
    vague = parcel(parcel_id="BAD-1", items=[goods_item(description="accessories")])
    warned = parcel(items=[goods_item(origin_country="")])
    file = tmp_path / "manifests.jsonl"
    messages = [manifest(parcels=[warned]), manifest(manifest_id="SP-2", parcels=[parcel(), vague])]
    file.write_bytes(b"\n".join(map(msgspec.json.encode, messages)))
    return file


def test_an_accepted_manifest_exits_with_0(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(ordinary_manifest()), encoding="utf-8")
    result = run(file)
    assert result.exit_code == 0, result.output
    assert "accepted, 1 of 1 parcels" in result.stdout
    assert "1 of 1 parcels would be accepted, 0 refused." in result.stdout


def test_a_warning_alone_exits_with_0() -> None:
    warned = manifest(parcels=[parcel(items=[goods_item(origin_country="")])])
    result = run("-", text=msgspec.json.encode(warned))
    assert result.exit_code == 0
    assert "warning DQ16: parcel LX123456785CN, /parcels/0/items/0/origin_country" in result.stdout


def test_a_refused_parcel_exits_with_1_and_says_where_what_and_how_to_mend_it(
    faulty: Path,
) -> None:
    result = run(faulty)
    assert result.exit_code == 1
    assert "message 2: SP-2, part 1 of 1: partly rejected, 1 of 2 parcels" in result.stdout
    place = 'error DQ12: parcel BAD-1, /parcels/1/items/0/description "accessories"'
    assert place in result.stdout
    assert "the description does not let Customs identify the goods" in result.stdout
    assert "to mend it: say what it is" in result.stdout
    assert "2 of 3 parcels would be accepted, 1 refused." in result.stdout


def test_json_holds_the_acknowledgements_as_they_would_be_sent(faulty: Path) -> None:
    result = run(faulty, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    first, second = document["messages"]
    assert document["refused"]
    assert [message["refused"] for message in (first, second)] == [False, True]
    assert (second["file"], second["message"]) == (str(faulty), 2)
    assert second["acknowledgement"]["faults"][0]["pointer"] == "/parcels/1/items/0/description"


def test_a_message_nobody_can_read_exits_with_1_and_names_its_error(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(b'{"schema_version": 1, "carr')
    result = run(file)
    assert result.exit_code == 1
    assert "message 1: cannot be read" in result.stdout
    assert "[invalid_json]" in result.stdout
    assert "1 messages cannot be read" in result.stdout
    told = json.loads(run(file, "--json").stdout)["messages"][0]
    assert (told["error_code"], told["acknowledgement"]) == ("invalid_json", None)


def test_a_repeat_is_told_as_one(tmp_path: Path) -> None:
    file = tmp_path / "twice.json"
    file.write_text(json.dumps([ordinary_manifest()] * 2), encoding="utf-8")
    result = run(file, file)
    assert result.exit_code == 0
    assert result.stdout.count("a repeat of an earlier one") == 3


@pytest.mark.parametrize("arguments", [[], ["missing.json"]])
def test_an_unusable_call_exits_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 or isinstance(result.exception, InputFileError)


def test_a_file_without_a_manifest_is_an_unusable_call(tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_bytes(b"\n\n")
    assert isinstance(run(file).exception, InputFileError)


def test_faults_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENLANE_ACKNOWLEDGEMENT_FAULTS_MAX", "1")
    vague = [parcel(parcel_id=f"P{n}", items=[goods_item(description="gift")]) for n in range(3)]
    result = run("-", text=msgspec.json.encode(manifest(parcels=vague)))
    assert "and 2 more faults" in result.stdout


def test_a_manifest_too_large_for_one_message_is_judged_in_the_parts_it_is_sent_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GREENLANE_MANIFEST_PARCELS_MAX", "2")
    large = manifest(parcels=[parcel(parcel_id=f"P{n}") for n in range(5)])
    result = run("-", text=msgspec.json.encode(large))
    assert result.exit_code == 0
    assert "message 3: SP-0001, part 3 of 3: accepted, 1 of 1 parcels" in result.stdout
    assert "5 of 5 parcels would be accepted, 0 refused." in result.stdout


@pytest.mark.parametrize("name", ["itmatt", "ics2_f30", "ics2_f32", "ics2_f43", "wco_declaration"])
def test_formats_of_the_trade_are_checked(name: str) -> None:
    result = run("-", text=EXAMPLES[name])
    assert result.exit_code == 0, result.output
    assert "0 refused." in result.stdout


def test_a_fault_in_a_declaration_points_into_it() -> None:
    result = run("-", text=with_text("wco_declaration", "Printed chess books", "goods"))
    assert result.exit_code == 1
    item = "/MetaData/Declaration[1]/GoodsShipment/GovernmentAgencyGoodsItem[2]"
    assert f'error DQ12: parcel LRN0001, {item}/Commodity/Description "goods"' in result.stdout


def test_the_format_may_be_named() -> None:
    assert run("-", "--format", "itmatt", text=EXAMPLES["itmatt"]).exit_code == 0
    result = run("-", "--format", "canonical", text=EXAMPLES["itmatt"])
    assert result.exit_code == 1
    assert "[invalid_message]" in result.stdout
    assert run("-", "--format", "edifact", text=EXAMPLES["itmatt"]).exit_code == 2


def test_a_partial_filing_would_be_accepted_and_announces_nothing() -> None:
    result = run("-", text=EXAMPLES["ics2_f44"])
    assert result.exit_code == 0
    assert "DP-2026-0044, part 1 of 1: accepted, 0 of 0 parcels" in result.stdout


@pytest.mark.parametrize(("received_at", "exit_code"), [("2025-12-31", 0), ("2026-01-02", 1)])
def test_a_message_without_a_date_is_judged_by_that_of_the_call(
    received_at: str, exit_code: int
) -> None:
    """The lev was in force until the end of 2025."""
    declaration = with_text("wco_declaration", "20260706090000+01", "").replace(b"GBP", b"BGN")
    assert run("-", "--received-at", received_at, text=declaration).exit_code == exit_code


def test_carriers_with_topics_of_their_own_are_checked_like_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GREENLANE_CARRIERS_WITH_TOPICS", "SWIFTPOST")
    assert run("-", text=json.dumps(ordinary_manifest()).encode()).exit_code == 0
