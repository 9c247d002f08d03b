"""Refunds as notices tell them: money that collectors pay back, each once."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from pipeline.model import Notice, RefundReason

ZERO = Decimal(0)


class RefundLine(Struct, frozen=True, kw_only=True):
    """One notice of a refund."""

    parcel_id: str
    notice_id: str
    amount: Decimal
    reason: RefundReason
    causing_id: str
    """The payment, if it is one alone; else what led to the refund."""
    told_at: datetime


class Refunds:
    """All refunds of one operator's parcels, fed in any order and with any repeats."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[str, RefundLine]] = {}
        self._by_parcel: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)

    def add(self, notice: Notice) -> None:
        """Take in a notice; one without a refund has no effect."""
        refund = notice.refund
        if refund is None or notice.notice_id in self._lines:
            return
        line = RefundLine(
            parcel_id=notice.parcel_id,
            notice_id=notice.notice_id,
            amount=refund.amount,
            reason=refund.reason,
            causing_id=notice.causing_id,
            told_at=notice.occurred_at,
        )
        self._lines[notice.notice_id] = refund.currency, line
        self._by_parcel[notice.parcel_id, refund.currency] += refund.amount

    def of(self, parcel_id: str, currency: str) -> Decimal:
        """All that is due for refund on a parcel."""
        return self._by_parcel.get((parcel_id, currency), ZERO)

    def told(self, begin: date, until: date, currency: str = "") -> list[RefundLine]:
        """Those told in [begin, until), by time; in one currency, if it is given."""
        found = [
            line
            for own, line in self._lines.values()
            if currency in ("", own) and begin <= line.told_at.date() < until
        ]
        return sorted(found, key=lambda line: (line.told_at, line.notice_id))

    def currencies(self, begin: date, until: date) -> set[str]:
        """Those of the refunds told in [begin, until)."""
        return {c for c, line in self._lines.values() if begin <= line.told_at.date() < until}
