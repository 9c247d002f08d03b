"""What holds of every assessment, whatever the parcel."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import GoodsItem, GoodsType, RevenueAssessment, TransportMode
from pipeline.revenue.assess import assess_revenue
from pipeline.revenue.categorise import irg_category
from pipeline.rulebook.book import load_rule_book
from tests.builders import goods_item, parcel

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


@given(items(ordinary_values), countries, days)
def test_money_is_never_a_float_and_has_at_most_two_decimals(
    goods: list[GoodsItem], country: str, day: date
) -> None:
    found = assess(goods, country, day)
    for amount in (found.total_due, found.unsecured_due, *(line.amount for line in found.lines)):
        assert isinstance(amount, Decimal)
        assert amount == amount.quantize(Decimal("0.01"))


@given(items(ordinary_values), days)
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


@given(days)
def test_the_law_of_a_day_does_not_depend_on_what_was_asked_before(day: date) -> None:
    fresh = load_rule_book.__wrapped__()
    for jurisdiction in ("EU", "GB", "US"):
        BOOK.on(jurisdiction, day + timedelta(days=1))
        parameter = {"EU": "eu.gift.limit", "GB": "gb.vat.rate", "US": "us.gift.limit"}
        name = parameter[jurisdiction]
        assert BOOK.on(jurisdiction, day).value(name) == fresh.on(jurisdiction, day).value(name)
