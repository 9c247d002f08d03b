"""What the assess room remembers of each consignee: recent parcels and their values."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

ENTRIES_MAX = 200
"""Newest parcels kept of one consignee: one with more in three days is selected anyway."""


class ExposureEntry(Struct, frozen=True, array_like=True):
    """One parcel of a consignee."""

    case_key: str
    arrival_s: int  # estimated arrival, Unix seconds
    intrinsic_value: Decimal
    currency: str  # of the destination
    version: int = 0


class Exposure(Struct, frozen=True, array_like=True):
    """Recent parcels of a consignee, oldest first."""

    entries: list[ExposureEntry]

    def others(self, case_key: str, arrival_s: int, window_s: int) -> list[ExposureEntry]:
        """Other parcels arriving within the window before or after."""
        return [
            entry
            for entry in self.entries
            if abs(entry.arrival_s - arrival_s) <= window_s and entry.case_key != case_key
        ]

    def goods_of_day(
        self, case_key: str, currency: str, is_that_day: Callable[[int], bool]
    ) -> Decimal:
        """Value of other parcels in a currency whose arrival is on a day, however it is told."""
        return sum(
            [
                entry.intrinsic_value
                for entry in self.entries
                if entry.case_key != case_key
                and entry.currency == currency
                and is_that_day(entry.arrival_s)
            ],
            Decimal(0),
        )

    def with_parcel(self, entry: ExposureEntry) -> "Exposure":
        """With one more parcel; a newer version of a parcel replaces the older."""
        kept = [known for known in self.entries if known.case_key != entry.case_key]
        return Exposure([*kept, entry][-ENTRIES_MAX:])

    def without_parcel(self, case_key: str, version: int) -> "Exposure":
        """Without a parcel, unless a newer version of it than this has come since."""
        return Exposure(
            [
                known
                for known in self.entries
                if known.case_key != case_key or known.version > version
            ]
        )


NO_EXPOSURE = Exposure([])
