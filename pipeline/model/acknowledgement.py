"""What a carrier is told about each manifest message it published."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from pipeline.model.fields import Instant
from pipeline.model.filing import DataSet
from pipeline.model.score import QualityScore
from pipeline.model.timeliness import TimelinessReport


class Severity(StrEnum):
    """Weight of a fault: an error refuses the parcel, a warning lets it pass."""

    ERROR = "error"
    WARNING = "warning"


class AcknowledgementStatus(StrEnum):
    """What became of the manifest message."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    PARTLY_REJECTED = "partly_rejected"
    REJECTED = "rejected"


class Fault(Struct, frozen=True, omit_defaults=True):
    """One fault of the data: what is wrong, where, and how to mend it."""

    rule_id: str
    severity: Severity
    pointer: Annotated[
        str, Meta(description="into the message: JSON pointer (RFC 6901), or XPath of an XML")
    ]
    text: Annotated[str, Meta(description="what is wrong, in plain words")]
    correction: Annotated[str, Meta(description="how to mend it")]
    parcel_id: str = ""
    value: Annotated[str, Meta(description="the value found, shortened and made printable")] = ""


class TradeCodes(Struct, frozen=True, omit_defaults=True):
    """What code lists of the trade call the result; empty: the list has no code for it."""

    edifact_7365: Annotated[
        str, Meta(description="UN/EDIFACT 7365, processing indicator of a customs response")
    ] = ""
    ics2: Annotated[str, Meta(description="message of the EU's Import Control System 2")] = ""
    upu: Annotated[str, Meta(description="event or message of the Universal Postal Union")] = ""


SeverityOverride = Literal["error", "warning", "ignore"]


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """Answer to one manifest message. Kafka key: the carrier id."""

    schema_version: int = 1
    carrier: str
    manifest_id: str
    version: int
    part: int
    parts: int
    status: AcknowledgementStatus
    duplicate: Annotated[
        bool,
        Meta(description="the same message was acknowledged before; nothing was done twice"),
    ] = False
    received_at: Annotated[Instant, Meta(description="broker timestamp of the message")]
    announced_parcels: int
    accepted_parcels: int
    rejected_parcels: int
    faults: list[Fault] = []
    faults_omitted: Annotated[
        int, Meta(description="faults beyond the size limit of an acknowledgement")
    ] = 0
    rules_version: Annotated[str, Meta(description="version of the data rules that judged")] = ""
    severity_overrides: Annotated[
        dict[str, SeverityOverride],
        Meta(description="rules whose severity the operator had changed, by id"),
    ] = {}
    conversation_id: Annotated[
        str,
        Meta(
            description="of the message that is answered: its header `conversation-id`, else the "
            "field of its format; shortened and made printable"
        ),
    ] = ""
    timeliness: Annotated[
        TimelinessReport | None,
        Meta(description="null: the message was refused as a whole, or is not a manifest"),
    ] = None
    quality: Annotated[
        QualityScore | None,
        Meta(
            description="means over the parcels of the message; null: it was refused as a "
            "whole, or is a repeat"
        ),
    ] = None
    awaited_filings: Annotated[
        list[DataSet],
        Meta(description="partial filings that must come beside these data, unless they have"),
    ] = []
    codes: Annotated[TradeCodes, Meta(description="the status in code lists of the trade")] = (
        TradeCodes()
    )
