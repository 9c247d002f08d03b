"""Checks of money and mass."""

from collections.abc import Iterator
from decimal import Decimal

from pipeline.intake.finding import Finding
from pipeline.model import GoodsType, Parcel
from pipeline.model.parcel import PersonType
from pipeline.reference.codes import currency_minor_units
from pipeline.reference.exchange import known_currencies

AMOUNT_MAX = Decimal(10) ** 12
MASS_KG_MAX = Decimal(100_000)
MASS_DECIMALS_MAX = 6
TOTAL_TOLERANCE = Decimal("0.01")
IOSS_NUMBER_LENGTH = 12
_ZERO = Decimal(0)
_CENT, _CENT_DECIMALS = Decimal("0.01"), 2
_MAY_BE_WORTHLESS = (GoodsType.DOCUMENTS, GoodsType.RETURNED_GOODS)


def check_values(parcel: Parcel) -> Iterator[Finding]:
    """DQ14, DQ17, DQ18, DQ19, DQ20, DQ23, DQ26."""
    if parcel.currency not in known_currencies():
        yield Finding("DQ14", "/currency", parcel.currency)
    amounts_hold = True
    for finding in _check_amounts(parcel):
        amounts_hold = False
        yield finding
    if amounts_hold and parcel.declared_value is not None:
        total = sum((item.intrinsic_value for item in parcel.items), _ZERO)
        if abs(total - parcel.declared_value) > TOTAL_TOLERANCE:
            yield Finding("DQ18", "/declared_value", str(parcel.declared_value))
    yield from _check_masses(parcel)
    if parcel.goods_type is GoodsType.GIFT and parcel.consignor.person_type is PersonType.LEGAL:
        yield Finding("DQ23", "/goods_type", parcel.goods_type)
    scheme_id = parcel.vendor_scheme_id
    if scheme_id.startswith("IM") and not (
        len(scheme_id) == IOSS_NUMBER_LENGTH and scheme_id.isascii() and scheme_id[2:].isdigit()
    ):
        yield Finding("DQ26", "/vendor_scheme_id", scheme_id)


def _check_amounts(parcel: Parcel) -> Iterator[Finding]:
    decimals = currency_minor_units().get(parcel.currency, 2)
    worthless = parcel.goods_type in _MAY_BE_WORTHLESS
    for index, item in enumerate(parcel.items):
        value = item.intrinsic_value
        if not _is_amount(value, decimals) or (not value and not worthless):
            yield Finding("DQ17", f"/items/{index}/intrinsic_value", str(value))
    for name, amount in (
        ("transport_cost", parcel.transport_cost),
        ("insurance_cost", parcel.insurance_cost),
        ("declared_value", parcel.declared_value),
    ):
        if amount is not None and not _is_amount(amount, decimals):
            yield Finding("DQ17", f"/{name}", str(amount))


def _check_masses(parcel: Parcel) -> Iterator[Finding]:
    gross = parcel.gross_mass_kg
    if not _is_mass(gross):
        yield Finding("DQ19", "/gross_mass_kg", str(gross))
        return
    net = _ZERO
    for index, item in enumerate(parcel.items):
        if item.net_mass_kg is None:
            continue
        if not _is_mass(item.net_mass_kg):
            yield Finding("DQ19", f"/items/{index}/net_mass_kg", str(item.net_mass_kg))
            return
        net += item.net_mass_kg
    if net > gross:
        yield Finding("DQ20", "/gross_mass_kg", str(gross))


def _is_amount(value: Decimal, decimals: int) -> bool:
    # Finiteness first: comparing NaN raises. Most amounts have two decimals: that is told quickly.
    return (
        value.is_finite()
        and _ZERO <= value < AMOUNT_MAX
        and (
            (decimals == _CENT_DECIMALS and value.same_quantum(_CENT))
            or _decimals(value) <= decimals
        )
    )


def _is_mass(value: Decimal) -> bool:
    return (
        value.is_finite() and _ZERO < value <= MASS_KG_MAX and _decimals(value) <= MASS_DECIMALS_MAX
    )


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
