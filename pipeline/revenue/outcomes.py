"""What a rule does once its conditions hold: shares, fixed amounts, tariff rates, or nothing."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.model import GoodsItem, NothingReason, RevenueLine
from pipeline.revenue.bill import ZERO, Bill, Taken, percent
from pipeline.revenue.charging import Charging, Ground, places
from pipeline.rulebook.book import DatedValue
from pipeline.rulebook.law_files import RuleEntry

SUBHEADING_LENGTH = 6
TARIFF_LINE_LENGTH = 10
LINES_KEPT_MAX = 100
COUNTED = frozenset({"piece", "kg"})
_ONE = Decimal(1)
_BOUNDS = ("minus", "least", "most")

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
    bounds = [_Bound.of(name, cited[name]) for name in _BOUNDS if name in cited]
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


class _Bound(NamedTuple):
    """What a share is lessened by, or kept above or below."""

    name: str
    amount: Decimal
    currency: str
    title: str

    @classmethod
    def of(cls, name: str, value: DatedValue) -> "_Bound":
        return cls(name, value.number or ZERO, value.currency, value.title)


def _bounded(
    bill: Bill, amount: Decimal, formula: str, bounds: Sequence[_Bound]
) -> tuple[Decimal, str]:
    for name, number, currency, title in bounds:
        bound = bill.in_own_currency(number, currency)
        if bound is None:
            bill.estimate(f"{title}: no exchange rate from {currency}")
        elif name == "minus":
            amount, formula = max(amount - bound, ZERO), f"{formula} - {bound}"
        elif name == "least" and amount < bound:
            amount, formula = bound, f"{formula}, at least {bound}"
        elif name == "most" and amount > bound:
            amount, formula = bound, f"{formula}, at most {bound}"
    return amount, formula


class FixedAmount:
    """A fixed amount for each of something: an outcome."""

    def __init__(
        self, rule: RuleEntry, charging: Charging, ground: Ground, value: DatedValue
    ) -> None:
        self._charging, self._ground, self._per = charging, ground, rule.per
        self._each, self._currency = value.number or ZERO, value.currency
        self._rate = f"{value.text} {value.unit}"
        self._rounded = charging.rounding(self._each)
        self._formula = f"{self._rate} = {self._rounded}"
        self._lines: dict[int, RevenueLine] = {}
        """On a single item, by its sequence number: the same for every parcel."""

    def __call__(self, bill: Bill, taken: Taken) -> None:
        """Charge some items of a parcel."""
        each, amount, formula = self._each, self._rounded, self._formula
        own_currency = self._currency == bill.currency
        if not own_currency:
            own = bill.in_own_currency(each, self._currency)
            if own is None:
                bill.estimate(f"{self._ground.title}: no exchange rate from {self._currency}")
                return
            each = amount = self._charging.rounding(own)
            formula = f"{self._rate} = {amount}"
        if self._per in COUNTED:
            self._charge_counted(bill, taken, each)
            return
        groups = [taken] if self._per == "parcel" else _grouped(bill, self._per, taken)
        for group in groups:
            if own_currency and amount and group is not None and len(group) == 1:
                bill.lines.append(self._line(bill.parcel.items[group[0]].sequence_number))
                bill.charged.append((self._charging.name, group, amount))
            else:
                self._charging.put(bill, self._ground, group, _ONE, self._rate, amount, formula)

    def _line(self, number: int) -> RevenueLine:
        line = self._lines.get(number)
        if line is None:
            line = self._charging.line(
                self._ground, _ONE, self._rate, self._rounded, self._formula, [number]
            )
            if number <= LINES_KEPT_MAX:
                self._lines[number] = line
        return line

    def _charge_counted(self, bill: Bill, taken: Taken, each: Decimal) -> None:
        for place in places(bill, taken):
            count = quantity(bill, self._per, bill.parcel.items[place])
            formula = f"{count} x {self._rate}"
            amount = each * count
            self._charging.add(bill, self._ground, (place,), count, self._rate, amount, formula)


def _grouped(bill: Bill, per: str, taken: Taken) -> Sequence[Sequence[int]]:
    """The items that pay once together."""
    if per == "item":
        return [(place,) for place in places(bill, taken)]
    groups: dict[object, list[int]] = {}
    length = SUBHEADING_LENGTH if per == "subheading" else TARIFF_LINE_LENGTH
    items = bill.parcel.items
    for place in places(bill, taken):
        item = items[place]
        code = item.commodity_code
        key: object = code[:length]
        if len(code) < SUBHEADING_LENGTH:
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
        return Decimal(bill.pieces(item))
    if item.net_mass_kg is None:
        bill.estimate(f"item {item.sequence_number} has no net mass, on which a charge depends")
        return ZERO
    return item.net_mass_kg
