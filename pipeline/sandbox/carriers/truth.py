"""What a simulated parcel or message is in truth."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pipeline.sandbox.publisher import JSON_HEADERS, Headers


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
    CORRUPT = "corrupt"  # nobody can read it: cut off, in UTF-16, or of a later schema version


class SimulatedMessage(NamedTuple):
    """One message of a carrier, with its truth."""

    key: bytes
    value: bytes
    parcels: int
    kind: MessageKind
    planted: Mapping[str, ParcelKind]
    """Planted parcels by their id; clean ones are not listed."""
    faults: Mapping[str, str] = MappingProxyType({})
    """The faulty ones of them, with the name of what is wrong."""

    @property
    def headers(self) -> Headers:
        """They are all JSON."""
        return JSON_HEADERS

    @property
    def announced(self) -> int:
        """Parcels that count as announced: those of a repeat were counted before."""
        return 0 if self.kind is MessageKind.REPEAT else self.parcels
