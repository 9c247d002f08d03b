"""What the intake room remembers of each manifest."""

from msgspec import Struct

from pipeline.model import Acknowledgement


class PartSeen(Struct, frozen=True, array_like=True):
    """One part of a manifest that was answered."""

    digest: bytes
    answer: Acknowledgement


class ManifestSeen(Struct, frozen=True, array_like=True):
    """The newest version of a manifest, and its parts so far."""

    version: int
    parts: int
    parcels: int
    seen: dict[int, PartSeen]
