"""Consolidated declarations of an operator: what was released in a month, each parcel once.

A declaration holds what changed in its month since all declarations before it: a parcel that was
released is an entry; one that stood in an earlier declaration and is charged otherwise since, or is
cancelled or closed, is an entry again, with the difference. So all declarations of a place together
are always what stands.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from pipeline.model import IrgCategory
from pipeline.ops.settlement import Settlement

ZERO = Decimal(0)


class EntryKind(StrEnum):
    """What an entry says of its parcel."""

    PARCEL = "parcel"  # it was released, and stands in no declaration before
    CORRECTION = "correction"  # it stands in one before, with other charges
    REMOVAL = "removal"  # it stands in one before, and nothing is owed for it any more


class Amounts(NamedTuple):
    """Charges by kind."""

    duty: Decimal = ZERO
    tax: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All of them."""
        return self.duty + self.tax + self.fees

    def less(self, other: "Amounts") -> "Amounts":
        """The difference, kind by kind."""
        return Amounts(self.duty - other.duty, self.tax - other.tax, self.fees - other.fees)

    def more(self, other: "Amounts") -> "Amounts":
        """The sum, kind by kind."""
        return Amounts(self.duty + other.duty, self.tax + other.tax, self.fees + other.fees)


class Place(NamedTuple):
    """Whose declaration it is, and of which form."""

    country: str
    jurisdiction: str
    currency: str
    form_id: str


class Entry(Struct, frozen=True, kw_only=True):
    """One parcel in a declaration; amounts of corrections and removals are differences."""

    parcel_id: str
    kind: EntryKind
    category: IrgCategory
    event_id: str
    """Of the decision that released it, or of the notice that ended its case."""
    first_declared: str
    """The month of the declaration in which it stood first."""
    settlement: Settlement
    estimated: bool
    duty: Decimal
    tax: Decimal
    fees: Decimal
    total: Decimal


class Declaration(Struct, frozen=True, kw_only=True):
    """A month of an operator at one place."""

    operator: str
    country: str
    jurisdiction: str
    currency: str
    period: str
    form_id: str
    title: str
    due_on: date | None
    law_status: str
    legal_basis: str
    complete: bool
    """False: records of the period, or of a parcel in it, were lost by retention."""
    entries: list[Entry]
    declared_before: Amounts
    """By all declarations of this place before."""
    declared: Amounts
    """By this one."""
    stands: Amounts
    """What all released parcels of this place owe at the end of the period."""

    @property
    def closed(self) -> bool:
        """Whether each parcel stands here once, and the declarations so far are what stands."""
        once = len({entry.parcel_id for entry in self.entries}) == len(self.entries)
        return once and self.declared_before.more(self.declared) == self.stands
