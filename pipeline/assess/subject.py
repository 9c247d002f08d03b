"""What the indicators look at: a parcel with what was found out about it so far."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipeline.assess.state import Exposure
from pipeline.model import ManifestHeader, Parcel, RevenueAssessment, RuleHit


class Subject(NamedTuple):
    """One parcel under assessment."""

    header: ManifestHeader
    parcel: Parcel
    warnings: list[str]
    revenue: RevenueAssessment
    legal_date: date
    low_value_limit: Decimal | None  # of the destination, in its currency
    exposure: Exposure  # the consignee's other parcels


Indicator = Callable[[Subject], Iterator[RuleHit]]
