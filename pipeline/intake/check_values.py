"""Checks of money."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pipeline.intake.check_masses import decimals, is_mass
from pipeline.intake.circumstances import Circumstances, ParcelCheck
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.intake.templates import template_of
from pipeline.model import GoodsType, Parcel
from pipeline.reference.codes import currency_minor_units
from pipeline.reference.exchange import EURO, conversion

AMOUNT_MAX = Decimal(10) ** 12
IMPORT_SCHEME_PREFIX = "IM"
_ZERO = Decimal(0)
_CENT, _CENT_DECIMALS = Decimal("0.01"), 2
_MAY_BE_WORTHLESS = (GoodsType.DOCUMENTS, GoodsType.RETURNED_GOODS)


class _Bounds(NamedTuple):
    """Between what amounts of a currency goods are worth anything a kilogram or a piece."""

    per_kg_min: Decimal
    per_kg_max: Decimal
    per_piece_min: Decimal
    per_piece_max: Decimal


def values_check(rules: DataRules) -> ParcelCheck:
    """DQ17, DQ17b, DQ18, DQ20, DQ21, DQ26b."""
    bounds_of = _bounds(rules)
    tolerance = Decimal(rules.limit("DQ18", "tolerance_amount"))
    tolerance_share = Decimal(rules.limit("DQ18", "tolerance_share"))

    def check_values(parcel: Parcel, circumstances: Circumstances) -> Iterator[Finding]:
        faults = list(_check_amounts(parcel))
        if parcel.currency not in circumstances.currencies:
            faults.append(Finding("DQ17b", "/currency", parcel.currency))
        if faults:
            yield from faults
            return
        total = sum((item.intrinsic_value for item in parcel.items), _ZERO)
        declared = parcel.declared_value
        if declared is not None and abs(total - declared) > max(tolerance, total * tolerance_share):
            yield Finding("DQ18", "/declared_value", str(declared))
        if total:
            bounds = bounds_of(parcel.currency, circumstances.issued_on)
            yield from _check_proportion(parcel, total, bounds)
        scheme = circumstances.import_scheme
        if (
            scheme
            and parcel.vendor_scheme_id.startswith(IMPORT_SCHEME_PREFIX)
            and total > scheme.limit_eur * _units_per_euro(parcel.currency, circumstances.issued_on)
        ):
            yield Finding("DQ26b", "/vendor_scheme_id", f"{total} {parcel.currency}")
        if circumstances.templates and template_of(parcel) in circumstances.templates:
            yield Finding("DQ21", "/items/0/intrinsic_value", str(total))

    return check_values


def _check_amounts(parcel: Parcel) -> Iterator[Finding]:
    places = currency_minor_units().get(parcel.currency, _CENT_DECIMALS)
    worthless = parcel.goods_type in _MAY_BE_WORTHLESS
    for index, item in enumerate(parcel.items):
        value = item.intrinsic_value
        if not _is_amount(value, places) or (not value and not worthless):
            yield Finding("DQ17", f"/items/{index}/intrinsic_value", str(value))
    for name, amount in (
        ("transport_cost", parcel.transport_cost),
        ("insurance_cost", parcel.insurance_cost),
        ("declared_value", parcel.declared_value),
    ):
        if amount is not None and not _is_amount(amount, places):
            yield Finding("DQ17", f"/{name}", str(amount))


def _check_proportion(parcel: Parcel, total: Decimal, bounds: _Bounds) -> Iterator[Finding]:
    gross = parcel.gross_mass_kg
    if is_mass(gross) and not (bounds.per_kg_min * gross <= total <= bounds.per_kg_max * gross):
        yield Finding("DQ20", "/gross_mass_kg", f"{total} {parcel.currency} for {gross} kg")
    for index, item in enumerate(parcel.items):
        value, quantity = item.intrinsic_value, item.quantity
        if value and not (
            bounds.per_piece_min * quantity <= value <= bounds.per_piece_max * quantity
        ):
            text = f"{value} {parcel.currency} for {quantity} pieces"
            yield Finding("DQ20", f"/items/{index}/intrinsic_value", text)


def _bounds(rules: DataRules) -> Callable[[str, date], _Bounds]:
    limits = [Decimal(rules.limit("DQ20", f"eur_{name}")) for name in _Bounds._fields]

    @lru_cache(maxsize=4_096)
    def bounds_of(currency: str, on: date) -> _Bounds:
        rate = _units_per_euro(currency, on)
        return _Bounds(*(limit * rate for limit in limits))

    return bounds_of


def _units_per_euro(currency: str, on: date) -> Decimal:
    found = conversion(currency, EURO, on)
    if found is None:
        raise ValueError(f"{currency} was found to be convertible, but has no rate")
    return found.rate


def _is_amount(value: Decimal, places: int) -> bool:
    # Finiteness first: comparing NaN raises. Most amounts have two decimals: that is told quickly.
    return (
        value.is_finite()
        and _ZERO <= value < AMOUNT_MAX
        and ((places == _CENT_DECIMALS and value.same_quantum(_CENT)) or decimals(value) <= places)
    )
