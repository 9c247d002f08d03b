"""Checks of mass."""

from decimal import Decimal

from pipeline.intake.check_parcel import looks_like_s10
from pipeline.intake.circumstances import Circumstances
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.model import Parcel

MASS_KG_MAX = Decimal(100_000)
MASS_DECIMALS_MAX = 6
_ZERO = Decimal(0)
_GRAM = Decimal("0.001")


class MassesCheck:
    """DQ19, DQ19b, DQ19c."""

    def __init__(self, rules: DataRules) -> None:
        self._postal_kg_max = Decimal(rules.limit("DQ19c", "postal_kg_max"))

    def __call__(self, parcel: Parcel, circumstances: Circumstances, found: list[Finding]) -> None:
        """What the masses of a parcel and its items break."""
        gross = parcel.gross_mass_kg
        if gross is None or not is_mass(gross):
            found.append(Finding("DQ19", "/gross_mass_kg", "" if gross is None else str(gross)))
            return
        net = _ZERO
        for index, item in enumerate(parcel.items):
            if item.gross_mass_kg is not None and not is_mass(item.gross_mass_kg):
                pointer = f"/items/{index}/gross_mass_kg"
                found.append(Finding("DQ19", pointer, str(item.gross_mass_kg)))
            if item.net_mass_kg is None:
                continue
            if not is_mass(item.net_mass_kg):
                pointer = f"/items/{index}/net_mass_kg"
                found.append(Finding("DQ19", pointer, str(item.net_mass_kg)))
                return
            net += item.net_mass_kg
        if net > gross:
            found.append(Finding("DQ19b", "/gross_mass_kg", str(gross)))
        if gross > self._postal_kg_max and (
            circumstances.by_mail or looks_like_s10(parcel.parcel_id)
        ):
            found.append(Finding("DQ19c", "/gross_mass_kg", str(gross)))


def is_mass(value: Decimal) -> bool:
    """Whether a number is a mass in kilograms with at most six decimals."""
    # Finiteness first: comparing NaN raises. Most masses are in whole grams: that is told quickly.
    return (
        value.is_finite()
        and _ZERO < value <= MASS_KG_MAX
        and (value.same_quantum(_GRAM) or decimals(value) <= MASS_DECIMALS_MAX)
    )


def decimals(value: Decimal) -> int:
    """Digits after the point of a finite number."""
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
