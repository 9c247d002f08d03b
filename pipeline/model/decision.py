"""The decision: what happens to a parcel, and why. It explains itself."""

from enum import IntEnum, StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Instant
from pipeline.model.filing import Filings
from pipeline.model.revenue import RevenueAssessment
from pipeline.model.timeliness import Timeliness


class Outcome(StrEnum):
    """Where a parcel goes. `refused` is the end of an inspection that found prohibited goods."""

    RELEASE = "release"
    INSPECTION = "inspection"
    REVENUE = "revenue"
    REFUSED = "refused"


class IrgCategory(IntEnum):
    """Category of the WCO Immediate Release Guidelines (UN/EDIFACT 7085)."""

    DOCUMENTS = 1
    LOW_VALUE_NON_DUTIABLE = 2
    LOW_VALUE_DUTIABLE = 3
    HIGH_VALUE = 4


class SelectedBy(StrEnum):
    """Why a parcel was selected for inspection."""

    MANDATORY = "mandatory"  # a mandatory profile: overrides the score
    SCORE = "score"
    RANDOM = "random"


class Cause(StrEnum):
    """What led to the decision event."""

    ASSESSMENT = "assessment"
    AMENDMENT = "amendment"
    INSPECTION_RESULT = "inspection_result"
    PAYMENT = "payment"


class RuleHit(Struct, frozen=True, gc=False, omit_defaults=True):
    """A rule that fired: what was observed, against which limit, and the points it added."""

    rule_id: str
    rule_version: str
    title: str
    observed: str
    limit: str
    points: Annotated[int, Meta(ge=0, le=100)]
    mandatory: bool = False
    pointer: Annotated[str, Meta(description="JSON pointer into the parcel")] = ""


class Versions(Struct, frozen=True, gc=False):
    """Versions of everything the decision rests on."""

    rule_book: str
    risk_rules: str
    data_rules: str
    software: str
    reference_data: Annotated[
        str, Meta(description="code lists and exchange rates; empty in decisions of old releases")
    ] = ""


class DataQuality(Struct, frozen=True, gc=False):
    """How good the data are that the decision rests on (docs/scores.md, docs/deadlines.md)."""

    completeness_percent: Annotated[int, Meta(ge=0, le=100)]
    validity_percent: Annotated[int, Meta(ge=0, le=100)]
    score_percent: Annotated[
        int, Meta(ge=0, le=100, description="completeness times validity, rounded down")
    ]
    timeliness: Annotated[Timeliness | None, Meta(description="of the manifest")] = None


class Decision(Struct, frozen=True, gc=False, kw_only=True):
    """One event in the life of a parcel. Kafka key: `<carrier>/<parcel_id>`.

    `event_number` 1 is the first decision on a parcel; each later one supersedes the one before.
    """

    schema_version: int = 1
    event_id: Annotated[
        str,
        Meta(description="pure function of carrier, parcel, version, event number; = ce_id"),
    ]
    event_number: int
    supersedes: Annotated[str, Meta(description="event id of the decision this replaces")] = ""
    carrier: str
    parcel_id: str
    parcel_version: int
    manifest_id: str
    destination_country: str
    outcome: Outcome
    cause: Cause
    reason: Annotated[str, Meta(description="the decision in one sentence")]
    irg_category: IrgCategory
    irg_reason: str
    score: Annotated[int, Meta(ge=0, le=100)]
    selected_by: list[SelectedBy] = []
    rules: list[RuleHit] = []
    revenue: RevenueAssessment
    legal_date: Annotated[
        str,
        Meta(description="ISO date whose law applies: estimated arrival, local date"),
    ]
    received_at: Annotated[Instant, Meta(description="broker timestamp of the manifest")]
    occurred_at: Annotated[
        Instant,
        Meta(description="broker timestamp of the message that caused this event"),
    ]
    versions: Versions
    causing_id: Annotated[
        str,
        Meta(description="id of the inspection result or payment behind this event"),
    ] = ""
    data_quality: Annotated[
        DataQuality | None,
        Meta(description="of the parcel's data; null in decisions of old releases"),
    ] = None
    filings: Annotated[
        Filings | None,
        Meta(description="partial filings of the parcel; null: none came, none is waited for"),
    ] = None
