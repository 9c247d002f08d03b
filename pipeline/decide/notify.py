"""Notices: what is told about a parcel beside its outcome."""

from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from pipeline.decide.publish import RefundDue, event_id, next_event
from pipeline.decide.state import Case
from pipeline.model import Notice, NoticeKind, NoticeNoted, Refund, RefundReason, case_key
from pipeline.model.carrier_topics import CarrierTopics
from pipeline.stream import Outbox

_encode = msgspec.json.Encoder().encode


class Text(NamedTuple):
    """What happened, and what to do."""

    text: str
    action: str


TEXTS = {
    NoticeKind.CANCELLED: Text(
        "the carrier took the parcel back; nothing is due for it",
        "carrier: do not send it; send a higher version, or another manifest, should it travel",
    ),
    NoticeKind.CANCELLATION_REFUSED: Text(
        "the parcel cannot be cancelled; its case stands",
        "carrier: ask the customs office",
    ),
    NoticeKind.DATA_AWAITED: Text(
        "a partial filing speaks of the parcel, but its item data have not come",
        "carrier: send the item data; they join the filing, whichever comes first",
    ),
    NoticeKind.FILING_JOINED: Text(
        "a partial filing has joined the parcel; what was decided stands",
        "nobody: read what it says",
    ),
    NoticeKind.FILING_OVERDUE: Text(
        "partial filings that must come beside the item data have not come",
        "carrier: send what is missing; officer: ask the carrier",
    ),
    NoticeKind.DATA_DEMANDED: Text(
        "the parcel has departed, but no data of it were announced",
        "carrier: announce it before it arrives",
    ),
    NoticeKind.HELD_WITHOUT_DATA: Text(
        "the parcel is here, but no data of it were announced: it is held",
        "carrier: announce it; warehouse: keep it under customs control",
    ),
    NoticeKind.DATA_OVERDUE: Text(
        "the data that were demanded have not come",
        "carrier: announce the parcel; officer: ask the carrier, and count it",
    ),
    NoticeKind.CLOSED_WITHOUT_DATA: Text(
        "no data of the parcel came in time: its case is closed",
        "warehouse: return the parcel, or have it re-exported, if it is here",
    ),
    NoticeKind.ARRIVAL_OVERDUE: Text(
        "the parcel was announced, but is not known to have arrived",
        "carrier: tell where it is, or cancel it; warehouse: scan it, if it is here",
    ),
    NoticeKind.CLOSED_NOT_ARRIVED: Text(
        "the parcel was not presented in time: its data count as not lodged, and nothing is due",
        "carrier: announce it anew, should it still come",
    ),
    NoticeKind.REFUND_DUE: Text(
        "money that was paid for the parcel is due for refund",
        "collector: pay it back, once for each notice",
    ),
}
REFUND_TEXTS = {
    RefundReason.OVERPAID: "it is more than was due when the parcel was released",
    RefundReason.AFTER_RELEASE: "it came when the parcel had been released",
    RefundReason.REFUSED_ENTRY: "the parcel was refused entry",
    RefundReason.CASE_ENDED: "the case of the parcel has ended: cancelled, or closed",
    RefundReason.OTHER_CURRENCY: "another currency was requested",
    RefundReason.NO_REQUEST: "the parcel was not decided in time",
}


class About(NamedTuple):
    """The parcel that a notice is about, when it is told, what is behind it, and more of it."""

    carrier: str
    parcel_id: str
    occurred_at: datetime
    causing_id: str = ""
    detail: str = ""


class Notices:
    """Publishes notices; a carrier with topics of its own gets copies of those to it."""

    def __init__(self, topics: CarrierTopics) -> None:
        self._topics = topics

    def tell(
        self, kind: NoticeKind, about: About, case: Case | None, outbox: Outbox, **fields: Any
    ) -> None:
        """A notice that changes nothing of the case; `fields` are those of a deadline."""
        # A parcel that is announced again after its end may miss the same deadline again.
        life = case.event_number if case else 0
        text = f"{about.carrier}|{kind}|{about.occurred_at.isoformat()}|{about.causing_id}|{life}|"
        named = (text + about.parcel_id).encode(errors="replace")
        if case:
            fields |= {"manifest_id": case.manifest_id, "parcel_version": case.version}
        notice_id = blake2b(named, digest_size=16).hexdigest()
        self._send(kind, about, outbox, notice_id=notice_id, **fields)

    def tell_refund(
        self, refund: RefundDue, about: About, case: Case | None, outbox: Outbox
    ) -> None:
        """Money to be paid back; the payment is named, if it is one alone."""
        detail = f"{refund.amount:f} {refund.currency}: {REFUND_TEXTS[refund.reason]}"
        causing_id = refund.payment_id or about.causing_id
        about = about._replace(causing_id=causing_id, detail=detail)
        fields = Refund(refund.amount, refund.currency, refund.reason)
        self.tell(NoticeKind.REFUND_DUE, about, case, outbox, refund=fields)

    def tell_end(
        self, kind: NoticeKind, about: About, before: Case | None, after: Case, outbox: Outbox
    ) -> None:
        """A notice that ends a case: one more of its events."""
        number, supersedes = next_event(about.carrier, about.parcel_id, before)
        self._send(
            kind,
            about,
            outbox,
            notice_id=event_id(about.carrier, about.parcel_id, after.version, number),
            manifest_id=after.manifest_id,
            parcel_version=after.version,
            event_number=number,
            supersedes=supersedes,
        )

    def _send(self, kind: NoticeKind, about: About, outbox: Outbox, **fields: Any) -> None:
        text, action = TEXTS[kind]
        notice = Notice(
            kind=kind,
            carrier=about.carrier,
            parcel_id=about.parcel_id,
            text=f"{text} ({about.detail})" if about.detail else text,
            action=action,
            occurred_at=about.occurred_at,
            causing_id=about.causing_id,
            **fields,
        )
        key = case_key(about.carrier, about.parcel_id).encode(errors="replace")
        for topic in self._topics.notices_to(about.carrier):
            outbox.send(
                topic,
                key=key,
                value=_encode(notice),
                headers=[("content-type", b"application/json")],
            )
        outbox.note(NoticeNoted(kind))
