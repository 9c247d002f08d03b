"""A conveyance is a partial filing: by what parcels or receptacles travel, and nothing of goods."""

import pytest

from pipeline.errors import ErrorCode
from pipeline.formats.dispatch import decode
from pipeline.model import DataSet, PartialFiling, TransportMode
from tests.builders import ARRIVAL_AT, DEPARTURE_AT
from tests.formats.examples import EXAMPLES, document, refused, with_text

BAG = "CNSHAADEFRAAACN60001001010045"


@pytest.mark.parametrize("name", ["conveyance", "ics2_f42"])
def test_the_header_is_the_conveyance(name: str) -> None:
    filing = decode(EXAMPLES[name])
    assert isinstance(filing, PartialFiling)
    assert filing.data_set is DataSet.CONVEYANCE
    header = filing.header
    assert (header.transport_mode, header.conveyance_reference) == (TransportMode.AIR, "CA931")
    assert (header.departure_at, header.estimated_arrival_at) == (DEPARTURE_AT, ARRIVAL_AT)
    assert header.master_document == "999-12345675"


def test_the_flight_of_the_airline_names_receptacles_alone() -> None:
    filing = decode(EXAMPLES["ics2_f42"])
    assert isinstance(filing, PartialFiling)
    assert filing.header.carrier == "FR111222333"
    assert filing.receptacle_ids == (BAG, "CNSHAADEFRAAACN60001002010032")
    assert (filing.parcel_ids, filing.entries) == ((), 2)


def test_our_own_form_names_parcels_and_receptacles() -> None:
    filing = decode(EXAMPLES["conveyance"])
    assert isinstance(filing, PartialFiling)
    assert filing.parcel_ids == ("LX123456785CN", "LX000000005CN")
    assert filing.receptacle_ids == (BAG,)


def test_a_conveyance_without_its_arrival_is_refused_by_place() -> None:
    without = document("conveyance")
    del without["estimatedArrivalAt"]
    refusal = refused(without)
    assert (refusal.code, refusal.where) == (ErrorCode.INVALID_MESSAGE, "/estimatedArrivalAt")
    arrival = "<estimatedDateAndTimeOfArrival>2026-07-07T04:00:00Z</estimatedDateAndTimeOfArrival>"
    refusal = refused(with_text("ics2_f42", arrival, ""))
    assert refusal.where.startswith("/IE3F42/activeBorderTransportMeans/estimatedDateAndTime")


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("receptacleIds", ["x"] * 1_000, "/receptacleIds"),
        ("receptacleIds", ["x" * 36], "/receptacleIds/0"),
        ("parcelIds", [""], "/parcelIds/0"),
        ("mode", "balloon", "/mode"),
        ("flight", "CA931", "/flight"),
    ],
)
def test_a_fault_refuses_the_filing_by_its_place(field: str, value: object, where: str) -> None:
    refusal = refused({**document("conveyance"), field: value})
    assert (refusal.code, refusal.where) == (ErrorCode.INVALID_MESSAGE, where)


def test_a_conveyance_of_nothing_is_refused() -> None:
    refusal = refused({**document("conveyance"), "parcelIds": [], "receptacleIds": []})
    assert "empty" in refusal.text
