"""Examples of assessments: how a file of cases is read, and how a case is run."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.model import (
    Address,
    GoodsType,
    NothingReason,
    Parcel,
    RevenueAssessment,
    TransportMode,
)
from pipeline.model.parcel import DeclarationDataSet, PersonType
from pipeline.reference.exchange import Conversion, conversion
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.bill import Convert
from pipeline.rulebook.book import RuleBook, load_rule_book
from pipeline.rulebook.law_files import ParameterEntry
from tests.builders import consignee, consignor, goods_item, parcel


class Goods(Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    value: Decimal
    quantity: int = 1
    origin: str = "CN"
    net_mass_kg: Decimal | None = None


class Case(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Facts, the law's date, and the amounts to the cent.

    An example may come with rates of its own: `tariff` (duty by commodity code), `values` (of legal
    parameters) and `rates` (of exchange: how much of the law's currency one unit is worth).
    """

    id: str
    says: str
    source: str
    country: str
    law_on: date
    known_on: date | None = None
    goods: list[Goods]
    currency: str
    transport: Decimal = Decimal(0)
    insurance: Decimal = Decimal(0)
    flow: Literal["B2C", "B2B", "C2C", "documents"] = "B2C"
    vendor_id: str = ""
    data_set: DeclarationDataSet | None = None
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


def assess(case: Case) -> RevenueAssessment:
    """What the parcel of a case owes."""
    return assess_revenue(
        declared(case),
        destination_country=case.country,
        transport_mode=case.mode,
        legal_date=case.law_on,
        book=book_for(tuple(case.tariff.items()), tuple(case.values.items())),
        on_account=case.on_account,
        known_on=case.known_on,
        convert=exchange_for(case.rates),
    )


def declared(case: Case) -> Parcel:
    goods_types = {"C2C": GoodsType.GIFT, "documents": GoodsType.DOCUMENTS}
    home = Address(
        city="Anytown",
        country=case.country,
        street_and_number="High Street 1",
        postcode=case.postcode,
        subdivision=case.region,
    )
    far = Address(city="Far", country=case.sent_from, street_and_number="Road 1")
    return parcel(
        goods_type=goods_types.get(case.flow, GoodsType.SALE),
        consignee=consignee(
            person_type=PersonType.LEGAL if case.flow == "B2B" else None, address=home
        ),
        consignor=consignor(address=far),
        currency=case.currency,
        transport_cost=case.transport,
        insurance_cost=case.insurance,
        vendor_scheme_id=case.vendor_id,
        declaration_data_set=case.data_set,
        items=[
            goods_item(
                sequence_number=number,
                commodity_code=goods.code,
                intrinsic_value=goods.value,
                quantity=goods.quantity,
                origin_country=goods.origin,
                net_mass_kg=goods.net_mass_kg,
            )
            for number, goods in enumerate(case.goods, start=1)
        ],
    )


@cache
def book_for(
    tariff: tuple[tuple[str, str], ...] = (), values: tuple[tuple[str, str], ...] = ()
) -> RuleBook:
    """The rule book, with the rates that an example brings."""
    book = load_rule_book()
    if not tariff and not values:
        return book
    sources = {
        name: source._replace(parameters=[_assumed(one, dict(values)) for one in source.parameters])
        for name, source in book.sources.items()
    }
    tables = {name: table.with_rates(dict(tariff)) for name, table in book.tables.items()}
    return RuleBook(f"{book.version}+example", sources, tables, book.rates)


def _assumed(parameter: ParameterEntry, values: Mapping[str, str]) -> ParameterEntry:
    value = values.get(parameter.id)
    if value is None:
        return parameter
    return replace(parameter, values=[replace(one, value=value) for one in parameter.values])


def exchange_for(rates: Mapping[str, Decimal]) -> Convert:
    """The rates of exchange, with those that an example brings."""

    def convert(source: str, target: str, on: date) -> Conversion | None:
        if source != target and source in rates:
            return Conversion(1 / rates[source], f"{source} as the example has it")
        if source != target and target in rates:
            return Conversion(rates[target], f"{target} as the example has it")
        return conversion(source, target, on)

    return convert
