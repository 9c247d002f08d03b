"""What the parcels of a manifest inherit from it, on their way through the rooms."""

from datetime import datetime

from pipeline.model import ManifestHeader
from pipeline.model.manifest import ManifestBase
from pipeline.model.timeliness import Timeliness


def inherited_by(
    header: ManifestBase, received_at: datetime, timeliness: Timeliness
) -> ManifestHeader:
    """What parcels inherit. Without a conveyance, the day of issue, else of receipt, decides."""
    issued_at = header.issued_at or received_at
    arrival_at = header.estimated_arrival_at or issued_at
    return ManifestHeader(
        header.carrier,
        header.manifest_id,
        header.version,
        header.destination_country,
        header.transport_mode,
        issued_at,
        header.departure_at or arrival_at,
        arrival_at,
        received_at,
        timeliness,
        header.specific_circumstance,
    )
