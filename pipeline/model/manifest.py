"""The manifest: a carrier's advance data on the parcels of one conveyance, or a part of it."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from pipeline.model.fields import CarrierId, CountryCode, Identifier, Instant, Version
from pipeline.model.parcel import Parcel, TransportMode

SCHEMA_VERSION = 1


class ManifestBase(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The header of a manifest, whatever the format it came in.

    Item data and import declarations need not name a conveyance: then its times are missing.
    """

    carrier: CarrierId
    manifest_id: Annotated[
        str,
        Meta(min_length=1, max_length=70, description="unique for the carrier; WCO D026"),
    ]
    version: Version = 1
    issued_at: Instant | None = None
    destination_country: CountryCode
    transport_mode: TransportMode
    departure_at: Instant | None = None
    estimated_arrival_at: Instant | None = None
    conveyance_reference: Annotated[
        str, Meta(max_length=17, description="flight, voyage or train number; WCO 149")
    ] = ""
    master_document: Annotated[
        str,
        Meta(
            max_length=70,
            description="transport document at master level, such as the air waybill; WCO D023",
        ),
    ] = ""
    specific_circumstance: Annotated[
        str,
        Meta(
            max_length=3,
            description="which data set of the EU's import control system the data are, such as "
            "F43; partial filings that must come beside it are then waited for; WCO 504",
        ),
    ] = ""
    itinerary: Annotated[
        list[CountryCode],
        Meta(max_length=99, description="countries of routing in their order; WCO 81A, 064"),
    ] = []
    conversation_id: Annotated[
        str,
        Meta(
            max_length=70,
            description="echoed in the acknowledgement; the header `conversation-id` comes first",
        ),
    ] = ""
    part: Annotated[int, Meta(ge=1, le=99_999, description="this message is part n of m")] = 1
    parts: Annotated[int, Meta(ge=1, le=99_999)] = 1
    declared_parcel_count: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=99_999,
                description="parcels of the whole manifest, all parts together",
            ),
        ]
        | None
    ) = None


class _Message(ManifestBase, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The header as Greenlane's own JSON format has it: a manifest of one conveyance."""

    schema_version: Annotated[int, Meta(description="version of this message format: 1")]
    issued_at: Instant
    departure_at: Instant
    estimated_arrival_at: Instant


class Manifest(_Message, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A manifest message: header and parcels. Kafka key: `<carrier>/<manifest_id>`."""

    parcels: Annotated[list[Parcel], Meta(min_length=1)]


class ManifestFrame(_Message, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A manifest whose parcels are still undecoded, so that one bad parcel spoils only itself."""

    parcels: Annotated[list[msgspec.Raw], Meta(min_length=1)]


def manifest_key(carrier: str, manifest_id: Identifier) -> str:
    """Kafka key of all messages of one manifest."""
    return f"{carrier}/{manifest_id}"
