"""Payments that come before their parcel is decided: they wait, and end as a refund if in vain.

Each is an entry of its own, so that one whose time has passed is given back, and not counted.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from pipeline.decide.moments import HOUR_MS, instant
from pipeline.decide.notify import About, Notices
from pipeline.decide.publish import RefundDue
from pipeline.decide.state import Case, Memory, case_of
from pipeline.model import Payment, RefundReason, case_key
from pipeline.rulebook.lifecycle import Deadlines
from pipeline.stream import Outbox

EARLY = "//"
"""Keys of early payments begin with it, as no case's key does, and no slice's."""
PAYMENT = "payment/"
"""So begin the ids of payments among what a case has taken in."""


class EarlyPayment(Struct, frozen=True, array_like=True, gc=False):
    """A payment that waits for its parcel, until a moment of event time."""

    carrier: str
    parcel_id: str
    payment_id: str
    amount: Decimal
    currency: str
    until_ms: int

    def refund(self, reason: RefundReason) -> RefundDue:
        """All of it back."""
        return RefundDue(self.amount, self.currency, reason, self.payment_id)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(EarlyPayment).decode


def keep_early(payment: Payment, now_ms: int, deadlines: Deadlines, memory: Memory) -> None:
    """Let a payment wait."""
    hours = deadlines.of("payment_waits", instant(now_ms).date()).hours
    early = EarlyPayment(
        payment.carrier,
        payment.parcel_id,
        payment.payment_id,
        payment.amount,
        payment.currency,
        now_ms + hours * HOUR_MS,
    )
    key = _key(case_key(payment.carrier, payment.parcel_id), payment.payment_id)
    memory.put(key, _encode(early), expires_at_ms=early.until_ms)


def early_of(case: Case | None, key: str, memory: Memory) -> list[EarlyPayment]:
    """The payments that wait for a parcel; `key` is that of its case."""
    if case is None or not case.feedback:
        return []
    ids = [own[len(PAYMENT) :] for own in case.feedback if own.startswith(PAYMENT)]
    entries = [memory.get(_key(key, payment_id)) for payment_id in ids]
    return [_decode(entry) for entry in entries if isinstance(entry, bytes)]


def forget_early(early: Iterable[EarlyPayment], key: str, memory: Memory) -> None:
    """They wait no longer: they were counted, or are given back."""
    for payment in early:
        memory.delete(_key(key, payment.payment_id))


def split_early(
    early: Sequence[EarlyPayment], currency: str
) -> tuple[Decimal, tuple[RefundDue, ...]]:
    """What counts of early payments once the request is known, and what is to go back."""
    paid = sum((each.amount for each in early if each.currency == currency), Decimal(0))
    other = RefundReason.OTHER_CURRENCY
    return paid, tuple(each.refund(other) for each in early if each.currency != currency)


def give_up(entry: bytes, memory: Memory, notices: Notices, outbox: Outbox) -> None:
    """A payment has waited in vain."""
    early = _decode(entry)
    about = About(early.carrier, early.parcel_id, instant(early.until_ms))
    case = case_of(memory, case_key(early.carrier, early.parcel_id))
    notices.tell_refund(early.refund(RefundReason.NO_REQUEST), about, case, outbox)


def _key(case_key: str, payment_id: str) -> str:
    # Both ids may hold any character: only a length tells where the first one ends.
    return f"{EARLY}{len(case_key)}/{case_key}/{payment_id}"
