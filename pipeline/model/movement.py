"""What happens to a parcel beside money and findings: scans on its way, and its cancellation."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import CarrierId, Identifier, Instant, Version


class MovementKind(StrEnum):
    """What a scan says (UPU EMSEVT v3: EMB or EMC departed, EMD arrived, EDB presented)."""

    DEPARTED = "departed"
    ARRIVED = "arrived"
    PRESENTED = "presented"  # to customs


class Movement(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A scan of a parcel on its way. Kafka key: `<carrier>/<parcel_id>`."""

    schema_version: int = 1
    movement_id: Annotated[Identifier, Meta(description="named by what follows from the scan")]
    carrier: CarrierId
    parcel_id: Identifier
    kind: MovementKind
    scanned_at: Instant
    location: Annotated[str, Meta(max_length=35, description="UN/LOCODE or office code")] = ""
    conveyance_reference: Annotated[
        str, Meta(max_length=17, description="flight, voyage or train number; WCO 149")
    ] = ""
    receptacle_id: Annotated[str, Meta(max_length=35, description="UPU S9")] = ""


class Cancellation(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """A carrier takes a parcel back, before it arrives. Kafka key: `<carrier>/<parcel_id>`."""

    schema_version: int = 1
    cancellation_id: Annotated[Identifier, Meta(description="named by what follows from it")]
    carrier: CarrierId
    parcel_id: Identifier
    manifest_id: Annotated[
        str, Meta(min_length=1, max_length=70, description="on which the parcel stands")
    ]
    version: Annotated[
        Version, Meta(description="of the manifest: this version and all before are cancelled")
    ]
    cancelled_at: Instant
    reason: Annotated[str, Meta(max_length=512)] = ""
