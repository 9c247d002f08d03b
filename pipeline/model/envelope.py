"""What travels between the rooms: msgpack envelopes of many parcels for one partition.

Internal: compact arrays without field names. Every worker of an installation runs the same
release, so these carry no schema version of their own.
"""

from datetime import datetime

from msgspec import Struct

from pipeline.model.decision import IrgCategory, RuleHit, SelectedBy, Versions
from pipeline.model.filing import Conveyance, DataSet
from pipeline.model.parcel import Parcel, TransportMode
from pipeline.model.revenue import RevenueAssessment
from pipeline.model.score import ParcelQuality
from pipeline.model.timeliness import Timeliness


class ManifestHeader(Struct, frozen=True, gc=False, array_like=True):
    """What a parcel inherits from its manifest."""

    carrier: str
    manifest_id: str
    version: int
    destination_country: str
    transport_mode: TransportMode
    issued_at: datetime
    departure_at: datetime
    estimated_arrival_at: datetime
    received_at: datetime  # broker timestamp of the manifest message
    timeliness: Timeliness | None = None
    specific_circumstance: str = ""


class Announced(Struct, frozen=True, gc=False, array_like=True):
    """Intake to assess: an accepted parcel, and the ids of the data rules that warned."""

    header: ManifestHeader
    parcel: Parcel
    warnings: list[str]
    quality: ParcelQuality | None = None


class Assessment(Struct, frozen=True, gc=False, array_like=True):
    """Everything the assess room found out about a parcel."""

    irg_category: IrgCategory
    irg_reason: str
    score: int
    selected_by: list[SelectedBy]
    rules: list[RuleHit]
    revenue: RevenueAssessment
    legal_date: str
    versions: Versions

    @property
    def needs_officer(self) -> bool:
        """Selected, or nothing is due as far as can be told, which only an officer may confirm."""
        return bool(self.selected_by) or (self.revenue.estimated and not self.revenue.total_due)


class Assessed(Struct, frozen=True, gc=False, array_like=True):
    """Assess to decide. `parcel` is kept for an officer to see: a finding re-assesses it."""

    header: ManifestHeader
    parcel_id: str
    assessment: Assessment
    parcel: Parcel | None
    consignee: bytes = b""  # pseudonym, for `Reversal`
    quality: ParcelQuality | None = None


class Filed(Struct, frozen=True, gc=False, array_like=True):
    """Intake to decide: a partial filing speaks of this parcel.

    Without a parcel id it speaks of all parcels of the receptacle, whoever linked them to it.
    """

    carrier: str
    parcel_id: str
    data_set: DataSet
    filing_id: str
    receptacle_id: str = ""
    conveyance: Conveyance | None = None


class Reversal(Struct, frozen=True, gc=False, array_like=True):
    """Decide to assess: this announcement of a parcel no longer counts for its consignee."""

    consignee: str  # pseudonym
    case_key: str
    version: int
    manifest_id: str
