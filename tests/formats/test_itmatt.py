"""Postal item attributes become parcels, fault by fault."""

from decimal import Decimal

import pytest

from pipeline.errors import ErrorCode
from pipeline.model import GoodsType, Parcel, PersonType, TransportMode
from tests.builders import ARRIVAL_AT, DEPARTURE_AT, ISSUED_AT
from tests.formats.examples import EXAMPLES, bad_parcel, decoded, document, refused
from tests.intake.intake import change


def first(parcels: object = None) -> Parcel:
    parcel = decoded(EXAMPLES["itmatt"]).parcels[0]
    assert isinstance(parcel, Parcel)
    return parcel


def test_the_message_becomes_the_manifest() -> None:
    header = decoded(EXAMPLES["itmatt"]).header
    assert (header.carrier, header.manifest_id, header.version) == ("CNA", "CNA-20260706-0001", 1)
    assert (header.destination_country, header.conveyance_reference) == ("DE", "CA931")
    assert header.transport_mode is TransportMode.AIR
    assert (header.issued_at, header.departure_at) == (ISSUED_AT, DEPARTURE_AT)
    assert header.estimated_arrival_at == ARRIVAL_AT


def test_the_declaration_becomes_the_parcel() -> None:
    """Sender, addressee and the numbered fields of CN 23."""
    parcel = first()
    assert (parcel.parcel_id, parcel.goods_type) == ("LX123456785CN", GoodsType.SALE)
    assert parcel.consignor.name == "Li Wei"
    assert parcel.consignor.person_type is PersonType.LEGAL
    assert parcel.consignor.address.street_and_number == "Futian Road 88"
    assert parcel.consignor.phone == "+86 755 1234567"
    assert parcel.consignee.identification == "DE123456789"
    assert parcel.consignee.email == "anna@example.org"
    assert parcel.trader_reference == "BH-7001"
    assert (parcel.gross_mass_kg, parcel.currency) == (Decimal("0.45"), "EUR")
    assert (parcel.declared_value, parcel.transport_cost) == (Decimal("24.90"), Decimal("4.00"))
    papers = [(paper.category_code, paper.identification) for paper in parcel.documents]
    assert papers == [("CER", "C-1"), ("CER", "C-2"), ("INV", "R-881")]
    assert [statement.text for statement in parcel.statements] == ["fragile"]


def test_the_content_becomes_goods_items() -> None:
    (item,) = first().items
    assert item.description == "women's knitted T-shirts, 100 % cotton"
    assert (item.quantity, item.net_mass_kg) == (2, Decimal("0.400"))
    assert item.intrinsic_value == Decimal("24.90")
    assert (item.commodity_code, item.origin_country) == ("610910", "CN")


@pytest.mark.parametrize(
    ("category", "goods_type"),
    [
        ("gift", GoodsType.GIFT),
        ("documents", GoodsType.DOCUMENTS),
        ("commercial sample", GoodsType.SAMPLE),
        ("21", GoodsType.RETURNED_GOODS),
        ("other", GoodsType.OTHER),
        ("77", GoodsType.OTHER),
    ],
)
def test_the_category_of_the_item_is_a_word_or_a_code(category: str, goods_type: GoodsType) -> None:
    message = document("itmatt")
    message["items"][0]["categoryOfItem"] = category
    parcel = decoded(message).parcels[0]
    assert isinstance(parcel, Parcel)
    assert parcel.goods_type is goods_type


def test_a_business_without_a_name_is_the_sender() -> None:
    message = document("itmatt")
    del message["items"][0]["sender"]["name"]
    parcel = decoded(message).parcels[0]
    assert isinstance(parcel, Parcel)
    assert parcel.consignor.name == "Bright Harbour Trading Co"


def test_item_data_need_no_conveyance() -> None:
    message = document("itmatt")
    del message["plannedTransport"]
    header = decoded(message).header
    assert (header.transport_mode, header.departure_at) == (TransportMode.MAIL, None)


def test_a_number_is_read_digit_by_digit() -> None:
    message = EXAMPLES["itmatt"].replace(b'"value": 24.90', b'"value": 123456789012345678.01')
    parcel = decoded(message).parcels[0]
    assert isinstance(parcel, Parcel)
    assert str(parcel.items[0].intrinsic_value) == "123456789012345678.01"


FAULTS = {
    "no description": ("/content/0/sequenceNumber", "one", "/content/0/sequenceNumber"),
    "text as quantity": ("/content/0/quantity", "two", "/content/0/quantity"),
    "a value that is none": ("/content/0/value", "12 euros", "/content/0/value"),
    "a list as a name": ("/sender/name", ["x"], "/sender/name"),
    "an object as a city": ("/addressee/city", {"x": 1}, ""),
    "a long street": ("/addressee/street", "x" * 71, "/addressee/street"),
    "an unknown unit": ("/totalGrossWeight/unit", "stone", "/totalGrossWeight/value"),
    "an object as a mass": ("/totalGrossWeight/value", {}, "/totalGrossWeight/value"),
    "no content": ("/content", [], "/content"),
    "a number as content": ("/content", 5, "/content/0/sequenceNumber"),
    "a misspelt field": ("/adressee", {}, ""),
    "a misspelt field within": ("/content/0/hsNummer", "1", ""),
    "a list in a list": ("/content/0", [[]], "/content/0/sequenceNumber"),
}


@pytest.mark.parametrize(("pointer", "value", "told"), FAULTS.values(), ids=FAULTS)
def test_a_field_of_the_wrong_form_spoils_its_item_and_is_told_in_the_sender_s_words(
    pointer: str, value: object, told: str
) -> None:
    message = document("itmatt")
    change(message["items"][0], pointer, value)
    parcel, where = bad_parcel(message)
    assert where == f"/items/0{told}"
    assert parcel.parcel_id == "LX123456785CN"
    assert isinstance(decoded(message).parcels[1], Parcel)


def test_a_missing_field_is_told_where_it_should_stand() -> None:
    message = document("itmatt")
    del message["items"][1]["itemId"]
    parcel, where = bad_parcel(message, 1)
    assert (where, parcel.parcel_id) == ("/items/1/itemId", "")


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("messageId", None, "/messageId"),
        ("originOperator", "C/N/A", "/originOperator"),
        ("destinationCountry", "Germany", "/destinationCountry"),
        ("preparedAt", "yesterday", "/preparedAt"),
        ("messageVersion", 0, "/messageVersion"),
        ("plannedTransport", {"mode": "rocket"}, "/plannedTransport/mode"),
        ("plannedTransport", {"flight": "CA931"}, "/plannedTransport/flight"),
        ("original/operator", 1, "/original~1operator"),
        ("items", [], "/items"),
    ],
)
def test_a_fault_of_the_header_refuses_the_message(field: str, value: object, where: str) -> None:
    refusal = refused({**document("itmatt"), field: value})
    assert (refusal.code, refusal.where) == (ErrorCode.INVALID_MESSAGE, where)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b'{"messageType": "ITMATT"', ErrorCode.INVALID_JSON),
        (b'{"messageType": "ITMATT", "a": "\xff"}', ErrorCode.INVALID_UTF8),
        (b'{"messageType": "ITMATT", "a": ' + b"[" * 5_000, ErrorCode.INVALID_JSON),
        (b'["messageType"]', ErrorCode.INVALID_MESSAGE),
        (b'{"messageType": "ITMATT", "a": ' + b"9" * 5_000 + b"}", ErrorCode.INVALID_JSON),
    ],
)
def test_what_is_no_json_document_says_so(value: bytes, code: ErrorCode) -> None:
    assert refused(value, [("format", b"itmatt")]).code is code
