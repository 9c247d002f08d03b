"""The six elements of ACAS become a partial filing."""

from decimal import Decimal

import pytest

from pipeline.errors import ErrorCode
from pipeline.formats.dispatch import decode
from pipeline.model import DataSet, PartialFiling, TransportMode
from tests.formats.examples import EXAMPLES, document, refused
from tests.intake.intake import change


def test_the_message_becomes_a_partial_filing() -> None:
    filing = decode(EXAMPLES["acas"])
    assert isinstance(filing, PartialFiling)
    assert filing.data_set is DataSet.PRE_LOADING
    assert (filing.header.carrier, filing.header.destination_country) == ("FASTEX", "US")
    assert filing.header.transport_mode is TransportMode.AIR
    assert filing.entries == 2


def test_the_six_elements_arrive() -> None:
    filing = decode(EXAMPLES["acas"])
    assert isinstance(filing, PartialFiling)
    first, second = filing.parcels
    assert (first.parcel_id, second.parcel_id) == ("FX000001", "020-12345686")
    assert first.consignor.name == "Bright Harbour Trading Co"
    assert first.consignor.address.city == "Shenzhen"
    assert (first.consignee.name, first.consignee.address.subdivision) == ("Mary Jones", "IL")
    assert second.consignee.address.po_box == "331"
    (item,) = first.items
    assert item.description == "wrist-worn heart-rate monitor with lithium-ion battery"
    assert [package.quantity for package in item.packages] == [2]
    assert item.intrinsic_value is None


def test_pounds_become_kilograms_exactly() -> None:
    """1.1 lb are 0.498951607 kg, to the milligram 0.498952."""
    filing = decode(EXAMPLES["acas"])
    assert isinstance(filing, PartialFiling)
    assert [parcel.gross_mass_kg for parcel in filing.parcels] == [
        Decimal("0.498952"),
        Decimal("0.3"),
    ]


@pytest.mark.parametrize(
    ("pointer", "value", "where"),
    [
        ("/shipments/1/description", "x" * 513, "/shipments/1/description"),
        ("/shipments/0/pieces", "two", "/shipments/0/pieces"),
        ("/shipments/0/weight/unit", "stone", "/shipments/0/weight/value"),
        ("/shipments/0/color", "red", "/shipments/0/color"),
        ("/shipments/1/airWaybill", "", "/shipments/1/houseAirWaybill"),
        ("/shipments", [], ""),
        ("/originator", "", "/originator"),
    ],
)
def test_a_fault_refuses_the_filing_and_is_told_in_the_sender_s_words(
    pointer: str, value: object, where: str
) -> None:
    message = document("acas")
    change(message, pointer, value)
    refusal = refused(message)
    assert (refusal.code, refusal.where) == (ErrorCode.INVALID_MESSAGE, where)
