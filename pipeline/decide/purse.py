"""Slices of operators' accounts on one partition, and what a message takes of them.

Slices are lent by the accounts room. Money held for a parcel comes out of the free part of the
slice, so no balance can fall below zero, whatever other partitions do at the same time.
"""

from decimal import Decimal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.decide.state import Memory
from pipeline.model import CollectionModel, RevenueAssessment, SliceRequest, account_key
from pipeline.stream import Outbox

ZERO = Decimal(0)


class Slice(Struct, frozen=True, array_like=True, gc=False):
    """An operator's money on this partition, in one currency."""

    free: Decimal = ZERO
    held: Decimal = ZERO
    """For parcels: reserved or used."""
    asked: bool = False
    """An answer of the accounts room is awaited."""
    ceiling: Decimal | None = None
    """All that was left on the account when it last said no; whoever needs more need not ask."""
    first_waiting: int = 0
    next_waiting: int = 0
    """Numbers of the messages that wait for money: from the first up to, not including, this."""

    @property
    def is_queue(self) -> bool:
        """Whether messages wait."""
        return self.first_waiting < self.next_waiting


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Slice).decode


def slice_key(carrier: str, currency: str) -> str:
    """Key of a slice in the memory: no carrier's id, so no case's key, begins with a slash."""
    return f"/{account_key(carrier, currency)}"


def slice_of(state: Memory, key: str) -> Slice | None:
    """A slice; None if the operator has no account, as far as this partition was told."""
    encoded = state.get(key)
    return _decode(encoded) if isinstance(encoded, bytes) else None


def put_slice(state: Memory, key: str, own: Slice) -> None:
    """Remember a slice: as long as its operator may have money on it."""
    state.put(key, _encode(own))


class Purse:
    """What one message takes out of the slices of its operator, and puts back.

    Nothing is remembered before `close`, and nothing is taken if `waits_for` says that the message
    must wait.

    Args:
        carrier: the operator.
        state: the memory of the partition.
        served: the message has waited and is the first of its queue.
    """

    def __init__(self, carrier: str, state: Memory, *, served: bool = False) -> None:
        self.carrier = carrier
        self.waits_for: tuple[str, Decimal] | None = None
        """Currency and amount, if the message has to wait for a slice."""
        self._state = state
        self._served = served
        self._slices: dict[str, Slice] = {}
        self._put_back: dict[str, Decimal] = {}

    def secure(
        self,
        revenue: RevenueAssessment,
        paid: Decimal,
        *,
        held: Decimal = ZERO,
        final: bool,
    ) -> RevenueAssessment:
        """Hold on the account what a parcel owes, in place of what was held before.

        All of it or nothing: what the account cannot cover in full is left to the consignee.

        Args:
            revenue: what the parcel owes.
            paid: what was paid of it, in the same currency.
            held: what is held for the parcel so far, in the same currency.
            final: the amount is used, not merely reserved.
        """
        due = max(revenue.unsecured_due - paid, ZERO)
        if not due and not held:
            return revenue
        own = self._slice(revenue.currency)
        if own is None:
            return revenue
        more = due - held
        if more > ZERO and not self._covers(own, more, revenue.currency):
            if self.waits_for is None:
                self.restore(held, revenue.currency)
            return revenue
        self._slices[revenue.currency] = replace(own, free=own.free - more, held=own.held + more)
        if more < ZERO:
            self._give_back(revenue.currency, -more)
        if not due:
            return revenue
        return replace(
            revenue,
            collection=CollectionModel.ON_ACCOUNT,
            unsecured_due=revenue.unsecured_due - due,
            account_used=due if final else ZERO,
            account_reserved=ZERO if final else due,
        )

    def restore(self, held: Decimal, currency: str) -> None:
        """Put back what was held for a parcel."""
        own = self._slice(currency) if held else None
        if own is not None:
            self._slices[currency] = replace(own, free=own.free + held, held=own.held - held)
            self._give_back(currency, held)

    def close(self, partition: int, outbox: Outbox) -> None:
        """Remember what changed; what was put back goes to the account, for all partitions."""
        for currency, own in self._slices.items():
            returned = min(self._put_back.get(currency, ZERO), own.free)
            if returned:
                own = replace(own, free=own.free - returned)  # noqa: PLW2901 - the same slice
                ask(SliceRequest(self.carrier, currency, partition, returned), outbox)
            put_slice(self._state, slice_key(self.carrier, currency), own)

    def _covers(self, own: Slice, more: Decimal, currency: str) -> bool:
        in_turn = self._served or not own.is_queue
        if in_turn and more <= own.free:
            return True
        if in_turn and own.ceiling is not None and more > own.ceiling:
            return False
        self.waits_for = currency, more
        return False

    def _give_back(self, currency: str, amount: Decimal) -> None:
        self._put_back[currency] = self._put_back.get(currency, ZERO) + amount

    def _slice(self, currency: str) -> Slice | None:
        known = self._slices.get(currency)
        return known or slice_of(self._state, slice_key(self.carrier, currency))


def ask(request: SliceRequest, outbox: Outbox) -> None:
    """Tell the accounts room."""
    key = account_key(request.carrier, request.currency).encode()
    outbox.send("account-requests", key=key, value=_encode(request))
