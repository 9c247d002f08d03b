"""Refusing an announcement that the case of its parcel does not allow, with an own answer."""

from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline.decide.moves import Move
from pipeline.decide.state import Case, CaseState
from pipeline.model import (
    Acknowledgement,
    AcknowledgementStatus,
    Assessed,
    Fault,
    RejectionNoted,
    Severity,
)
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.rulebook.event_codes import codes_of
from pipeline.stream import Outbox


class LateRule(StrEnum):
    """Rules that only the case of a parcel can check."""

    DUPLICATE_PARCEL = "duplicate_parcel"
    OUTDATED_VERSION = "outdated_version"
    AMENDMENT_TOO_LATE = "amendment_too_late"
    LOCKED_FIELD = "locked_field"
    CANCELLED_PARCEL = "cancelled_parcel"


class RuleText(NamedTuple):
    """What is wrong, and how to mend it."""

    text: str
    correction: str


LATE_RULES = {
    LateRule.DUPLICATE_PARCEL: RuleText(
        "the parcel was announced before and its case is known; the earlier decision stands",
        "announce each parcel once; change it by a higher version of the manifest it stands on; "
        "an id may be used again after 12 months (UPU standard S10)",
    ),
    LateRule.OUTDATED_VERSION: RuleText(
        "a newer version of this parcel was decided before; the newer one stands",
        "nothing to do, if the newer version is right; else send a version higher than that",
    ),
    LateRule.AMENDMENT_TOO_LATE: RuleText(
        "the parcel is to be examined or its case is closed: it can no longer be amended",
        "wait for the result of the inspection; after release, ask the customs office for a "
        "correction of the declaration",
    ),
    LateRule.LOCKED_FIELD: RuleText(
        "an amendment may not change this field of the manifest; the earlier decision stands",
        "cancel the parcel and announce it anew",
    ),
    LateRule.CANCELLED_PARCEL: RuleText(
        "the parcel was cancelled, and this is no newer version of its manifest",
        "nothing to do, if the cancellation is right; else send a version higher than that, or "
        "announce the parcel on another manifest",
    ),
}

_encode = msgspec.json.Encoder().encode


def late_rule(move: Move, assessed: Assessed, case: Case) -> LateRule:
    """Which rule the announcement breaks."""
    if move is Move.DECIDE:
        return LateRule.LOCKED_FIELD
    if move is Move.REFUSE_AMENDMENT:
        return LateRule.AMENDMENT_TOO_LATE
    if case.state is CaseState.CANCELLED:
        return LateRule.CANCELLED_PARCEL
    header = assessed.header
    if header.manifest_id == case.manifest_id and header.version < case.version:
        return LateRule.OUTDATED_VERSION
    return LateRule.DUPLICATE_PARCEL


def refuse_announcement(
    assessed: Assessed,
    case: Case,
    rule: LateRule,
    topics: CarrierTopics,
    outbox: Outbox,
    value: str = "",
) -> None:
    """Tell the carrier: an acknowledgement that takes one accepted parcel back."""
    header, text = assessed.header, LATE_RULES[rule]
    acknowledgement = Acknowledgement(
        carrier=header.carrier,
        manifest_id=header.manifest_id,
        version=header.version,
        part=0,  # of no part: the parcel may stand in any
        parts=0,
        status=AcknowledgementStatus.REJECTED,
        received_at=header.received_at,
        announced_parcels=0,
        accepted_parcels=0,
        rejected_parcels=1,
        faults=[
            Fault(
                rule_id=rule.value,
                severity=Severity.ERROR,
                pointer="/parcels",
                text=text.text,
                correction=text.correction,
                parcel_id=assessed.parcel_id,
                value=value or f"manifest {case.manifest_id}, version {case.version}",
            )
        ],
    )
    outbox.send(
        topics.acknowledgements_of(header.carrier),
        key=header.carrier.encode(),
        value=_encode(replace(acknowledgement, codes=codes_of(acknowledgement))),
        headers=[("content-type", b"application/json")],
    )
    outbox.note(RejectionNoted(rule.value, 1))
