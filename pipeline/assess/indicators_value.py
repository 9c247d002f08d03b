"""Indicators of value: undervaluation, values below a limit, round values."""

from collections.abc import Iterator
from decimal import Decimal

from pipeline.assess.rules import RiskRules
from pipeline.assess.subject import Indicator, Subject
from pipeline.model import GoodsType, RuleHit
from pipeline.reference.exchange import EURO, conversion

_ZERO = Decimal(0)
_CHAPTER, _HEADING = 2, 4


def value_indicators(rules: RiskRules) -> Indicator:
    """R01, R02, R16."""
    undervalued, below_limit = rules.by_id["R01"], rules.by_id["R02"]
    round_value = rules.by_id["R16"]
    least_share = Decimal(undervalued.limits["share_of_reference_price"])
    near_share = Decimal(below_limit.limits["share_of_limit"])
    multiple = int(round_value.limits["multiple_of"])
    prices = {price.code: Decimal(price.eur_per_kg) for price in rules.prices.prices}

    def indicate(subject: Subject) -> Iterator[RuleHit]:
        parcel, revenue = subject.parcel, subject.revenue
        if parcel.goods_type is GoodsType.DOCUMENTS or not revenue.jurisdiction:
            return
        value = revenue.intrinsic_value
        code = parcel.items[0].commodity_code
        reference = prices.get(code[:_HEADING]) or prices.get(code[:_CHAPTER])
        if reference and parcel.gross_mass_kg and len(parcel.items) == 1:
            expected = reference * parcel.gross_mass_kg
            value_eur = _in_euro(value, subject)
            if value_eur < expected * least_share:
                yield undervalued.hit(
                    f"{value_eur:.2f} EUR for {parcel.gross_mass_kg} kg",
                    f"{least_share * 100:f} % of {reference} EUR/kg "
                    f"(reference prices {rules.prices.version})",
                    "/items/0/intrinsic_value",
                )
        limit = subject.low_value_limit
        if limit is not None and limit * near_share <= value <= limit:
            yield below_limit.hit(
                f"{value} {revenue.currency}", f"{near_share * 100:f} to 100 % of {limit}"
            )
        declared = sum((item.intrinsic_value or _ZERO for item in parcel.items), _ZERO)
        if declared and not declared % multiple:
            yield round_value.hit(f"{declared} {parcel.currency}", f"multiple of {multiple}")

    return indicate


def _in_euro(value: Decimal, subject: Subject) -> Decimal:
    if subject.revenue.currency == EURO:
        return value
    rate = conversion(subject.revenue.currency, EURO, subject.legal_date)
    return value / rate.rate if rate else value
