"""The UK's 671 sample messages: each converted, with all that matters, or refused with a reason."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from lxml import etree

from pipeline.errors import ErrorCode
from pipeline.formats.message import key_of
from pipeline.formats.outcome import BadParcel, Decoded, Refusal
from pipeline.formats.table import REPEATED, read_table
from pipeline.model import Parcel
from tests.formats.report import PAGE, converted, page, samples
from tests.intake.intake import Intake

DECLARATIONS = 229
"""Original import declarations with goods items, but for the two that are damaged."""
ARRIVES = {
    "parties": "Exporter/Name Exporter/ID Importer/Name Importer/ID Declarant/ID Buyer/Name "
    "Seller/Name Address/Line Address/CityName Address/PostcodeID AuthorisationHolder/ID "
    "AuthorisationHolder/CategoryCode DomesticDutyTaxParty/ID DomesticDutyTaxParty/RoleCode",
    "values": "InvoiceLine/ItemChargeAmount Declaration/InvoiceAmount "
    "GovernmentAgencyGoodsItem/CustomsValueAmount CustomsValuation/FreightChargeAmount "
    "GovernmentAgencyGoodsItem/StatisticalValueAmount Payment/TaxAssessedAmount "
    "Payment/PaymentAmount ChargeDeduction/OtherChargeDeductionAmount",
    "codes": "GovernmentProcedure/CurrentCode DutyTaxFee/TypeCode DutyTaxFee/DutyRegimeCode "
    "DutyTaxFee/QuotaOrderID Payment/MethodCode ChargeDeduction/ChargesTypeCode "
    "AdditionalInformation/StatementCode AdditionalInformation/StatementDescription "
    "GovernmentAgencyGoodsItem/SequenceNumeric Commodity/Description",
    "masses": "GoodsMeasure/GrossMassMeasure GoodsMeasure/NetNetWeightMeasure "
    "GoodsMeasure/TariffQuantity",
    "packages": "Packaging/QuantityQuantity Packaging/TypeCode Packaging/MarksNumbersID",
    "references": "AdditionalDocument/ID AdditionalDocument/TypeCode "
    "AdditionalDocument/CategoryCode AdditionalDocument/LPCOExemptionCode AdditionalDocument/Name "
    "PreviousDocument/ID PreviousDocument/TypeCode PreviousDocument/CategoryCode "
    "PreviousDocument/LineNumeric UCR/TraderAssignedReferenceID ObligationGuarantee/ID",
}


def test_every_message_is_converted_or_refused_with_a_code_of_its_own() -> None:
    outcomes = [sample.outcome for sample in samples()]
    assert len(outcomes) == 671
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert len(refused) == 671 - DECLARATIONS
    assert {refusal.code for refusal in refused} == {
        ErrorCode.NOT_ADVANCE_DATA,
        ErrorCode.UNKNOWN_DECLARATION,
        ErrorCode.UNKNOWN_FORMAT,
        ErrorCode.INVALID_XML,
    }
    assert all(refusal.detail for refusal in refused)


def test_every_import_declaration_that_is_well_formed_is_converted() -> None:
    """Told by a plain search of the text, without any of the adapter."""
    declarations = [
        sample
        for sample in samples()
        if re.search(rb"<(\w+:)?FunctionCode>9<", sample.xml)
        and re.search(rb"<(\w+:)?TypeCode>(IM|CO)\w<", sample.xml)
        and b"<GovernmentAgencyGoodsItem>" in re.sub(rb"<\w+:", b"<", sample.xml)
        and not re.search(rb"Declaration\w+Response", sample.xml)
    ]
    damaged = {"TT_IM084a/TT_IM084a.xml", "TT_IM222a/Step1_TT_IM222a.xml"}
    assert {d.name for d in declarations if isinstance(d.outcome, Refusal)} == damaged
    assert len(declarations) == DECLARATIONS + len(damaged)
    for sample in declarations:
        if isinstance(sample.outcome, Decoded):
            assert not any(isinstance(parcel, BadParcel) for parcel in sample.outcome.parcels)


@pytest.mark.parametrize("kind", ARRIVES)
def test_what_stands_in_the_declarations_arrives_in_the_model(kind: str) -> None:
    """Each text as often as it stands in the XML, item by item and in the whole."""
    paths = ARRIVES[kind].split()
    seen = 0
    for name, xml, parcel in converted():
        declaration = _declaration(xml)
        for element, ours in _pairs(declaration, parcel):
            sent = Counter(text for path in paths for text in _texts(element, path))
            missing = sent - Counter(_leaves(ours))
            assert not missing, (name, missing)
            seen += sent.total()
    assert seen > 200


def test_currencies_and_commodity_codes_arrive() -> None:
    for name, xml, parcel in converted():
        declaration = _declaration(xml)
        currencies = {
            str(amount.get("currencyID")) for amount in declaration.iter("ItemChargeAmount")
        }
        assert {parcel.currency} >= currencies, name
        for element, item in zip(
            declaration.iter("GovernmentAgencyGoodsItem"), parcel.items, strict=True
        ):
            codes = {
                str(code.findtext("IdentificationTypeCode")): str(code.findtext("ID"))
                for code in element.iter("Classification")
            }
            assert item.commodity_code == codes.pop("TSP", "") + codes.pop("TRC", ""), name
            assert set(codes.values()) <= {code.code for code in item.additional_codes}
            origins = {str(origin.findtext("CountryCode")) for origin in element.iter("Origin")}
            assert not origins or item.origin_country in origins


def test_the_gross_mass_of_a_parcel_is_that_of_its_items() -> None:
    for name, xml, parcel in converted():
        masses = [Decimal(str(m.text)) for m in _declaration(xml).iter("GrossMassMeasure")]
        assert parcel.gross_mass_kg == (sum(masses) if masses else None), name


def test_every_element_of_the_declarations_is_in_the_mapping_table() -> None:
    """Carried over, or known and named as not carried over."""
    rows = read_table("wco_declaration").rows
    carried = {_plain(row.path) for row in rows if row.field}
    left_out = tuple(_plain(row.path) for row in rows if not row.field)
    ways = {
        _way(element)
        for _, xml, _ in converted()
        for element in _declaration(xml).iter()
        if not len(element)
    }
    assert len(ways) > 80
    assert {way for way in ways - carried if not way.startswith(left_out)} == set()


def test_the_intake_room_answers_all_of_them() -> None:
    """Each is acknowledged or a dead letter with the code of its refusal; nothing else happens."""
    intake = Intake()
    for sample in samples():
        outcome = sample.outcome
        key = key_of(outcome.header) if isinstance(outcome, Decoded) else "x/y"
        intake.publish(sample.xml, key=key.encode())
    assert len(intake.acknowledgements) == DECLARATIONS
    codes = Counter(letter["error_code"] for letter in intake.dead_letters)
    assert codes == Counter(
        str(sample.outcome.code) for sample in samples() if isinstance(sample.outcome, Refusal)
    )
    assert len(intake.announced) > 150
    for answer in intake.acknowledgements:
        for fault in answer.faults:
            assert fault.pointer.startswith(("/MetaData/", "/submitDeclarationRequest/"))


def test_the_committed_page_says_what_became_of_them() -> None:
    """A failure here is mended by `python -m tests.formats.report`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def _declaration(xml: bytes) -> etree._Element:
    """The Declaration of a document, its names without namespaces."""
    root = etree.fromstring(xml, etree.XMLParser(remove_comments=True))
    for element in root.iter():
        element.tag = etree.QName(element).localname
    return next(root.iter("Declaration"))


def _way(element: etree._Element) -> str:
    """The element's path from the Declaration on."""
    steps = [element.tag, *(outer.tag for outer in element.iterancestors())]
    return "/".join(reversed(steps[: steps.index("Declaration") + 1]))


def _pairs(declaration: etree._Element, parcel: Parcel) -> Iterator[tuple[etree._Element, Any]]:
    """The whole beside the parcel, and each goods item beside ours."""
    yield declaration, parcel
    items = declaration.iter("GovernmentAgencyGoodsItem")
    for element, item in zip(items, parcel.items, strict=True):
        # These are the parcel's; they were compared with the whole.
        for others in list(element.iter("DomesticDutyTaxParty", "UCR")):
            element.remove(others)
        yield element, item


def _texts(element: etree._Element, path: str) -> list[str]:
    outer, inner = path.split("/")
    holders = [element] if element.tag == outer else []
    holders += [e for e in element.iter(outer) if e is not element]
    found = (child for holder in holders for child in holder.findall(inner))
    return [text for child in found if (text := " ".join((child.text or "").split()))]


def _leaves(value: Any) -> Iterator[str]:
    """All texts and numbers of a value; joined codes also apart."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "procedure_code":
                yield inner[:2]
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, msgspec.Struct):
        yield from _leaves(msgspec.to_builtins(value))
    elif value is not None:
        yield str(value)


def _plain(path: str) -> str:
    """A table's path without predicates and marks."""
    return re.sub(r"\[[^]]+\]", "", path.replace(REPEATED, ""))
