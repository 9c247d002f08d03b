"""Partial filings: data that wait for a counterpart before parcels can be decided on."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Identifier, Instant
from pipeline.model.manifest import ManifestBase
from pipeline.model.parcel import Parcel, TransportMode

ReceptacleId = Annotated[str, Meta(min_length=1, max_length=35, description="UPU S9")]

ReceptacleIds = Annotated[tuple[ReceptacleId, ...], Meta(max_length=999)]


class DataSet(StrEnum):
    """The data sets that are partial by nature."""

    RECEPTACLE_LINKS = "receptacle_links"  # EU ICS2 F44
    PRE_LOADING = "pre_loading"  # US ACAS
    CONVEYANCE = "conveyance"  # EU ICS2 F42: by what parcels or receptacles travel, and when


class FilingState(StrEnum):
    """Whether the partial filings that item data ask for have come."""

    JOINED = "joined"  # whatever was asked for has come
    AWAITED = "awaited"
    OVERDUE = "overdue"  # still awaited, after its deadline


class Conveyance(Struct, frozen=True, gc=False, omit_defaults=True):
    """By what a parcel travels, and when, as its conveyance filing says."""

    transport_mode: TransportMode
    estimated_arrival_at: Instant
    departure_at: Instant | None = None
    reference: Annotated[str, Meta(description="flight, voyage or train number; WCO 149")] = ""
    master_document: Annotated[
        str, Meta(description="master transport document, such as the air waybill; WCO D023")
    ] = ""
    filed_by: Annotated[str, Meta(description="carrier id of who filed it")] = ""


class Filings(Struct, frozen=True, gc=False, omit_defaults=True):
    """The partial filings of a parcel: which have come, what they say, which must still come."""

    state: FilingState
    joined: list[DataSet] = []
    awaited: list[DataSet] = []
    due_at: Annotated[
        Instant | None, Meta(description="by when the awaited ones must come; absent: overdue")
    ] = None
    receptacle_id: Annotated[
        str, Meta(description="in which the parcel travels, UPU S9; empty: not known")
    ] = ""
    conveyance: Annotated[
        Conveyance | None, Meta(description="by its newest filing; absent: none came")
    ] = None


class ReceptacleLink(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """In which receptacle a postal item travels."""

    parcel_id: Identifier
    receptacle_id: ReceptacleId


class PartialFiling(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One partial filing. Parcels of a pre-loading filing lack what it does not ask for: values.

    The conveyance of a conveyance filing is that of its header; it names parcels, or receptacles.
    """

    header: ManifestBase
    data_set: DataSet
    parcels: tuple[Parcel, ...] = ()
    receptacle_links: tuple[ReceptacleLink, ...] = ()
    parcel_ids: tuple[Identifier, ...] = ()
    receptacle_ids: ReceptacleIds = ()

    @property
    def entries(self) -> int:
        """Parcels and receptacles that the filing speaks of."""
        links = len(self.parcels) + len(self.receptacle_links)
        return links + len(self.parcel_ids) + len(self.receptacle_ids)
