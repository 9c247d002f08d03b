"""Checks of money."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pipeline.intake.check_masses import decimals, is_mass
from pipeline.intake.circumstances import IMPORT_SCHEME_PREFIX, Circumstances
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.intake.templates import template_of
from pipeline.model import GoodsType, Parcel
from pipeline.reference.exchange import EURO, conversion

AMOUNT_MAX = Decimal(10) ** 12
_ZERO, _WHOLE, _CENT = Decimal(0), Decimal(1), Decimal("0.01")
_CENT_DECIMALS = 2
COSTS = ("transport_cost", "insurance_cost", "declared_value")
_MAY_BE_WORTHLESS = (GoodsType.DOCUMENTS, GoodsType.RETURNED_GOODS)


class _Bounds(NamedTuple):
    """Between what amounts of a currency goods are worth anything a kilogram or a piece."""

    per_kg_min: Decimal
    per_kg_max: Decimal
    per_piece_min: Decimal
    per_piece_max: Decimal


class ValuesCheck:
    """DQ17, DQ17b, DQ18, DQ20, DQ21, DQ26b."""

    def __init__(self, rules: DataRules) -> None:
        self._tolerance = Decimal(rules.limit("DQ18", "tolerance_amount"))
        self._tolerance_share = Decimal(rules.limit("DQ18", "tolerance_share"))
        self._limits = [Decimal(rules.limit("DQ20", f"eur_{name}")) for name in _Bounds._fields]
        self._bounds = lru_cache(maxsize=4_096)(self._bounds_in)

    def __call__(self, parcel: Parcel, circumstances: Circumstances, found: list[Finding]) -> None:
        """What the amounts of a parcel break."""
        places = circumstances.minor_units.get(parcel.currency)
        if places is None:
            found.append(Finding("DQ17b", "/currency", parcel.currency))
            return
        if not _amounts_hold(parcel, places, found):
            return
        items = parcel.items
        total = items[0].intrinsic_value or _ZERO
        if len(items) > 1:
            total = sum((item.intrinsic_value or _ZERO for item in items), _ZERO)
        declared = parcel.declared_value
        if declared is not None:
            tolerance = max(self._tolerance, total * self._tolerance_share)
            if abs(total - declared) > tolerance:
                found.append(Finding("DQ18", "/declared_value", str(declared)))
        if total:
            bounds = self._bounds(parcel.currency, circumstances.issued_on)
            _check_proportion(parcel, total, bounds, found)
        if parcel.vendor_scheme_id:
            _check_scheme_limit(parcel, total, circumstances, found)
        if circumstances.templates and template_of(parcel) in circumstances.templates:
            found.append(Finding("DQ21", "/items/0/intrinsic_value", str(total)))

    def _bounds_in(self, currency: str, on: date) -> _Bounds:
        rate = _units_per_euro(currency, on)
        return _Bounds(*(limit * rate for limit in self._limits))


def _amounts_hold(parcel: Parcel, places: int, found: list[Finding]) -> bool:
    worthless = parcel.goods_type in _MAY_BE_WORTHLESS
    before = len(found)
    for index, item in enumerate(parcel.items):
        value = item.intrinsic_value
        if value is None:
            found.append(Finding("DQ17", f"/items/{index}/intrinsic_value", ""))
        elif not _is_amount(value, places) or (not value and not worthless):
            found.append(Finding("DQ17", f"/items/{index}/intrinsic_value", str(value)))
    for name in COSTS:
        amount = getattr(parcel, name)
        if amount is not None and not _is_amount(amount, places):
            found.append(Finding("DQ17", f"/{name}", str(amount)))
    return len(found) == before


def _check_proportion(
    parcel: Parcel, total: Decimal, bounds: _Bounds, found: list[Finding]
) -> None:
    gross = parcel.gross_mass_kg
    if (
        gross
        and is_mass(gross)
        and not bounds.per_kg_min * gross <= total <= bounds.per_kg_max * gross
    ):
        text = f"{total} {parcel.currency} for {gross} kg"
        found.append(Finding("DQ20", "/gross_mass_kg", text))
    least, most = bounds.per_piece_min, bounds.per_piece_max
    for index, item in enumerate(parcel.items):
        value, quantity = item.intrinsic_value, item.quantity
        if value and quantity and not least * quantity <= value <= most * quantity:
            text = f"{value} {parcel.currency} for {quantity} pieces"
            found.append(Finding("DQ20", f"/items/{index}/intrinsic_value", text))


def _check_scheme_limit(
    parcel: Parcel, total: Decimal, circumstances: Circumstances, found: list[Finding]
) -> None:
    scheme, currency = circumstances.import_scheme, parcel.currency
    if scheme and parcel.vendor_scheme_id.startswith(IMPORT_SCHEME_PREFIX):
        limit = scheme.limit_eur * _units_per_euro(currency, circumstances.issued_on)
        if total > limit:
            found.append(Finding("DQ26b", "/vendor_scheme_id", f"{total} {currency}"))


def _units_per_euro(currency: str, on: date) -> Decimal:
    found = conversion(currency, EURO, on)
    if found is None:
        raise ValueError(f"{currency} was found to be convertible, but has no rate")
    return found.rate


def _is_amount(value: Decimal, places: int) -> bool:
    # Finiteness first: comparing NaN raises. Most amounts have two decimals or none: told quickly.
    return (
        value.is_finite()
        and _ZERO <= value < AMOUNT_MAX
        and (
            (places == _CENT_DECIMALS and value.same_quantum(_CENT))
            or value.same_quantum(_WHOLE)
            or decimals(value) <= places
        )
    )
