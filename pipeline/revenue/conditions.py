"""Conditions of rules on parcels and goods, made ready from the law of a day."""

import operator
import re
from collections.abc import Callable
from typing import NamedTuple

from pipeline.model import GoodsItem
from pipeline.revenue.bill import Bill
from pipeline.rulebook.book import DatedValue, Law
from pipeline.rulebook.law_check import limits_of
from pipeline.rulebook.law_files import ValueTest, When
from pipeline.rulebook.tariff import Rates

ParcelTest = Callable[[Bill], bool]
ItemTest = Callable[[Bill, int, GoodsItem], bool]
"""Of the item at a place of the parcel."""

_COMPARE: dict[str, Callable[..., bool]] = {
    "up_to": operator.le,
    "above": operator.gt,
    "below": operator.lt,
    "at_least": operator.ge,
}


class Condition(NamedTuple):
    """A test of the parcel, and how to say that it failed."""

    holds: ParcelTest
    failure: str


def cited_limits(when: When, law: Law) -> list[DatedValue]:
    """The parameters that bound values in a rule's conditions."""
    tests = [*when.value, *when.item_value]
    return [law.value(limits_of(test)[0][1]) for test in tests]


def value_conditions(when: When, law: Law) -> list[Condition]:
    """Limits of the parcel's value; each must be in force."""
    return [_value_condition(test, law) for test in when.value]


def parcel_conditions(when: When, law: Law) -> list[Condition]:
    """All other conditions on the parcel."""
    found: list[Condition] = []
    if when.vendor_id:
        found.append(_vendor_condition(law.value(when.vendor_id)))
    if when.data_sets:
        data_sets = frozenset(when.data_sets)
        found.append(
            Condition(
                lambda bill: bill.parcel.declaration_data_set in data_sets,
                f"it is not declared in {' or '.join(when.data_sets)}",
            )
        )
    if when.parcel_with:
        codes = law.value(when.parcel_with).codes
        found.append(Condition(lambda bill: _holds(bill, codes), "it holds no such goods"))
    if when.parcel_without:
        without = law.value(when.parcel_without)
        found.append(
            Condition(
                lambda bill, codes=without.codes: not _holds(bill, codes),  # type: ignore[misc]
                f"it holds goods that are excluded ({without.title})",
            )
        )
    if when.parcel_without_origins:
        origins = frozenset(when.parcel_without_origins)
        found.append(
            Condition(
                lambda bill: not any(one.origin_country in origins for one in bill.parcel.items),
                f"it holds goods of {', '.join(filter(None, when.parcel_without_origins))}",
            )
        )
    if when.charged:
        charges = frozenset(when.charged)
        found.append(
            Condition(
                lambda bill: any(name in charges for name, _, _ in bill.charged),
                f"nothing is charged as {', '.join(when.charged)}",
            )
        )
    return found


def item_conditions(when: When, law: Law) -> list[ItemTest]:
    """Conditions on each goods item."""
    found: list[ItemTest] = [_item_value_test(test, law) for test in when.item_value]
    if when.goods:
        goods = law.value(when.goods).codes
        found.append(lambda _bill, _place, item: item.commodity_code.startswith(goods))
    if when.not_goods:
        not_goods = law.value(when.not_goods).codes
        found.append(lambda _bill, _place, item: not item.commodity_code.startswith(not_goods))
    if when.origins:
        origins = frozenset(when.origins)
        found.append(lambda _bill, _place, item: item.origin_country in origins)
    if when.not_origins:
        not_origins = frozenset(when.not_origins)
        found.append(lambda _bill, _place, item: item.origin_country not in not_origins)
    if when.free_in:
        found.append(_tariff_test(law.tariffs[when.free_in], free=True))
    if when.dutiable_in:
        found.append(_tariff_test(law.tariffs[when.dutiable_in], free=False))
    return found


def _value_condition(test: ValueTest, law: Law) -> Condition:
    name, parameter_id = limits_of(test)[0]
    limit, compare = law.value(parameter_id), _COMPARE[name]
    number, currency, with_transport = limit.number, limit.currency, test.of == "cif"
    factor = law.value(test.factor).number if test.factor else None
    failure = f"its value is not {name.replace('_', ' ')} {number} {currency}"
    of_day = test.of == "day"
    if currency == law.currency and test.of == "goods" and factor is None:
        return Condition(lambda bill: compare(bill.goods, number), failure)

    def holds(bill: Bill) -> bool:
        value = bill.value_in(currency, with_transport=with_transport)
        if value is None:
            bill.estimate(f"no exchange rate to {currency}, in which a limit stands")
            return False
        if of_day:
            value = bill.with_same_day(value, currency)
        return compare(value if factor is None else value * factor, number)

    return Condition(holds, failure)


def _item_value_test(test: ValueTest, law: Law) -> ItemTest:
    name, parameter_id = limits_of(test)[0]
    limit, compare = law.value(parameter_id), _COMPARE[name]

    def holds(bill: Bill, place: int, item: GoodsItem) -> bool:
        number = bill.in_own_currency(limit.number, limit.currency) if limit.number else None
        # The limit is one of a piece: a line may hold several.
        each = bill.goods_of[place] / bill.pieces(item)
        return number is not None and compare(each, number)

    return holds


def _vendor_condition(pattern: DatedValue) -> Condition:
    matches = re.compile(pattern.text or r"(?!)").fullmatch
    return Condition(
        lambda bill: matches(bill.parcel.vendor_scheme_id) is not None,
        f"the id of the vendor is none of the scheme ({pattern.title})",
    )


def _holds(bill: Bill, codes: tuple[str, ...]) -> bool:
    for item in bill.parcel.items:  # noqa: SIM110 - any() takes twice as long
        if item.commodity_code.startswith(codes):
            return True
    return False


def _tariff_test(rates: Rates, *, free: bool) -> ItemTest:
    def holds(bill: Bill, _: int, item: GoodsItem) -> bool:
        found = rates.rate(item.commodity_code)
        if found is None or not found.is_sure:
            number = item.sequence_number
            bill.estimate(f"whether the tariff rate of item {number} is free is not verified")
        return (found is not None and found.rate.is_free) is free

    return holds
