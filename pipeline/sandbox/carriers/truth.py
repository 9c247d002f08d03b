"""What a simulated parcel or message is in truth."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class ParcelKind(StrEnum):
    """What was planted in a parcel. Parcels that are not named are clean."""

    FAULTY = "faulty"
    UNDERVALUED = "undervalued"
    PROHIBITED = "prohibited"
    SPLIT = "split"
    MISDESCRIBED = "misdescribed"


class MessageKind(StrEnum):
    """What is the matter with a message."""

    ORDINARY = "ordinary"
    REPEAT = "repeat"  # the same message once more
    CONFLICT = "conflict"  # other content under the same version
    CORRUPT = "corrupt"  # cut off in the middle


class SimulatedMessage(NamedTuple):
    """One message of a carrier, with its truth."""

    key: bytes
    value: bytes
    parcels: int
    kind: MessageKind
    planted: Mapping[str, ParcelKind]
    """Planted parcels by their id; clean ones are not listed."""

    @property
    def announced(self) -> int:
        """Parcels that count as announced: those of a repeat were counted before."""
        return 0 if self.kind is MessageKind.REPEAT else self.parcels
