"""Data quality in figures: what intake measures of each manifest message, and the scorecards."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from pipeline.model.fields import Instant

PERCENT = 100


class SubjectKind(StrEnum):
    """Whose data are scored."""

    CARRIER = "carrier"
    ORIGIN = "origin"  # country of the consignor
    PLATFORM = "platform"  # marketplace, in small letters


class Counts(Struct, array_like=True):
    """Sums over parcels, which can be added. Percentages are sums over the scored parcels."""

    parcels: int = 0
    rejected: int = 0
    late: int = 0
    scored: int = 0
    completeness: int = 0
    validity: int = 0
    score: int = 0
    faults: dict[str, int] = field(default_factory=dict)  # by rule, once for each parcel and place

    def add(self, other: "Counts") -> None:
        """Take in further parcels."""
        self.parcels += other.parcels
        self.rejected += other.rejected
        self.late += other.late
        self.scored += other.scored
        self.completeness += other.completeness
        self.validity += other.validity
        self.score += other.score
        for rule, times in other.faults.items():
            self.faults[rule] = self.faults.get(rule, 0) + times


class Measurement(Struct, frozen=True, array_like=True):
    """Intake to score: what one manifest message says of one subject."""

    kind: SubjectKind
    name: str
    received_at_ms: int
    counts: Counts


Percentage = Annotated[float, Meta(ge=0, le=100)]


class QualityScore(Struct, frozen=True):
    """Means over parcels, in percent, to one decimal (docs/scores.md)."""

    completeness_percent: Annotated[
        Percentage, Meta(description="needed and recommended fields that are filled")
    ]
    validity_percent: Annotated[
        Percentage, Meta(description="100 less the penalties of all faults, at least 0")
    ]
    score_percent: Annotated[
        Percentage, Meta(description="of each parcel, completeness times validity")
    ]


class ParcelQuality(Struct, frozen=True, gc=False, array_like=True):
    """How good the data of one parcel are, in whole percent."""

    completeness: int
    validity: int

    @property
    def score(self) -> int:
        """Completeness times validity, rounded down."""
        return self.completeness * self.validity // PERCENT


class FaultCount(Struct, frozen=True):
    """How often a rule was broken."""

    rule_id: str
    times: int


class Window(StrEnum):
    """How far back figures reach from the newest message of the subject."""

    HOUR = "1h"
    DAY = "24h"
    MONTH = "30d"


class WindowFigures(Struct, frozen=True):
    """The figures of one window."""

    window: Window
    parcels: int
    rejected_parcels: int
    late_parcels: Annotated[int, Meta(description="issued after the deadline of complete data")]
    quality: Annotated[
        QualityScore | None, Meta(description="null: no parcel was looked at by itself")
    ]
    top_faults: list[FaultCount]


class Scorecard(Struct, frozen=True, kw_only=True):
    """The data quality of a carrier, origin or platform. Kafka key: `<kind>/<name>`."""

    schema_version: int = 1
    kind: SubjectKind
    name: str
    as_of: Annotated[
        Instant,
        Meta(description="broker timestamp of the newest message counted; windows end here"),
    ]
    windows: list[WindowFigures]

    def figures_at(
        self, window: Window, now: datetime, lengths_s: Mapping[Window, int]
    ) -> WindowFigures | None:
        """The figures of a window that has not passed by since; else None."""
        if (now - self.as_of).total_seconds() > lengths_s[window]:
            return None
        return next(figures for figures in self.windows if figures.window is window)


def quality_of(counts: Counts) -> QualityScore | None:
    """The means of sums; None if nothing was scored."""
    if not counts.scored:
        return None
    sums = (counts.completeness, counts.validity, counts.score)
    return QualityScore(*(round(one / counts.scored, 1) for one in sums))


def subject_key(kind: SubjectKind, name: str) -> str:
    """Key of a subject, on topics and in memory."""
    return f"{kind.value}/{name}"
