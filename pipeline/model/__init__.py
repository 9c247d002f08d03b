"""What travels: the typed messages of every public and internal topic.

Names follow the WCO Data Model vocabulary. Money and mass are `Decimal` in memory and decimal
strings on the wire. All structs are frozen: a change is a new value (`msgspec.structs.replace`).
What travels in great numbers has `gc=False`: a message cannot be part of a cycle, and the garbage
collector's search through millions of them would cost more than deciding them.
"""

from pipeline.model.account import (
    AccountOrder,
    AccountOrderKind,
    SliceAnswer,
    SliceKind,
    SliceRequest,
    account_key,
)
from pipeline.model.acknowledgement import (
    Acknowledgement,
    AcknowledgementStatus,
    Fault,
    Severity,
)
from pipeline.model.dead_letter import DeadLetter
from pipeline.model.decision import (
    Cause,
    DataQuality,
    Decision,
    IrgCategory,
    Outcome,
    RuleHit,
    SelectedBy,
    Versions,
)
from pipeline.model.declared import (
    AdditionalCode,
    Charge,
    Document,
    DutyTaxFee,
    Money,
    Package,
    Statement,
)
from pipeline.model.envelope import (
    Announced,
    Assessed,
    Assessment,
    Filed,
    ManifestHeader,
    Reversal,
)
from pipeline.model.facts import (
    DecisionNoted,
    FeedbackNoted,
    ManifestNoted,
    NoticeNoted,
    QueueNoted,
    RejectionNoted,
)
from pipeline.model.feedback import (
    FoundItem,
    InspectionResult,
    InspectionVerdict,
    Payment,
    case_key,
)
from pipeline.model.filing import (
    Conveyance,
    DataSet,
    Filings,
    FilingState,
    PartialFiling,
    ReceptacleLink,
)
from pipeline.model.identity import consignee_key
from pipeline.model.manifest import Manifest, ManifestFrame, manifest_key
from pipeline.model.movement import Cancellation, Movement, MovementKind
from pipeline.model.notice import Notice, NoticeKind, Refund, RefundReason
from pipeline.model.parcel import (
    Address,
    GoodsItem,
    GoodsType,
    Parcel,
    Party,
    PartyRole,
    PersonType,
    RelatedParty,
    TransportMode,
)
from pipeline.model.revenue import (
    ChargeKind,
    CollectionModel,
    LawStatus,
    NotCharged,
    NothingReason,
    RevenueAssessment,
    RevenueLine,
)

__all__ = [
    "AccountOrder",
    "AccountOrderKind",
    "Acknowledgement",
    "AcknowledgementStatus",
    "AdditionalCode",
    "Address",
    "Announced",
    "Assessed",
    "Assessment",
    "Cancellation",
    "Cause",
    "Charge",
    "ChargeKind",
    "CollectionModel",
    "Conveyance",
    "DataQuality",
    "DataSet",
    "DeadLetter",
    "Decision",
    "DecisionNoted",
    "Document",
    "DutyTaxFee",
    "Fault",
    "FeedbackNoted",
    "Filed",
    "FilingState",
    "Filings",
    "FoundItem",
    "GoodsItem",
    "GoodsType",
    "InspectionResult",
    "InspectionVerdict",
    "IrgCategory",
    "LawStatus",
    "Manifest",
    "ManifestFrame",
    "ManifestHeader",
    "ManifestNoted",
    "Money",
    "Movement",
    "MovementKind",
    "NotCharged",
    "NothingReason",
    "Notice",
    "NoticeKind",
    "NoticeNoted",
    "Outcome",
    "Package",
    "Parcel",
    "PartialFiling",
    "Party",
    "PartyRole",
    "Payment",
    "PersonType",
    "QueueNoted",
    "ReceptacleLink",
    "Refund",
    "RefundReason",
    "RejectionNoted",
    "RelatedParty",
    "RevenueAssessment",
    "RevenueLine",
    "Reversal",
    "RuleHit",
    "SelectedBy",
    "Severity",
    "SliceAnswer",
    "SliceKind",
    "SliceRequest",
    "Statement",
    "TransportMode",
    "Versions",
    "account_key",
    "case_key",
    "consignee_key",
    "manifest_key",
]
