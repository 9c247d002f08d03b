"""What holds of every assessment, whatever the parcel."""

import time
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Address, GoodsItem, GoodsType, RevenueAssessment, TransportMode
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.bill import apportioned
from pipeline.revenue.categorise import irg_category
from pipeline.rulebook.book import load_rule_book
from tests.builders import consignee, goods_item, parcel

BOOK = load_rule_book()
CODES = ("610910", "640399", "910211", "330300", "490199", "220300", "010121", "")
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
ordinary_values = st.decimals("0.01", "3000", places=2)
any_decimals = st.one_of(ordinary_values, st.decimals(allow_nan=True, allow_infinity=True))
countries = st.sampled_from(["DE", "FR", "FI", "GB", "US", "JP", "ZZ"])


def items(values: st.SearchStrategy[Decimal]) -> st.SearchStrategy[list[GoodsItem]]:
    one = st.tuples(values, st.sampled_from(CODES), st.sampled_from(["CN", "IT", ""]))
    return st.lists(one, min_size=1, max_size=5).map(
        lambda drawn: [
            goods_item(
                sequence_number=number,
                intrinsic_value=value,
                commodity_code=code,
                origin_country=origin,
            )
            for number, (value, code, origin) in enumerate(drawn, start=1)
        ]
    )


def assess(
    goods: list[GoodsItem], country: str, day: date, *, on_account: bool = False, **fields: object
) -> RevenueAssessment:
    return assess_revenue(
        parcel(items=goods, **fields),
        destination_country=country,
        transport_mode=TransportMode.AIR,
        legal_date=day,
        book=BOOK,
        on_account=on_account,
    )


@given(items(any_decimals), countries, days, st.sampled_from(GoodsType), st.booleans())
def test_it_never_raises_and_its_sums_hold(
    goods: list[GoodsItem], country: str, day: date, goods_type: GoodsType, on_account: bool
) -> None:
    found = assess(goods, country, day, on_account=on_account, goods_type=goods_type)
    assert found.total_due == sum((line.amount for line in found.lines), Decimal(0))
    assert 0 <= found.unsecured_due <= found.total_due
    assert found.unsecured_due == (0 if on_account else found.total_due)
    msgspec.json.encode(found)
    category, reason = irg_category(
        parcel(items=goods, goods_type=goods_type),
        found,
        restricted=False,
        legal_date=day,
        destination_country=country,
        book=BOOK,
    )
    assert category in (1, 2, 3, 4)
    assert reason


@given(
    any_decimals,
    any_decimals,
    st.sampled_from(["USD", "JPY", "XTS", "", "€", "RUB"]),
    st.text(max_size=17),
    st.sampled_from(["", "35001", "BT1 1AA", "97110"]),
    st.sampled_from(["ES", "GB", "FR", "US", "", "\x00"]),
    st.dates(),
    st.sampled_from(TransportMode),
)
def test_no_field_and_no_day_makes_it_raise(
    transport: Decimal,
    insurance: Decimal,
    currency: str,
    scheme: str,
    postcode: str,
    country: str,
    day: date,
    mode: TransportMode,
) -> None:
    address = Address(city="A", country="ES", postcode=postcode)
    declared = parcel(
        items=[goods_item(commodity_code="6"), goods_item(origin_country="€")],
        transport_cost=transport,
        insurance_cost=insurance,
        currency=currency,
        vendor_scheme_id=scheme,
        consignee=consignee(address=address),
    )
    found = assess_revenue(
        declared,
        destination_country=country,
        transport_mode=mode,
        legal_date=day,
        book=BOOK,
        on_account=False,
    )
    assert found.estimated or found.jurisdiction
    assert 0 <= found.unsecured_due == found.total_due


@pytest.mark.parametrize("digits", ["1E+999999", "1E-999999", "0." + "1" * 5_000, "-0", "sNaN"])
def test_extreme_amounts_neither_raise_nor_take_long(digits: str) -> None:
    began_s = time.perf_counter()
    found = assess([goods_item(intrinsic_value=Decimal(digits))], "US", date(2026, 7, 10))
    assert found.total_due.is_finite()
    assert time.perf_counter() - began_s < 1


@given(
    st.decimals("0", "10000", places=2),
    st.lists(st.decimals("0", "10000", places=2), min_size=1, max_size=99),
)
def test_shares_add_up_and_are_never_negative(amount: Decimal, weights: list[Decimal]) -> None:
    shares = apportioned(amount, weights)
    assert len(shares) == len(weights)
    assert sum(shares, Decimal(0)) == amount
    assert min(shares) >= 0


@given(ordinary_values, st.integers(2, 9), st.sampled_from(["DE", "GB", "US"]), days)
def test_goods_declared_in_several_lines_are_worth_the_same(
    value: Decimal, lines: int, country: str, day: date
) -> None:
    """The limits see one consignment, however its goods are spread over lines."""
    parts = apportioned(value, [Decimal(1)] * lines)
    whole = assess([goods_item(intrinsic_value=value)], country, day, currency="USD")
    split = assess(
        [
            goods_item(sequence_number=number, intrinsic_value=part)
            for number, part in enumerate(parts, start=1)
        ],
        country,
        day,
        currency="USD",
    )
    assert split.intrinsic_value == whole.intrinsic_value
    assert split.customs_value == whole.customs_value


@given(items(ordinary_values), st.sampled_from(["DE", "GB", "US"]), days)
def test_no_value_is_assessed_as_nothing_unless_the_law_of_the_day_is_sure(
    goods: list[GoodsItem], country: str, day: date
) -> None:
    """Before the first period of a parameter nothing is known: never a silent release."""
    early = assess(goods, country, date(1990, 1, 1) + (day - date(2020, 1, 1)) / 2)
    assert early.estimated


@given(items(ordinary_values), countries, days)
def test_money_is_never_a_float_and_has_at_most_two_decimals(
    goods: list[GoodsItem], country: str, day: date
) -> None:
    found = assess(goods, country, day)
    for amount in (found.total_due, found.unsecured_due, *(line.amount for line in found.lines)):
        assert isinstance(amount, Decimal)
        assert amount == amount.quantize(Decimal("0.01"))


@given(items(st.decimals("0.01", "30", places=2)), st.dates(date(2026, 7, 1), date(2028, 6, 30)))
def test_the_number_of_pieces_does_not_change_the_flat_duty(
    goods: list[GoodsItem], day: date
) -> None:
    many = [msgspec.structs.replace(item, quantity=item.quantity * 7) for item in goods]
    assert assess(goods, "FR", day).lines == assess(many, "FR", day).lines


@given(items(ordinary_values), st.sampled_from(["DE", "GB", "US"]), days)
def test_unverified_law_always_makes_an_estimate(
    goods: list[GoodsItem], country: str, day: date
) -> None:
    found = assess(goods, country, day)
    unverified = any(line.status == "unverified" for line in found.lines)
    assert found.estimated or not unverified
    assert bool(found.remarks) or not found.estimated


def test_what_a_sender_writes_as_region_is_kept_only_where_the_law_knows_it() -> None:
    """Else every text would cost a plan of its own."""
    BOOK._laws.clear()  # or it may be full, and be cleared between two assessments
    for country, subdivision in (("DE", "Bayern"), ("DE", "Hessen"), ("CA", "QC"), ("CA", "XX")):
        address = Address(city="A", country=country, subdivision=subdivision)
        goods = [goods_item(intrinsic_value=Decimal(100))]
        assess(goods, country, date(2026, 7, 10), consignee=consignee(address=address))
    kept = {
        jurisdiction: {situation.region for situation in BOOK.on(jurisdiction, day).plans}
        for jurisdiction, day in (("EU", date(2026, 7, 10)), ("CA", date(2026, 7, 10)))
    }
    assert kept == {"EU": {""}, "CA": {"QC", ""}}


@settings(max_examples=10)  # each reads the whole rule book
@given(days)
def test_the_law_of_a_day_does_not_depend_on_what_was_asked_before(day: date) -> None:
    fresh = load_rule_book.__wrapped__()
    for jurisdiction in ("EU", "GB", "US"):
        BOOK.on(jurisdiction, day + timedelta(days=1))
        parameter = {"EU": "eu.gift.limit", "GB": "gb.vat.rate", "US": "us.gift.limit"}
        name = parameter[jurisdiction]
        assert BOOK.on(jurisdiction, day).value(name) == fresh.on(jurisdiction, day).value(name)
