"""From a ruling to the event that subscribers read: CloudEvents 1.0 in binary mode."""

from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from pipeline.decide.decide import Ruling
from pipeline.decide.joined import awaited_with, filings_of
from pipeline.decide.state import Case, keep
from pipeline.model import (
    Assessed,
    Cause,
    DataQuality,
    Decision,
    DecisionNoted,
    Outcome,
    RefundReason,
    RevenueAssessment,
    case_key,
)
from pipeline.stream import Outbox, Record

CE_SOURCE = b"/greenlane/decide"
ZERO = Decimal(0)
TOPIC_OF = {
    Outcome.RELEASE: "release",
    Outcome.INSPECTION: "inspection",
    Outcome.REVENUE: "revenue",
    Outcome.REFUSED: "inspection",  # the end of an inspection, for those who ordered it
}
_HEADERS_OF = {
    outcome: (
        ("ce_specversion", b"1.0"),
        ("ce_type", f"org.greenlane.parcel.{outcome.value}.v1".encode()),
        ("ce_source", CE_SOURCE),
        ("content-type", b"application/json"),
    )
    for outcome in Outcome
}

_encode = msgspec.json.Encoder().encode


class Occasion(NamedTuple):
    """What caused an event, and when."""

    cause: Cause
    occurred_at: datetime
    causing_id: str = ""


class RefundDue(NamedTuple):
    """Money to be paid back, and the payment that it is, if it is one alone."""

    amount: Decimal
    currency: str
    reason: RefundReason
    payment_id: str = ""


class Step(NamedTuple):
    """What an event did: the case as it stands now, the decision to publish, refunds to tell."""

    case: Case
    decision: Decision
    refunds: tuple[RefundDue, ...] = ()


def event_id(carrier: str, parcel_id: str, version: int, event_number: int) -> str:
    """Id of a decision event: 32 hex digits, a pure function of its arguments.

    The same on every replay, so that even a reader that ignores transactions can drop a repeat.
    """
    # Unambiguous: only the parcel id, which stands last, may hold a separator.
    text = f"{carrier}|{version}|{event_number}|{parcel_id}"
    return blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def take_step(
    assessed: Assessed,
    ruling: Ruling,
    occasion: Occasion,
    before: Case | None,
    secured: RevenueAssessment,
) -> Step:
    """Apply a ruling to a case.

    `secured` is what is due as the account stands: what is kept does not rest on it.
    """
    header, assessment = assessed.header, assessed.assessment
    carrier, parcel_id, version = header.carrier, assessed.parcel_id, header.version
    number, supersedes = next_event(carrier, parcel_id, before)
    if before is not None and before.paid:
        secured = _with_payments(secured, before.paid, ruling.outcome)
    held = secured.account_reserved + secured.account_used
    left_in_case = before.paid - secured.refund_due if before is not None else ZERO
    joined = awaited_with(header, before)
    decision = Decision(
        event_id=event_id(carrier, parcel_id, version, number),
        event_number=number,
        supersedes=supersedes,
        carrier=carrier,
        parcel_id=parcel_id,
        parcel_version=version,
        manifest_id=header.manifest_id,
        destination_country=header.destination_country,
        outcome=ruling.outcome,
        cause=occasion.cause,
        reason=ruling.reason,
        irg_category=assessment.irg_category,
        irg_reason=assessment.irg_reason,
        score=assessment.score,
        selected_by=assessment.selected_by,
        rules=assessment.rules,
        revenue=secured,
        legal_date=assessment.legal_date,
        received_at=header.received_at,
        # Clocks of brokers differ, and can be set back: no event stands before its manifest.
        occurred_at=max(occasion.occurred_at, header.received_at),
        versions=assessment.versions,
        causing_id=occasion.causing_id,
        data_quality=_data_quality(assessed),
        filings=filings_of(before.filed if before else 0, joined),
    )
    case = Case(
        ruling.state,
        version,
        header.manifest_id,
        number,
        assessed=keep(assessed, ruling.state),
        held=held,
        consignee=assessed.consignee,
        currency=secured.currency if held or left_in_case else "",
        joined=joined,
    )
    if before is not None:
        case = msgspec.structs.replace(
            case,
            paid=left_in_case,
            feedback=before.feedback,
            moved=before.moved,
            filed=before.filed,
            due_h=before.due_h,
        )
    return Step(case, decision, _refunds(secured, ruling.outcome))


def _data_quality(assessed: Assessed) -> DataQuality | None:
    quality = assessed.quality
    if quality is None:
        return None
    timeliness = assessed.header.timeliness
    return DataQuality(quality.completeness, quality.validity, quality.score, timeliness)


def next_event(carrier: str, parcel_id: str, before: Case | None) -> tuple[int, str]:
    """Number of the next event of a case, and the id of the event it replaces, if there is one."""
    if before is None or not before.event_number:
        return 1, ""
    replaced = event_id(carrier, parcel_id, before.version, before.event_number)
    return before.event_number + 1, replaced


def _with_payments(
    revenue: RevenueAssessment, paid: Decimal, outcome: Outcome
) -> RevenueAssessment:
    """What was paid, and what of it is due for refund, for those who pay it out."""
    if outcome is Outcome.REFUSED:
        refund = paid
    elif outcome is Outcome.RELEASE:
        refund = max(paid - revenue.unsecured_due, ZERO)
    else:
        refund = ZERO
    return msgspec.structs.replace(revenue, paid=paid, refund_due=refund)


def _refunds(revenue: RevenueAssessment, outcome: Outcome) -> tuple[RefundDue, ...]:
    if not revenue.refund_due:
        return ()
    refused = outcome is Outcome.REFUSED
    reason = RefundReason.REFUSED_ENTRY if refused else RefundReason.OVERPAID
    return (RefundDue(revenue.refund_due, revenue.currency, reason),)


def publish(decision: Decision, record: Record, received_at_ms: int, outbox: Outbox) -> None:
    """Write the event. All topics of this room are partitioned alike, so its partition is known."""
    outbox.send(
        TOPIC_OF[decision.outcome],
        key=case_key(decision.carrier, decision.parcel_id).encode(errors="replace"),
        value=_encode(decision),
        partition=record.partition,
        headers=[
            *_HEADERS_OF[decision.outcome],
            ("ce_id", decision.event_id.encode()),
            ("ce_time", decision.occurred_at.isoformat().encode()),
        ],
    )
    outbox.note(
        DecisionNoted(decision.outcome, decision.cause, decision.irg_category, received_at_ms)
    )
