"""Where a simulated parcel departs from an ordinary one."""

from collections.abc import Mapping
from typing import NamedTuple


class Twist(NamedTuple):
    """Texts that stand in a parcel instead of ordinary ones; None: the ordinary one stays."""

    name: str | None = None
    street_and_number: str | None = None
    description: str | None = None
    commodity_code: str | None = None
    origin_country: str | None = None
    quantity: str | None = None
    value: str | None = None
    mass_kg: str | None = None
    currency: str | None = None
    value_share: float = 1.0
    wrong_check_digit: bool = False


STRAIGHT = Twist()
UNDERVALUED = Twist(value_share=0.02)

FAULTS: Mapping[str, Twist] = {
    "consignee without name": Twist(name="N/A"),
    "consignee without street": Twist(street_and_number=""),
    "vague description": Twist(description="accessories"),
    "no description": Twist(description="-"),
    "unknown commodity code": Twist(commodity_code="770000"),
    "unknown country of origin": Twist(origin_country="XX"),
    "quantity in words": Twist(quantity='"two"'),
    "value of nothing": Twist(value="0.00"),
    "mass of nothing": Twist(mass_kg="0"),
    "unknown currency": Twist(currency="EUX"),
}
"""Faults of the data, by their names; each of them refuses the parcel."""

POSTAL_FAULTS: Mapping[str, Twist] = {
    **FAULTS,
    "wrong check digit": Twist(wrong_check_digit=True),
}
"""Faults of a postal carrier's data: its item ids have check digits."""
