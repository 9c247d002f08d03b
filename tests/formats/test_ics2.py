"""ICS2 filings become parcels, receptacle links a partial filing."""

from decimal import Decimal

import pytest

from pipeline.errors import ErrorCode
from pipeline.formats.dispatch import decode
from pipeline.formats.outcome import Refusal
from pipeline.model import DataSet, GoodsType, PartialFiling, PartyRole, PersonType, TransportMode
from tests.builders import ARRIVAL_AT, DEPARTURE_AT, ISSUED_AT
from tests.formats.examples import EXAMPLES, bad_parcel, decoded, only_parcel, refused, with_text

HOUSE = "/IE3F43/consignmentMasterLevel/consignmentHouseLevel[1]"


def test_the_filing_becomes_the_manifest() -> None:
    header = decoded(EXAMPLES["ics2_f43"]).header
    assert (header.carrier, header.manifest_id) == ("DE999888777", "DP-2026-0001")
    assert (header.destination_country, header.transport_mode) == ("DE", TransportMode.MAIL)
    assert (header.issued_at, header.estimated_arrival_at) == (ISSUED_AT, None)


def test_a_complete_express_filing_names_its_conveyance() -> None:
    header = decoded(EXAMPLES["ics2_f30"]).header
    assert (header.departure_at, header.estimated_arrival_at) == (DEPARTURE_AT, ARRIVAL_AT)
    assert (header.transport_mode, header.conveyance_reference) == (TransportMode.AIR, "FX081")


def test_the_house_consignment_becomes_the_parcel() -> None:
    parcel = only_parcel(EXAMPLES["ics2_f43"])
    assert (parcel.parcel_id, parcel.trader_reference) == ("LX123456785CN", "6CN7001")
    assert (parcel.goods_type, parcel.currency) == (GoodsType.SALE, "EUR")
    assert (parcel.gross_mass_kg, parcel.transport_cost) == (Decimal("0.45"), Decimal("4.00"))
    assert parcel.vendor_scheme_id == "IM2760000742"
    assert parcel.consignee.address.street_and_number == "Lindenstrasse 12, Hinterhaus"
    assert parcel.consignee.person_type is PersonType.NATURAL
    assert (parcel.consignee.email, parcel.consignee.phone) == ("anna@example.org", "+49 30 123456")
    assert [(paper.type_code, paper.identification) for paper in parcel.documents] == [
        ("N380", "R-881")
    ]
    actors = [(actor.role, actor.code, actor.party.identification) for actor in parcel.parties]
    assert actors == [
        (PartyRole.SUPPLY_CHAIN_ACTOR, "MF", "DEAEO123"),
        (PartyRole.FISCAL_REFERENCE, "FR5", "IM2760000742"),
    ]


def test_the_goods_item_becomes_ours() -> None:
    (item,) = only_parcel(EXAMPLES["ics2_f43"]).items
    assert item.description == "women's knitted T-shirts, 100 % cotton"
    assert (item.commodity_code, item.origin_country) == ("61091000", "CN")
    assert (item.intrinsic_value, item.net_mass_kg) == (Decimal("24.90"), Decimal("0.4"))
    assert [package.quantity for package in item.packages] == [1]


def test_express_data_give_invoiced_amounts_packages_and_a_company() -> None:
    parcel = only_parcel(EXAMPLES["ics2_f32"])
    assert (parcel.declared_value, parcel.currency) == (Decimal("30.00"), "EUR")
    assert parcel.items[0].intrinsic_value == Decimal("30.00")
    (package,) = parcel.items[0].packages
    assert (package.quantity, package.type_code, package.marks) == (2, "BX", "WN 1-2")
    assert parcel.consignee.identification == "DE555666777"
    assert parcel.consignee.address.po_box == "1204"


def test_receptacle_links_are_a_partial_filing() -> None:
    filing = decode(EXAMPLES["ics2_f44"])
    assert isinstance(filing, PartialFiling)
    assert filing.data_set is DataSet.RECEPTACLE_LINKS
    assert filing.header.manifest_id == "DP-2026-0044"
    assert [link.parcel_id for link in filing.receptacle_links] == [
        "LX123456785CN",
        "LX000000005CN",
    ]
    assert filing.receptacle_links[0].receptacle_id == "CNSHAADEFRAAACN60001001010045"
    assert filing.entries == 2


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (
            "<documentNumber>LX000000005CN</documentNumber>",
            "",
            "[2]/transportDocumentHouseLevel/documentNumber",
        ),
        (
            "<receptacleIdentificationNumber>CNSHAADEFRAAACN60001001010045</receptacleIdentificationNumber>",
            "<receptacleIdentificationNumber/>",
            "[1]/receptacle/receptacleIdentificationNumber",
        ),
    ],
)
def test_a_link_without_one_end_refuses_the_filing(old: str, new: str, where: str) -> None:
    refusal = refused(with_text("ics2_f44", old, new))
    assert refusal.code is ErrorCode.INVALID_MESSAGE
    assert refusal.where == f"/IE3F44/consignmentMasterLevel/consignmentHouseLevel{where}"


def test_links_without_any_link_are_refused() -> None:
    text = EXAMPLES["ics2_f44"].decode()
    begin, end = text.index("<consignmentMasterLevel>"), text.index("<declarant>")
    refusal = refused((text[:begin] + text[end:]).encode())
    assert (refusal.code, refusal.where) == (ErrorCode.INVALID_MESSAGE, "/IE3F44")


FAULTS = {
    "no number": ("24.90", "a lot", "goodsItem[1]/postalValue/value"),
    "two currencies": (
        "4.00</value><currency>EUR",
        "4.00</value><currency>USD",
        "goodsItem[1]/postalValue/value",
    ),
    "unknown person": ("<typeOfPerson>1<", "<typeOfPerson>9<", "consignee/typeOfPerson"),
    "long number": ("<number>12<", f"<number>{'1' * 80}<", "consignee/address/street"),
    "no transport document": ("LX123456785CN", "", "transportDocumentHouseLevel/documentNumber"),
    "two hundred packages too many": (
        "<numberOfPackages>1<",
        "<numberOfPackages>-1<",
        "goodsItem[1]/packaging[1]/numberOfPackages",
    ),
}


@pytest.mark.parametrize(("old", "new", "where"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_by_its_xpath(old: str, new: str, where: str) -> None:
    _, told = bad_parcel(with_text("ics2_f43", old, new))
    assert told == f"{HOUSE}/{where}"


def test_two_currencies_are_both_named() -> None:
    parcel, _ = bad_parcel(
        with_text("ics2_f43", "4.00</value><currency>EUR", "4.00</value><currency>USD")
    )
    assert "USD and EUR" in parcel.explanation


@pytest.mark.parametrize(
    ("value", "code", "detail"),
    [
        (
            b"<IE3A43 xmlns='urn:wco:datamodel:WCO:CIS:1'><MRN>26DE1</MRN></IE3A43>",
            ErrorCode.UNKNOWN_DECLARATION,
            "26DE1",
        ),
        (b"<IE3N03 xmlns='urn:wco:datamodel:WCO:CIS:1'/>", ErrorCode.NOT_ADVANCE_DATA, "about"),
        (b"<IE3F34 xmlns='urn:wco:datamodel:WCO:CIS:1'/>", ErrorCode.UNKNOWN_FORMAT, "IE3F30"),
        (b"<IE3F43 xmlns='urn:example'/>", ErrorCode.UNKNOWN_FORMAT, "root"),
        (b"<IE3F43 xmlns='urn:wco:datamodel:WCO:CIS:1'/>", ErrorCode.INVALID_MESSAGE, "carrier"),
        (b"<IE3F44 xmlns='urn:wco:datamodel:WCO:CIS:1'/>", ErrorCode.INVALID_MESSAGE, "carrier"),
    ],
)
def test_what_is_no_filing_is_refused_with_its_reason(
    value: bytes, code: ErrorCode, detail: str
) -> None:
    refusal = decode(value)
    assert isinstance(refusal, Refusal)
    assert refusal.code is code
    assert detail in refusal.text


def test_a_filing_without_houses_is_refused() -> None:
    text = EXAMPLES["ics2_f43"].decode()
    begin, end = text.index("<consignmentMasterLevel>"), text.index("<declarant>")
    refusal = refused((text[:begin] + text[end:]).encode())
    assert refusal.where == "/IE3F43/consignmentMasterLevel/consignmentHouseLevel"
