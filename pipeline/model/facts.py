"""What the rooms note for the metrics. Notes count only once their transaction is committed."""

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.model.decision import Cause, IrgCategory, Outcome
from pipeline.model.notice import NoticeKind
from pipeline.model.score import Scorecard
from pipeline.model.timeliness import Timeliness


class ManifestNoted(NamedTuple):
    """Intake acknowledged one manifest message."""

    carrier: str
    announced_parcels: int
    accepted_parcels: int
    duplicate: bool
    rejected_parcels_by_rule: Mapping[str, int]  # the first error of each rejected parcel
    warnings_by_rule: Mapping[str, int]
    timeliness: Timeliness | None = None  # None: refused as a whole, or a repeat


class DecisionNoted(NamedTuple):
    """Decide published one outcome event."""

    outcome: Outcome
    cause: Cause
    irg_category: IrgCategory
    received_at_ms: int  # broker timestamp of the manifest, or of the feedback that caused it


class RejectionNoted(NamedTuple):
    """A parcel that intake had accepted was refused later, with an acknowledgement of its own."""

    code: str
    parcels: int


class ScorecardNoted(NamedTuple):
    """The score room published a card."""

    card: Scorecard


class FeedbackNoted(NamedTuple):
    """A message about a case was worked on."""

    kind: str  # "inspection_result", "payment", "movement" or "cancellation"
    effect: str  # "applied", "refused", "repeated"; of payments "waiting" or "refunded"


class QueueNoted(NamedTuple):
    """Messages wait for a slice of an operator's account on a partition, or wait no longer."""

    carrier: str
    currency: str
    partition: int
    waiting: int


class NoticeNoted(NamedTuple):
    """Decide published one notice."""

    kind: NoticeKind
