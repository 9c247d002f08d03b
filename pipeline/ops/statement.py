"""The statement of an operator for a month: what became of the charges of each parcel.

A pure tally of public topics. A parcel belongs to the month of its legal date and stands in it
once, as its last decision says, or the notice that ended its case: so the months of an operator
hold each parcel exactly once.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec
from msgspec import Struct

from pipeline.accounts.orders import read_order
from pipeline.incoming import Refusal
from pipeline.model import AccountOrder, AccountOrderKind, ChargeKind, Decision, Notice
from pipeline.ops.refunds import RefundLine, Refunds
from pipeline.ops.settlement import SECURED, Settlement, held_for, on_account, settlement_of
from pipeline.rulebook.payment_dates import payment_date
from pipeline.stream.records import Record

OUTCOME_TOPICS = ("release", "inspection", "revenue")
STATEMENT_TOPICS = (*OUTCOME_TOPICS, "notices", "accounts")
ZERO = Decimal(0)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Line(Struct, frozen=True, kw_only=True):
    """One parcel of a statement. Amounts are in the statement's currency."""

    parcel_id: str
    legal_date: date
    jurisdiction: str
    settlement: Settlement
    event_id: str
    """Of the decision that holds, or of the notice that ended the case."""
    duty: Decimal
    tax: Decimal
    fees: Decimal
    total: Decimal
    on_account: Decimal
    """Of the total, what the account answers for."""
    paid: Decimal
    """By payments for the parcel itself."""
    refund_due: Decimal
    """By all notices of refunds for the parcel, in this currency."""
    corrected_from: Decimal | None
    """Total of the first decision, if it was another."""
    changed_after_period: bool


class Payable(Struct, frozen=True):
    """What the operator must pay, and by when."""

    jurisdiction: str
    kind: ChargeKind
    amount: Decimal
    due_on: date | None
    rule_id: str
    status: str


class Balance(Struct, frozen=True):
    """The account as all orders and decisions read leave it, whatever their month."""

    limit: Decimal
    received: Decimal
    received_in_period: Decimal
    held: Decimal
    left: Decimal


class Statement(Struct, frozen=True, kw_only=True):
    """A month of an operator in one currency."""

    operator: str
    currency: str
    period: str
    complete: bool
    """False: topics have lost records of the period, by their retention."""
    lines: list[Line]
    payable: list[Payable]
    refunds: list[RefundLine]
    """Told in the period, whatever the legal date of their parcel, known or not."""
    balance: Balance | None
    """None: no order on an account was read."""

    @property
    def closed(self) -> bool:
        """Whether lines and what is payable add up."""
        owed = sum((one.on_account for one in self.of(Settlement.ACCOUNT)), ZERO)
        parts = all(one.duty + one.tax + one.fees == one.total for one in self.lines)
        return parts and owed == sum((one.amount for one in self.payable), ZERO)

    def of(self, settlement: Settlement) -> list[Line]:
        """Lines that ended so."""
        return [line for line in self.lines if line.settlement is settlement]


class _Seen(NamedTuple):
    last: Decision
    first: Decision
    end: Notice | None = None
    """What ended the case after the last decision: cancelled, or closed."""


class StatementTally:
    """Collects what the topics say of one operator, fed in any order.

    Args:
        operator: the carrier.
        month: the first day of the period.
        until: the first day after it.
    """

    def __init__(self, operator: str, month: date, until: date) -> None:
        self.complete = True
        self.unreadable = 0
        self._operator = operator
        self._month = month
        self._until = until
        self._parcels: dict[str, _Seen] = {}
        self._ends: dict[str, Notice] = {}
        self._refunds = Refunds()
        self._orders: dict[tuple[str, str], AccountOrder] = {}
        self._ordered: list[AccountOrder] = []

    def add(self, record: Record) -> None:
        """Take in one record. Orders that were refused stand on their topic, too."""
        value = record.value or b""
        if record.topic == "accounts":
            ordered = read_order(record)
            if not isinstance(ordered, Refusal):
                self._add_order(ordered)
            return
        try:
            if _decode_carrier(value).carrier != self._operator:
                return
            if record.topic == "notices":
                self._add_notice(_decode_notice(value))
            else:
                self._add_decision(_decode_decision(value))
        except _UNREADABLE:
            self.unreadable += 1

    def currencies(self) -> list[str]:
        """Those of the month's parcels and refunds, and of accounts."""
        of_parcels = {seen.last.revenue.currency for seen in self._of_month()}
        of_refunds = self._refunds.currencies(self._month, self._until)
        return sorted(of_parcels | of_refunds | {order.currency for order in self._ordered})

    def statement(self, currency: str) -> Statement:
        """The statement in one currency."""
        of_month = [seen for seen in self._of_month() if seen.last.revenue.currency == currency]
        lines = sorted((self._line(seen) for seen in of_month), key=lambda line: line.parcel_id)
        return Statement(
            operator=self._operator,
            currency=currency,
            period=self._month.isoformat()[:7],
            complete=self.complete,
            lines=lines,
            payable=_payable(lines, self._month),
            refunds=self._refunds.told(self._month, self._until, currency),
            balance=self._balance(currency),
        )

    def _of_month(self) -> list[_Seen]:
        begin, end = self._month.isoformat(), self._until.isoformat()
        return [seen for seen in self._seen() if begin <= seen.last.legal_date < end]

    def _seen(self) -> Iterator[_Seen]:
        for parcel_id, seen in self._parcels.items():
            end = self._ends.get(parcel_id)
            ended = end is not None and end.event_number > seen.last.event_number
            yield seen._replace(end=end) if ended else seen

    def _add_order(self, order: AccountOrder) -> None:
        known = (order.currency, order.order_id)
        if order.carrier == self._operator and known not in self._orders:
            self._orders[known] = order
            self._ordered.append(order)

    def _add_decision(self, decision: Decision) -> None:
        seen = self._parcels.get(decision.parcel_id) or _Seen(decision, decision)
        self._parcels[decision.parcel_id] = _Seen(
            max(seen.last, decision, key=lambda each: each.event_number),
            min(seen.first, decision, key=lambda each: each.event_number),
        )

    def _add_notice(self, notice: Notice) -> None:
        self._refunds.add(notice)
        known = self._ends.get(notice.parcel_id)
        if notice.event_number and (known is None or known.event_number < notice.event_number):
            self._ends[notice.parcel_id] = notice

    def _line(self, seen: _Seen) -> Line:
        decision, revenue = seen.last, seen.last.revenue
        settlement = Settlement.REMOVED if seen.end else settlement_of(decision)
        amounts: defaultdict[ChargeKind, Decimal] = defaultdict(lambda: ZERO)
        if settlement is not Settlement.REMOVED:
            for line in revenue.lines:
                amounts[line.kind] += line.amount
        total = sum(amounts.values(), ZERO)
        before = seen.first.revenue.total_due
        return Line(
            parcel_id=decision.parcel_id,
            legal_date=date.fromisoformat(decision.legal_date),
            jurisdiction=revenue.jurisdiction,
            settlement=settlement,
            event_id=seen.end.notice_id if seen.end else decision.event_id,
            duty=amounts[ChargeKind.DUTY],
            tax=amounts[ChargeKind.TAX],
            fees=amounts[ChargeKind.FEE],
            total=total,
            on_account=on_account(revenue) if settlement in SECURED else ZERO,
            paid=revenue.paid,
            refund_due=self._refunds.of(decision.parcel_id, revenue.currency),
            corrected_from=before if before != total else None,
            changed_after_period=_day((seen.end or decision).occurred_at) >= self._until,
        )

    def _balance(self, currency: str) -> Balance | None:
        orders = [order for order in self._ordered if order.currency == currency]
        if not orders:
            return None
        limits = [order.amount for order in orders if order.kind is AccountOrderKind.LIMIT]
        received = [order for order in orders if order.kind is AccountOrderKind.RECEIVED]
        limit = limits[-1] if limits else ZERO
        total = sum((order.amount for order in received), ZERO)
        in_period = [o.amount for o in received if self._month <= _day(o.ordered_at) < self._until]
        held = sum(
            (
                held_for(seen.last.revenue)
                for seen in self._seen()
                if seen.last.revenue.currency == currency and not seen.end
            ),
            ZERO,
        )
        return Balance(limit, total, sum(in_period, ZERO), held, limit + total - held)


def _payable(lines: list[Line], month: date) -> list[Payable]:
    """What the account answers for, by kind; what a consignee had paid counts as duty first."""
    owed: defaultdict[tuple[str, ChargeKind], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line.settlement is not Settlement.ACCOUNT:
            continue
        paid = line.total - line.on_account
        for kind, amount in (
            (ChargeKind.DUTY, line.duty),
            (ChargeKind.TAX, line.tax),
            (ChargeKind.FEE, line.fees),
        ):
            counted = min(paid, amount)
            paid -= counted
            owed[line.jurisdiction, kind] += amount - counted
    return [_with_date(*place, amount, month) for place, amount in sorted(owed.items()) if amount]


def _with_date(jurisdiction: str, kind: ChargeKind, amount: Decimal, month: date) -> Payable:
    rule = payment_date(jurisdiction, kind, month)
    if rule is None:
        return Payable(jurisdiction, kind, amount, None, "", "unknown")
    return Payable(jurisdiction, kind, amount, rule.due_on(month), rule.id, rule.status)


def _day(at: datetime) -> date:
    return at.date()


class _Carrier(Struct):
    carrier: str


_decode_carrier = msgspec.json.Decoder(_Carrier).decode
_decode_decision = msgspec.json.Decoder(Decision).decode
_decode_notice = msgspec.json.Decoder(Notice).decode
