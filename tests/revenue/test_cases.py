"""Worked examples of duty, tax and fees, which a lawyer can read in cases/*.yaml.

An example may come with rates of its own: `tariff` (duty by commodity code), `values` (of legal
parameters) and `rates` (of exchange: how much of the law's currency one unit is worth).
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from msgspec import Struct
from msgspec.structs import replace

from pipeline.model import (
    Address,
    ChargeKind,
    GoodsType,
    NothingReason,
    Parcel,
    TransportMode,
)
from pipeline.model.parcel import PersonType
from pipeline.reference.exchange import Conversion, conversion
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.bill import Convert
from pipeline.rulebook.book import RuleBook, load_rule_book
from pipeline.rulebook.files import read_yaml
from pipeline.rulebook.law_files import ParameterEntry
from tests.builders import consignee, consignor, goods_item, parcel


class Goods(Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    value: Decimal
    quantity: int = 1
    origin: str = "CN"


class Case(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    says: str
    source: str
    country: str
    law_on: date
    goods: list[Goods]
    currency: str
    transport: Decimal = Decimal(0)
    insurance: Decimal = Decimal(0)
    flow: Literal["B2C", "B2B", "C2C", "documents"] = "B2C"
    vendor_id: str = ""
    sent_from: str = "CN"
    region: str = ""
    postcode: str = "10969"
    mode: TransportMode = TransportMode.AIR
    on_account: bool = False
    duty: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    unsecured: Decimal | None = None
    estimated: bool = False
    nothing: dict[str, NothingReason] = {}
    tariff: dict[str, str] = {}
    values: dict[str, str] = {}
    rates: dict[str, Decimal] = {}


CASES = [
    case
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in read_yaml(path, list[Case])
]


def build(case: Case) -> Parcel:
    goods_types = {"C2C": GoodsType.GIFT, "documents": GoodsType.DOCUMENTS}
    return parcel(
        goods_type=goods_types.get(case.flow, GoodsType.SALE),
        consignee=consignee(
            person_type=PersonType.LEGAL if case.flow == "B2B" else None,
            address=Address(
                city="Anytown",
                country=case.country,
                street_and_number="High Street 1",
                postcode=case.postcode,
                subdivision=case.region,
            ),
        ),
        consignor=consignor(
            address=Address(city="Far", country=case.sent_from, street_and_number="Road 1")
        ),
        insurance_cost=case.insurance,
        currency=case.currency,
        transport_cost=case.transport,
        vendor_scheme_id=case.vendor_id,
        items=[
            goods_item(
                sequence_number=number,
                commodity_code=goods.code,
                intrinsic_value=goods.value,
                quantity=goods.quantity,
                origin_country=goods.origin,
            )
            for number, goods in enumerate(case.goods, start=1)
        ],
    )


def book_for(case: Case) -> RuleBook:
    """The rule book, with the rates that the example brings."""
    book = load_rule_book()
    if not case.tariff and not case.values:
        return book
    sources = {
        name: source._replace(parameters=[assumed(one, case.values) for one in source.parameters])
        for name, source in book.sources.items()
    }
    tables = {name: table.with_rates(case.tariff) for name, table in book.tables.items()}
    return RuleBook(f"{book.version}+example", sources, tables)


def assumed(parameter: ParameterEntry, values: dict[str, str]) -> ParameterEntry:
    value = values.get(parameter.id)
    if value is None:
        return parameter
    return replace(parameter, values=[replace(one, value=value) for one in parameter.values])


def exchange_for(case: Case) -> Convert:
    """The rates of exchange, with those that the example brings."""

    def convert(source: str, target: str, on: date) -> Conversion | None:
        if source in case.rates and source != target:
            return Conversion(1 / case.rates[source], f"{source} as the example has it")
        if target in case.rates and source != target:
            return Conversion(case.rates[target], f"{target} as the example has it")
        return conversion(source, target, on)

    return convert


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_worked_example_comes_out_to_the_cent(case: Case) -> None:
    assessment = assess_revenue(
        build(case),
        destination_country=case.country,
        transport_mode=case.mode,
        legal_date=case.law_on,
        book=book_for(case),
        on_account=case.on_account,
        convert=exchange_for(case),
    )
    found = {
        kind: sum((line.amount for line in assessment.lines if line.kind is kind), Decimal(0))
        for kind in ChargeKind
    }
    assert found == {
        ChargeKind.DUTY: case.duty,
        ChargeKind.TAX: case.tax,
        ChargeKind.FEE: case.fee,
    }, assessment
    total = case.duty + case.tax + case.fee
    assert assessment.total_due == total
    for charge, reason in case.nothing.items():
        assert (charge, reason) in {(one.charge, one.reason) for one in assessment.not_charged}
    assert assessment.unsecured_due == (total if case.unsecured is None else case.unsecured)
    assert assessment.estimated is case.estimated, assessment.remarks


def test_no_two_cases_have_one_name() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
