"""Worked examples of duty, tax and fees, which a lawyer can read in cases/*.yaml."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from msgspec import Struct

from pipeline.model import Address, ChargeKind, GoodsType, Parcel, TransportMode
from pipeline.model.parcel import PersonType
from pipeline.revenue.assess import assess_revenue
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.files import read_yaml
from tests.builders import consignee, goods_item, parcel


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
    flow: Literal["B2C", "B2B", "C2C", "documents"] = "B2C"
    ioss: str = ""
    postcode: str = "10969"
    mode: TransportMode = TransportMode.AIR
    on_account: bool = False
    duty: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    unsecured: Decimal | None = None
    estimated: bool = False


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
            ),
        ),
        currency=case.currency,
        transport_cost=case.transport,
        vendor_scheme_id=case.ioss,
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_worked_example_comes_out_to_the_cent(case: Case) -> None:
    assessment = assess_revenue(
        build(case),
        destination_country=case.country,
        transport_mode=case.mode,
        legal_date=case.law_on,
        book=load_rule_book(),
        on_account=case.on_account,
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
    assert assessment.unsecured_due == (total if case.unsecured is None else case.unsecured)
    assert assessment.estimated is case.estimated, assessment.remarks


def test_no_two_cases_have_one_name() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
