"""What a rule does once its conditions hold: shares, fixed amounts, tariff rates, or nothing."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from pipeline.model import GoodsItem, NothingReason
from pipeline.revenue.bill import ZERO, Bill, Taken, percent
from pipeline.revenue.charging import Charging, Ground, places
from pipeline.rulebook.book import DatedValue
from pipeline.rulebook.law_files import RuleEntry

SUBHEADING_LENGTH = 6
TARIFF_LINE_LENGTH = 10
_ONE = Decimal(1)

Outcome = Callable[[Bill, Taken], None]
"""Charges some items of a parcel."""


def nothing_outcome(rule: RuleEntry, charging: Charging, ground: Ground) -> Outcome:
    """No charge, for a reason."""
    reason = rule.nothing or NothingReason.NOT_CHARGEABLE
    of_all = charging.reason(ground, reason, [])

    def charge(bill: Bill, taken: Taken) -> None:
        if taken is None:
            bill.not_charged.append(of_all)
        else:
            charging.nothing(bill, ground, reason, taken)

    return charge


def share_outcome(
    rule: RuleEntry, charging: Charging, ground: Ground, cited: Mapping[str, DatedValue]
) -> Outcome:
    """A share of the sum of values and charges."""
    rate = cited["rate"].number or ZERO
    factor = cited["factor"].number if "factor" in cited else None
    bounds = [(name, cited[name]) for name in ("minus", "least", "most") if name in cited]
    rate_text, terms, inside = percent(rate), rule.of, rule.inside

    def charge(bill: Bill, taken: Taken) -> None:
        basis, formula = charging.basis(bill, terms, taken, factor)
        if inside:  # the tax is part of its own basis
            formula = f"{formula} / (1 - {rate_text})"
            basis /= 1 - rate
        amount = basis * rate
        formula = f"{formula} x {rate_text}"
        if bounds:
            amount, formula = _bounded(bill, amount, formula, bounds)
        if inside:
            basis = charging.rounding(basis)
        charging.add(bill, ground, taken, basis, rate_text, amount, formula)

    def charge_each(bill: Bill, taken: Taken) -> None:
        for place in places(bill, taken):
            charge(bill, (place,))

    return charge_each if rule.each_item else charge


def _bounded(
    bill: Bill, amount: Decimal, formula: str, bounds: Sequence[tuple[str, DatedValue]]
) -> tuple[Decimal, str]:
    for name, value in bounds:
        bound = bill.in_own_currency(value.number or ZERO, value.currency)
        if bound is None:
            bill.estimate(f"{value.title}: no exchange rate from {value.currency}")
        elif name == "minus":
            amount, formula = max(amount - bound, ZERO), f"{formula} - {bound}"
        elif name == "least" and amount < bound:
            amount, formula = bound, f"{formula}, at least {bound}"
        elif name == "most" and amount > bound:
            amount, formula = bound, f"{formula}, at most {bound}"
    return amount, formula


def amount_outcome(
    rule: RuleEntry, charging: Charging, ground: Ground, value: DatedValue
) -> Outcome:
    """A fixed amount for each of something."""
    each, per = value.number or ZERO, rule.per
    currency, rate_text = value.currency, f"{value.text} {value.unit}"

    def charge(bill: Bill, taken: Taken) -> None:
        own = each if currency == bill.currency else bill.in_own_currency(each, currency)
        if own is None:
            bill.estimate(f"{ground.title}: no exchange rate from {currency}")
        elif per == "parcel":
            charging.add(bill, ground, taken, _ONE, rate_text, own, rate_text)
        elif per in ("piece", "kg"):
            for place in places(bill, taken):
                count = quantity(bill, per, bill.parcel.items[place])
                formula = f"{count} x {rate_text}"
                charging.add(bill, ground, (place,), count, rate_text, own * count, formula)
        else:
            for group in _grouped(bill, per, places(bill, taken)):
                charging.add(bill, ground, group, _ONE, rate_text, own, rate_text)

    return charge


def _grouped(bill: Bill, per: str, taken: Sequence[int]) -> Sequence[Sequence[int]]:
    """The items that pay once together."""
    if per == "item":
        return [(place,) for place in taken]
    groups: dict[object, list[int]] = {}
    length = SUBHEADING_LENGTH if per == "subheading" else TARIFF_LINE_LENGTH
    items = bill.parcel.items
    for place in taken:
        item = items[place]
        key: object = item.commodity_code[:length]
        if len(item.commodity_code) < SUBHEADING_LENGTH:
            # Such a line counts for itself: it cannot be shown to be the same goods as another.
            key = place
            bill.estimate(f"item {item.sequence_number} has no HS subheading")
        elif per == "tariff_line":
            key = (key, item.origin_country)
        if key in groups:
            groups[key].append(place)
        else:
            groups[key] = [place]
    return list(groups.values())


def quantity(bill: Bill, per: str, item: GoodsItem) -> Decimal:
    """How many pieces or kilograms an item has; a mass that is not declared counts as nothing."""
    if per == "piece":
        return Decimal(item.quantity)
    if item.net_mass_kg is None:
        bill.estimate(f"item {item.sequence_number} has no net mass, on which a charge depends")
        return ZERO
    return item.net_mass_kg
