"""WCO declarations become manifests of one parcel; what is none is refused with its reason."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipeline.errors import ErrorCode
from pipeline.model import (
    AdditionalCode,
    Charge,
    Document,
    DutyTaxFee,
    GoodsType,
    Money,
    Package,
    Party,
    PartyRole,
    Statement,
    TransportMode,
)
from tests.formats.examples import (
    EXAMPLES,
    bad_parcel,
    decoded,
    only_parcel,
    refused,
    with_text,
)

DECLARATION = EXAMPLES["wco_declaration"]
SHIPMENT = "/MetaData/Declaration[1]/GoodsShipment"
ITEM = f"{SHIPMENT}/GovernmentAgencyGoodsItem"
COMMODITY = f"{ITEM}[1]/Commodity"


def changed(old: str, new: str) -> bytes:
    return with_text("wco_declaration", old, new)


def test_the_declaration_becomes_the_manifest() -> None:
    header = decoded(DECLARATION).header
    assert (header.carrier, header.manifest_id) == ("GB603202734852", "LRN0001")
    assert (header.destination_country, header.transport_mode) == ("GB", TransportMode.AIR)
    assert header.issued_at == datetime(2026, 7, 6, 8, tzinfo=UTC)
    assert (header.conveyance_reference, header.estimated_arrival_at) == ("CA931", None)


def test_parties_arrive() -> None:
    parcel = only_parcel(DECLARATION)
    assert parcel.consignor.name == "Ningbo Games Ltd"
    assert parcel.consignor.address.postcode == "315000"
    assert parcel.consignee == Party(identification="GB553202734852")
    assert [(party.role, party.code, party.party.identification) for party in parcel.parties] == [
        (PartyRole.DECLARANT, "", "GB603202734852"),
        (PartyRole.REPRESENTATIVE, "2", ""),
        (PartyRole.AUTHORISATION_HOLDER, "DPO", "GB553202734852"),
        (PartyRole.FISCAL_REFERENCE, "FR5", "IM3720000224"),
    ]
    assert parcel.vendor_scheme_id == "IM3720000224"


def test_values_and_masses_arrive() -> None:
    parcel = only_parcel(DECLARATION)
    assert (parcel.currency, parcel.declared_value) == ("GBP", Decimal("120.00"))
    assert (parcel.transport_cost, parcel.gross_mass_kg) == (Decimal("9.50"), Decimal(15))
    first, second = parcel.items
    assert (first.intrinsic_value, second.intrinsic_value) == (Decimal(100), Decimal(20))
    assert (first.gross_mass_kg, first.net_mass_kg) == (Decimal(12), Decimal("10.5"))
    assert first.statistical_value == Money(Decimal(100), "GBP")
    assert first.charges == (Charge("AK", Money(Decimal(50), "EUR")),)


def test_codes_arrive() -> None:
    parcel = only_parcel(DECLARATION)
    first, second = parcel.items
    assert parcel.goods_type is GoodsType.SALE
    assert (first.commodity_code, second.commodity_code) == ("9504908090", "")
    assert first.additional_codes == (AdditionalCode("VATZ", "GN"),)
    assert (first.procedure_code, first.additional_procedure_codes) == ("4000", ("000", "C07"))
    assert (first.origin_country, second.origin_country) == ("CN", "CN")
    assert first.duty_tax_fees == (
        DutyTaxFee(
            type_code="A00",
            regime_code="100",
            quota_order_number="054077",
            payment_method_code="E",
            assessed=Money(Decimal("4.80"), "GBP"),
        ),
    )


def test_descriptions_packages_references_and_statements_arrive() -> None:
    parcel = only_parcel(DECLARATION)
    first = parcel.items[0]
    assert first.description == "Wooden chess sets"
    assert first.packages == (Package(quantity=2, type_code="BX", marks="BX-1"),)
    assert first.documents == (
        Document(
            category_code="N",
            type_code="935",
            identification="12345/19.01.2024",
            status_code="AC",
            name="See worksheet",
        ),
    )
    assert first.previous_documents == (
        Document(category_code="Z", type_code="355", identification="24GB1", line_number=1),
    )
    assert first.statements == (Statement("00500", "IMPORTER"),)
    assert parcel.trader_reference == "4GB553202734852-12345"
    assert [document.identification for document in parcel.documents] == ["1108654", "GBCGU5532"]
    assert [document.type_code for document in parcel.previous_documents] == ["DCR"]


def test_a_wrapped_declaration_is_told_with_its_wrapper() -> None:
    text = DECLARATION.decode().partition("?>")[2]
    wrapped = (
        f"<v1:submitDeclarationRequest xmlns:v1='urn:x'><v1:requestDetail>{text}"
        "</v1:requestDetail></v1:submitDeclarationRequest>"
    )
    assert decoded(wrapped.encode()).header.manifest_id == "LRN0001"
    _, where = bad_parcel(wrapped.replace(">100</ItemCharge", ">x</ItemCharge").encode())
    assert where.startswith("/submitDeclarationRequest/requestDetail/MetaData/Declaration[1]/")


def test_without_a_destination_it_is_the_country_it_is_lodged_in() -> None:
    value = changed("<Destination><CountryCode>GB</CountryCode></Destination>", "")
    value = value.replace(b"<md:ResponsibleCountryCode>GB", b"<md:ResponsibleCountryCode>IE")
    assert decoded(value).header.destination_country == "IE"


FAULTS = {
    "value": (
        ">100</ItemCharge",
        ">a lot</ItemCharge",
        f"{COMMODITY}/InvoiceLine/ItemChargeAmount",
    ),
    "value of the reduced set": (
        ">20</CustomsValue",
        ">x</CustomsValue",
        f"{ITEM}[2]/CustomsValueAmount",
    ),
    "unit": ('unitCode="KGM"', 'unitCode="STN"', f"{COMMODITY}/GoodsMeasure/GrossMassMeasure"),
    "mass": (
        ">3</GrossMass",
        ">x</GrossMass",
        f"{ITEM}[2]/Commodity/GoodsMeasure/GrossMassMeasure",
    ),
    "number": ("<SequenceNumeric>2<", "<SequenceNumeric>two<", f"{ITEM}[2]/SequenceNumeric"),
    "packages": (">2.0</Quantity", ">2.5</Quantity", f"{ITEM}[1]/Packaging[1]/QuantityQuantity"),
    "code": (
        "<ID>95049080<",
        "<ID>95049080000<",
        f"{COMMODITY}/Classification[IdentificationTypeCode='TSP']/ID",
    ),
    "charge": (
        "<ChargesTypeCode>AK</ChargesTypeCode>",
        "",
        f"{ITEM}[1]/CustomsValuation/ChargeDeduction[1]/ChargesTypeCode",
    ),
    "currency": ('GBP">9.50', 'USD">9.50', f"{SHIPMENT}/CustomsValuation/FreightChargeAmount"),
}


@pytest.mark.parametrize(("old", "new", "where"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_by_its_xpath(old: str, new: str, where: str) -> None:
    _, told = bad_parcel(changed(old, new))
    assert told == where


@pytest.mark.parametrize(
    ("old", "new", "code", "detail"),
    [
        ("<FunctionCode>9<", "<FunctionCode>4<", ErrorCode.UNKNOWN_DECLARATION, "function 4"),
        ("<FunctionCode>9<", "<FunctionCode><", ErrorCode.UNKNOWN_DECLARATION, "missing"),
        ("<TypeCode>IMA<", "<TypeCode>EXA<", ErrorCode.NOT_AN_IMPORT, "EXA is an export"),
        ("<TypeCode>IMA<", "<TypeCode>XYZ<", ErrorCode.NOT_AN_IMPORT, "XYZ is no type"),
        (
            "<ID>GB603202734852</ID>",
            "",
            ErrorCode.INVALID_MESSAGE,
            "/MetaData/Declaration/Declarant/ID",
        ),
        ("20260706090000+01", "2026-07", ErrorCode.INVALID_MESSAGE, "DateTimeString"),
    ],
)
def test_what_is_no_import_declaration_is_refused_with_its_reason(
    old: str, new: str, code: ErrorCode, detail: str
) -> None:
    refusal = refused(changed(old, new))
    assert refusal.code is code
    assert detail in refusal.text


@pytest.mark.parametrize(
    ("value", "code", "detail"),
    [
        ("<MetaData/>", ErrorCode.INVALID_MESSAGE, "no Declaration"),
        ("<MetaData><Response/></MetaData>", ErrorCode.NOT_ADVANCE_DATA, "function not given"),
        ("<submitDeclarationRequest/>", ErrorCode.UNKNOWN_FORMAT, "submitDeclarationRequest"),
        ("<MetaData xmlns='urn:other'/>", ErrorCode.UNKNOWN_FORMAT, "MetaData of urn:other"),
        ("<DeclarationStatusResponse/>", ErrorCode.NOT_ADVANCE_DATA, "a report"),
    ],
)
def test_other_documents_are_refused_with_their_reason(
    value: str, code: ErrorCode, detail: str
) -> None:
    refusal = refused(value.encode())
    assert refusal.code is code
    assert detail in refusal.text


def test_a_declaration_without_goods_items_is_a_bad_parcel() -> None:
    text = DECLARATION.decode()
    begin, end = text.index("<GovernmentAgencyGoodsItem>"), text.index("<Importer>")
    _, where = bad_parcel((text[:begin] + text[end:]).encode())
    assert where == f"{ITEM}"
