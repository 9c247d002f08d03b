"""The intake room takes every format: parcels go on, faults are told in the sender's own words."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pipeline.errors import ErrorCode
from pipeline.formats.dispatch import decode
from pipeline.formats.message import key_of
from pipeline.formats.outcome import Refusal
from pipeline.model import DataSet, Filed, Party, consignee_key
from tests.builders import ARRIVAL_AT, DEPARTURE_AT, ISSUED_AT
from tests.formats.examples import EXAMPLES, document, with_text
from tests.intake.intake import PUBLISHED_MS, Intake

MANIFESTS = ["ics2_f30", "ics2_f32", "ics2_f43", "itmatt", "wco_declaration"]
PUBLISHED_AT = datetime.fromtimestamp(PUBLISHED_MS / 1000, UTC)


def key(value: bytes) -> bytes:
    outcome = decode(value)
    assert not isinstance(outcome, Refusal)
    return key_of(outcome.header).encode()


def taken_in(value: bytes | dict[str, Any], **settings: Any) -> Intake:
    """An intake room after one message under its own key."""
    intake = Intake(**settings)
    message = value if isinstance(value, bytes) else json.dumps(value).encode()
    intake.publish(message, key=key(message))
    return intake


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_of_any_format_is_accepted(name: str) -> None:
    intake = taken_in(EXAMPLES[name])
    (answer,) = intake.acknowledgements
    assert answer.rejected_parcels == 0, answer.faults
    assert answer.accepted_parcels == len(intake.announced) > 0
    assert intake.dead_letters == []


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_repeat_is_answered_as_such_and_another_content_is_refused(name: str) -> None:
    intake = taken_in(EXAMPLES[name])
    announced = len(intake.announced)
    intake.publish(EXAMPLES[name], key=key(EXAMPLES[name]))
    intake.publish(EXAMPLES[name] + b"\n", key=key(EXAMPLES[name]))
    _, repeat, other = intake.acknowledgements
    assert repeat.duplicate
    assert (other.status, other.faults[0].rule_id) == ("rejected", "DQ02")
    assert len(intake.announced) == announced


@pytest.mark.parametrize("name", ["ics2_f44", "acas"])
def test_a_partial_filing_is_accepted_and_its_entries_go_to_their_parcels(name: str) -> None:
    intake = Intake()
    intake.publish(EXAMPLES[name], key=key(EXAMPLES[name]), headers=[("parcels", b"2")])
    (answer,) = intake.acknowledgements
    assert (answer.status, answer.announced_parcels) == ("accepted", 0)
    envelopes = [record.value or b"" for record in intake.stream.read("filings")]
    filed = [one for value in envelopes for one in msgspec.msgpack.decode(value, type=list[Filed])]
    assert len(filed) == 2
    assert {one.filing_id for one in filed} == {answer.manifest_id}
    assert intake.announced == []
    assert intake.stream.read("measurements") == []  # no parcel to score


def test_receptacle_links_name_the_receptacle_of_each_parcel() -> None:
    envelopes = [r.value or b"" for r in taken_in(EXAMPLES["ics2_f44"]).stream.read("filings")]
    filed = [one for value in envelopes for one in msgspec.msgpack.decode(value, type=list[Filed])]
    assert {one.receptacle_id for one in filed} == {"CNSHAADEFRAAACN60001001010045"}


def test_a_conveyance_goes_to_its_parcels_and_for_a_receptacle_to_every_partition() -> None:
    """Where the parcels of a receptacle are, only the room that joins them knows."""
    stream = taken_in(EXAMPLES["conveyance"]).stream
    filed = {
        (record.partition, one.parcel_id, one.receptacle_id)
        for record in stream.read("filings")
        for one in msgspec.msgpack.decode(record.value or b"", type=list[Filed])
        if one.conveyance and one.conveyance.filed_by == "SWIFTPOST"
    }
    everywhere = {(partition, "", "CNSHAADEFRAAACN60001001010045") for partition in range(4)}
    assert everywhere < filed
    assert {parcel for _, parcel, _ in filed - everywhere} == {"LX123456785CN", "LX000000005CN"}
    assert len(filed) == 6


@pytest.mark.parametrize(
    ("name", "awaited"),
    [("ics2_f43", [DataSet.RECEPTACLE_LINKS, DataSet.CONVEYANCE]), ("ics2_f30", [])],
)
def test_the_answer_names_the_filings_that_must_come_beside_the_data(
    name: str, awaited: list[DataSet]
) -> None:
    """And every parcel is sent on with what its data set is."""
    intake = taken_in(EXAMPLES[name])
    (answer,) = intake.acknowledgements
    assert answer.awaited_filings == awaited
    data_sets = {one.header.specific_circumstance for one in intake.announced}
    assert data_sets == {name.removeprefix("ics2_").upper()}


def test_a_partial_filing_in_anothers_name_is_kept_as_a_dead_letter_of_no_parcels() -> None:
    sender = key(EXAMPLES["ics2_f44"]).partition(b"/")[0].decode()
    intake = Intake(carriers_with_topics=sender)
    intake.publish(EXAMPLES["ics2_f44"], key=key(EXAMPLES["ics2_f44"]))
    (letter,) = intake.dead_letters
    assert (letter["error_code"], letter["parcels"]) == (ErrorCode.CARRIER_MISMATCH, "0")


@pytest.mark.parametrize("name", EXAMPLES)
def test_another_key_than_the_content_names_is_a_mismatch(name: str) -> None:
    intake = Intake()
    intake.publish(EXAMPLES[name], key=b"SWIFTPOST/SP-0001")
    assert intake.dead_letters[0]["error_code"] == ErrorCode.KEY_MISMATCH


def test_the_limit_of_parcels_holds_for_every_format() -> None:
    for name in ("itmatt", "ics2_f44"):
        intake = taken_in(EXAMPLES[name], manifest_parcels_max=1)
        assert intake.dead_letters[0]["error_code"] == ErrorCode.MESSAGE_TOO_LARGE


def test_a_header_that_names_another_format_decides() -> None:
    intake = Intake()
    value = EXAMPLES["itmatt"]
    intake.publish(value, key=key(value), headers=[("format", b"wco-declaration")])
    assert intake.dead_letters[0]["error_code"] == ErrorCode.INVALID_XML


def test_a_data_rule_points_into_the_item_of_the_post() -> None:
    message = document("itmatt")
    message["items"][1]["content"][0]["description"] = "gift"
    (fault,) = taken_in(message).acknowledgements[0].faults
    assert (fault.rule_id, fault.pointer) == ("DQ12", "/items/1/content/0/description")
    assert (fault.parcel_id, fault.value) == ("LX000000005CN", "gift")


def test_a_data_rule_points_into_the_declaration() -> None:
    value = with_text("wco_declaration", "Printed chess books", "goods")
    fault = taken_in(value).acknowledgements[0].faults[0]
    item = "/MetaData/Declaration[1]/GoodsShipment/GovernmentAgencyGoodsItem[2]"
    assert (fault.rule_id, fault.pointer) == ("DQ12", f"{item}/Commodity/Description")


def test_a_fault_of_the_form_points_into_the_filing() -> None:
    value = with_text("ics2_f43", "<typeOfPerson>1<", "<typeOfPerson>9<")
    (answer,) = taken_in(value).acknowledgements
    house = "/IE3F43/consignmentMasterLevel/consignmentHouseLevel[1]"
    assert answer.faults[0].pointer == f"{house}/consignee/typeOfPerson"
    assert answer.rejected_parcels == 1


def test_a_fault_of_the_header_points_into_the_document() -> None:
    value = with_text(
        "ics2_f43", "<country>DE</country></addressed", "<country>ZZ</country></addressed"
    )
    (answer,) = taken_in(value).acknowledgements
    assert (answer.faults[0].rule_id, answer.faults[0].pointer) == (
        "DQ32",
        "/IE3F43/addressedMemberState/country",
    )


def test_with_a_conveyance_its_times_hold() -> None:
    header = taken_in(EXAMPLES["ics2_f30"]).announced[0].header
    assert (header.departure_at, header.estimated_arrival_at) == (DEPARTURE_AT, ARRIVAL_AT)


def test_without_a_conveyance_the_time_of_issue_stands_for_its_times() -> None:
    """So the law of the day of issue is applied, and nothing counts as late."""
    value = with_text("ics2_f43", "2026-07-06T08:00:00Z", "2026-07-05T08:00:00Z")
    header = taken_in(value).announced[0].header
    issued_at = ISSUED_AT - timedelta(days=1)
    assert header.issued_at == header.departure_at == header.estimated_arrival_at == issued_at


def test_without_any_time_it_is_that_of_receipt() -> None:
    value = with_text("wco_declaration", "20260706090000+01", "")
    header = taken_in(value).announced[0].header
    assert header.issued_at == header.estimated_arrival_at == PUBLISHED_AT


def test_a_party_may_be_known_by_its_identification() -> None:
    """The importer of the declaration has an EORI alone, and is one consignee by it."""
    intake = taken_in(EXAMPLES["wco_declaration"])
    consignee = intake.announced[0].parcel.consignee
    assert consignee.name == ""
    assert {fault.rule_id for fault in intake.acknowledgements[0].faults} == {"DQ16"}
    assert consignee_key(consignee) != consignee_key(Party(identification="GB1"))
    anonymous = with_text("wco_declaration", "<Importer><ID>GB553202734852</ID></Importer>", "")
    rules = {fault.rule_id for fault in taken_in(anonymous).acknowledgements[0].faults}
    assert {"DQ05", "DQ08"} <= rules
