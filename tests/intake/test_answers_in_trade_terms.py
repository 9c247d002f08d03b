"""What an acknowledgement tells beside faults: the conversation, and codes of the trade."""

from pathlib import Path

import msgspec
import pytest

from pipeline.errors import RuleBookError
from pipeline.model import AcknowledgementStatus
from pipeline.model.acknowledgement import TradeCodes
from pipeline.rulebook.event_codes import codes_of, load_code_tables, read_code_tables
from tests.builders import goods_item, manifest, parcel
from tests.intake.intake import Intake

BAD = parcel(parcel_id="HAWB-1", currency="XXX")
WARNED = parcel(items=[goods_item(origin_country="")])


def test_the_conversation_of_the_header_is_echoed_in_content_and_header() -> None:
    intake = Intake()
    intake.publish(manifest(), headers=[("conversation-id", b"c-17")])
    assert intake.acknowledgements[0].conversation_id == "c-17"
    (record,) = intake.stream.read("acknowledgements")
    assert ("conversation-id", b"c-17") in record.headers


def test_without_a_header_the_field_of_the_format_is_echoed() -> None:
    assert Intake().answer(manifest(conversation_id="c-18")).conversation_id == "c-18"


def test_the_header_comes_before_the_field() -> None:
    intake = Intake()
    intake.publish(manifest(conversation_id="field"), headers=[("conversation-id", b"header")])
    assert intake.acknowledgements[0].conversation_id == "header"


def test_a_repeat_belongs_to_the_conversation_it_came_in() -> None:
    intake = Intake()
    intake.publish(manifest(), headers=[("conversation-id", b"first")])
    intake.publish(manifest(), headers=[("conversation-id", b"second")])
    answers = [(a.duplicate, a.conversation_id) for a in intake.acknowledgements]
    assert answers == [(False, "first"), (True, "second")]


def test_a_conversation_id_is_shown_short_and_printable() -> None:
    intake = Intake()
    intake.publish(manifest(), headers=[("conversation-id", b"\x1b[2J\xff" + b"x" * 99)])
    told = intake.acknowledgements[0].conversation_id
    assert told.startswith("\\x1b[2J\ufffd")
    assert told.endswith("...")


@pytest.mark.parametrize(
    ("parcels", "version", "codes"),
    [
        ([parcel()], 1, TradeCodes("1", "IE3R01", "CUSRSP")),
        ([WARNED], 1, TradeCodes("1", "IE3R01", "CUSRSP")),
        ([parcel(), BAD], 1, TradeCodes("14")),
        ([BAD], 1, TradeCodes("2", "IE3N99")),
        ([parcel()], 2, TradeCodes("15", "IE3N10", "CUSRSP")),
        ([WARNED], 2, TradeCodes("15", "IE3N10", "CUSRSP")),
        ([parcel(), BAD], 2, TradeCodes("14")),
        ([BAD], 2, TradeCodes("16", "IE3N01")),
    ],
)
def test_the_status_is_told_in_codes_of_the_trade(
    parcels: list[msgspec.Struct], version: int, codes: TradeCodes
) -> None:
    assert Intake().answer(manifest(parcels=parcels, version=version)).codes == codes


def test_a_repeat_has_the_codes_of_its_first_answer() -> None:
    intake = Intake()
    message = manifest(parcels=[BAD], version=2)
    assert intake.answer(message).codes == TradeCodes("16", "IE3N01")
    assert intake.answer(message).codes == TradeCodes("16", "IE3N01")


def test_every_status_has_a_code_in_every_table() -> None:
    for table in load_code_tables():
        for event in (*AcknowledgementStatus, "amendment_accepted", "amendment_rejected"):
            assert table.codes_of(event).edifact_7365, event


TABLE = """\
- valid_from: {day}
  lists: [{{name: edifact_7365, title: t, source: s, status: enacted}}]
  events: [{{event: accepted, meaning: m, edifact_7365: "{code}"}}]
"""


def test_the_table_of_the_day_of_receipt_counts(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    path.write_text(
        TABLE.format(day="2026-07-06", code="1") + TABLE.format(day="2026-07-07", code="9")
    )
    tables = read_code_tables(path)
    answer = Intake().answer(manifest())
    assert codes_of(answer, tables).edifact_7365 == "1"
    assert codes_of(answer, tables[1:]) == TradeCodes()


def test_tables_must_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    path.write_text(TABLE.format(day="2026-07-06", code="1") * 2)
    with pytest.raises(RuleBookError, match=r"codes\.yaml"):
        read_code_tables(path)
