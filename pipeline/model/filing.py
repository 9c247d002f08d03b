"""Partial filings: data that wait for a counterpart before parcels can be decided on."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Identifier, Instant
from pipeline.model.manifest import ManifestBase
from pipeline.model.parcel import Parcel


class DataSet(StrEnum):
    """The data sets that are partial by nature."""

    RECEPTACLE_LINKS = "receptacle_links"  # EU ICS2 F44
    PRE_LOADING = "pre_loading"  # US ACAS


class FilingState(StrEnum):
    """Whether the partial filings that item data ask for have come."""

    JOINED = "joined"  # whatever was asked for has come
    AWAITED = "awaited"
    OVERDUE = "overdue"  # still awaited, after its deadline


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


class ReceptacleLink(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """In which receptacle a postal item travels."""

    parcel_id: Identifier
    receptacle_id: Annotated[str, Meta(min_length=1, max_length=35, description="UPU S9")]


class PartialFiling(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One partial filing. Parcels of a pre-loading filing lack what it does not ask for: values."""

    header: ManifestBase
    data_set: DataSet
    parcels: tuple[Parcel, ...] = ()
    receptacle_links: tuple[ReceptacleLink, ...] = ()

    @property
    def announced_parcels(self) -> int:
        """Parcels that the filing speaks of."""
        return len(self.parcels) + len(self.receptacle_links)
