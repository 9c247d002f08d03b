"""What the intake room remembers of each manifest."""

from msgspec import Struct

from pipeline.model import AcknowledgementStatus


class PartSeen(Struct, frozen=True, array_like=True):
    """One part of a manifest that was answered: digest of its content, and the answer's counts."""

    digest: bytes
    status: AcknowledgementStatus
    received_at_ms: int
    announced_parcels: int
    accepted_parcels: int
    faults: int


class ManifestSeen(Struct, frozen=True, array_like=True):
    """The newest version of a manifest, and its parts so far."""

    version: int
    parts: int
    declared_parcel_count: int | None
    parcels: int
    seen: dict[int, PartSeen]
