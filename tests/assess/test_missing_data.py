"""What declarations may lack makes no indicator fail, and none fire for it."""

from decimal import Decimal

import pytest

from pipeline.model import GoodsType, Party
from tests import builders
from tests.assess.examples import assess, fired


def test_without_a_gross_mass_no_price_per_kilogram_is_expected() -> None:
    heavy = builders.parcel(gross_mass_kg=Decimal(50))
    assert "R01" in fired(assess(heavy))
    assert "R01" not in fired(assess(builders.parcel(gross_mass_kg=None)))


def test_a_consignor_without_a_country_has_no_other_country_of_origin() -> None:
    elsewhere = builders.parcel(items=[builders.goods_item(origin_country="VN")])
    (rule_id,) = fired(assess(elsewhere))
    unknown = builders.parcel(consignor=Party(identification="GB553202734852"))
    assert rule_id not in fired(assess(unknown))


def test_a_gift_without_quantities_has_no_number_of_pieces() -> None:
    item = builders.goods_item(quantity=None)
    assess(builders.parcel(goods_type=GoodsType.GIFT, items=[item]))


@pytest.mark.parametrize("goods", [[{"intrinsic_value": None}], [{}, {"intrinsic_value": None}]])
def test_goods_without_a_value_are_an_estimate_that_says_so(goods: list[dict[str, None]]) -> None:
    """An estimate of nothing goes to an officer: it is never released in silence."""
    items = [builders.goods_item(sequence_number=n, **fields) for n, fields in enumerate(goods, 1)]
    assessment = assess(builders.parcel(items=items))
    assert assessment.revenue.estimated
    assert assessment.revenue.remarks == ["an amount is missing, not a number, or beyond any limit"]
    assert assessment.needs_officer


def test_a_charge_by_the_piece_on_goods_without_pieces_is_an_estimate() -> None:
    """Duty on watches has a least and a most for each."""
    item = builders.goods_item(commodity_code="910211", intrinsic_value=Decimal(200), quantity=None)
    revenue = assess(builders.parcel(items=[item])).revenue
    assert revenue.estimated
    assert "item 1 has no number of pieces, on which a charge depends" in revenue.remarks
