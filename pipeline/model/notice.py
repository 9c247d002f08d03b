"""What is told beside answers and outcomes: demands, holds, cancellations, closings, parts."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Amount, CurrencyCode, Instant
from pipeline.model.filing import Filings


class NoticeKind(StrEnum):
    """What a notice says."""

    CANCELLED = "cancelled"
    CANCELLATION_REFUSED = "cancellation_refused"
    DATA_AWAITED = "data_awaited"  # a partial filing came before the item data
    FILING_JOINED = "filing_joined"  # a partial filing came after the parcel was decided
    FILING_OVERDUE = "filing_overdue"  # a partial filing that must come beside item data has not
    DATA_DEMANDED = "data_demanded"  # departed without data
    HELD_WITHOUT_DATA = "held_without_data"  # arrived without data
    DATA_OVERDUE = "data_overdue"
    CLOSED_WITHOUT_DATA = "closed_without_data"
    ARRIVAL_OVERDUE = "arrival_overdue"
    CLOSED_NOT_ARRIVED = "closed_not_arrived"
    MANIFEST_COMPLETE = "manifest_complete"  # all its parts have come
    MANIFEST_INCOMPLETE = "manifest_incomplete"
    REFUND_DUE = "refund_due"  # money that was paid for a parcel is to be paid back


class RefundReason(StrEnum):
    """Why money goes back to whoever paid it."""

    OVERPAID = "overpaid"  # more than was due when the parcel was released
    AFTER_RELEASE = "after_release"
    REFUSED_ENTRY = "refused_entry"
    CASE_ENDED = "case_ended"  # cancelled, or closed by a deadline
    OTHER_CURRENCY = "other_currency"  # than was requested
    NO_REQUEST = "no_request"  # it waited in vain for the parcel to be decided


class Refund(Struct, frozen=True):
    """Money to be paid back. Refunds are told once each: they add up."""

    amount: Amount
    currency: CurrencyCode
    reason: RefundReason


class Notice(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A message about a parcel, or a manifest. Kafka key: `<carrier>/<parcel_id>`, or that of it.

    One with an `event_number` is an event of the case like a decision: it supersedes the one
    before. All others change nothing of what was decided.
    """

    schema_version: int = 1
    notice_id: Annotated[
        str,
        Meta(description="32 hex digits, the same on every repeat; an event id, for an event"),
    ]
    kind: NoticeKind
    carrier: str
    parcel_id: Annotated[str, Meta(description="empty: about the whole manifest")] = ""
    manifest_id: Annotated[str, Meta(description="empty: none is known")] = ""
    parcel_version: Annotated[int, Meta(description="0: none is known")] = 0
    manifest_version: Annotated[int, Meta(description="of a notice about a manifest")] = 0
    event_number: int = 0
    supersedes: Annotated[str, Meta(description="event id of what this replaces")] = ""
    text: Annotated[str, Meta(description="what happened, in plain words")]
    action: Annotated[str, Meta(description="what to do, and who")]
    due_at: Annotated[Instant | None, Meta(description="by when, if there is a deadline")] = None
    legal_basis: Annotated[str, Meta(description="of the deadline")] = ""
    refund: Annotated[Refund | None, Meta(description="of `refund_due`")] = None
    occurred_at: Annotated[
        Instant, Meta(description="broker timestamp of the message behind it, or the deadline")
    ]
    causing_id: Annotated[
        str, Meta(description="id of the scan, cancellation, payment or partial filing behind it")
    ] = ""
    filings: Annotated[
        Filings | None, Meta(description="of a parcel whose partial filings the notice is about")
    ] = None
