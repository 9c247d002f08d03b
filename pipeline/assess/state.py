"""What the assess room remembers of each consignee: recent parcels and their values."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct

ENTRIES_MAX = 200
"""Newest parcels kept of one consignee: one with more in three days is selected anyway."""


class ExposureEntry(Struct, frozen=True, array_like=True):
    """One announcement of a parcel of a consignee."""

    case_key: str
    arrival_s: int  # estimated arrival, Unix seconds
    intrinsic_value: Decimal
    currency: str  # of the destination
    version: int = 0
    manifest_id: str = ""


class Exposure(Struct, frozen=True, array_like=True):
    """Recent parcels of a consignee, oldest first.

    Announced again or amended, a parcel has two entries until decide takes one of them back; it
    counts as it was announced last.
    """

    entries: list[ExposureEntry]

    def others(self, case_key: str, arrival_s: int, window_s: int) -> list[ExposureEntry]:
        """Other parcels arriving within the window before or after."""
        return [
            entry
            for entry in self._newest()
            if abs(entry.arrival_s - arrival_s) <= window_s and entry.case_key != case_key
        ]

    def goods_of_day(
        self, case_key: str, currency: str, is_that_day: Callable[[int], bool]
    ) -> Decimal:
        """Value of other parcels in a currency whose arrival is on a day, however it is told."""
        return sum(
            [
                entry.intrinsic_value
                for entry in self._newest()
                if entry.case_key != case_key
                and entry.currency == currency
                and is_that_day(entry.arrival_s)
            ],
            Decimal(0),
        )

    def with_parcel(self, entry: ExposureEntry) -> "Exposure":
        """With one more announcement of a parcel."""
        before = self.without(entry.case_key, entry.manifest_id, entry.version)
        return Exposure([*before.entries, entry][-ENTRIES_MAX:])

    def without(self, case_key: str, manifest_id: str, version: int) -> "Exposure":
        """Without this announcement of a parcel; others of it stay."""
        gone = case_key, manifest_id, version
        return Exposure(
            [
                known
                for known in self.entries
                if (known.case_key, known.manifest_id, known.version) != gone
            ]
        )

    def _newest(self) -> Iterable[ExposureEntry]:
        """The last announcement of each parcel."""
        return {entry.case_key: entry for entry in self.entries}.values()


NO_EXPOSURE = Exposure([])
