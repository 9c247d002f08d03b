"""The balance of an account and the slices it lends. Pure functions.

`decide` works parcel by parcel on many partitions; a balance is one number. So each partition
holds a slice of it: money that nobody else can use. What is lent never exceeds limit and payments,
so the parcels of all partitions together cannot either.
"""

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pipeline.model.account import AccountOrder, AccountOrderKind, SliceKind, SliceRequest

ZERO = Decimal(0)
SHARE_OF_A_SLICE = 2
"""A slice is the need and, divided by so many times the partitions, a part of what is left."""
SMALLEST = Decimal("0.01")


class Asked(Struct, frozen=True, array_like=True, gc=False):
    """A partition that waits for money."""

    partition: int
    needed: Decimal


class Account(Struct, frozen=True, array_like=True, gc=False):
    """What the room remembers of an account.

    `lent` stands on the partitions of decide: held for parcels, or free for the next ones.
    """

    limit: Decimal = ZERO
    received: Decimal = ZERO
    lent: Decimal = ZERO
    holders: tuple[int, ...] = ()
    """Partitions that may have money free."""
    recalled: tuple[int, ...] = ()
    """Partitions that were asked to give it back and have not answered yet."""
    waiting: tuple[Asked, ...] = ()
    denied: tuple[int, ...] = ()
    """Partitions that were told how little is left: they ask for no more until told otherwise."""
    told: Decimal = ZERO
    """The least they were told."""

    @property
    def available(self) -> Decimal:
        """What can be lent. Below zero only where the limit was lowered below what was lent."""
        return self.limit + self.received - self.lent


class Told(NamedTuple):
    """An answer for one partition of decide."""

    partition: int
    kind: SliceKind
    amount: Decimal = ZERO


Turn = tuple[Account, list[Told]]


def order(account: Account | None, ordered: AccountOrder, partitions: int) -> Turn:
    """Set the limit, or add a payment. A new account is told to all partitions."""
    before = account or Account()
    if ordered.kind is AccountOrderKind.LIMIT:
        after = replace(before, limit=ordered.amount)
    else:
        after = replace(before, received=before.received + ordered.amount)
    opening = [] if account else [Told(n, SliceKind.OPEN) for n in range(partitions)]
    after, told = serve(after, partitions)
    return after, opening + told


def take_back(account: Account, request: SliceRequest, partitions: int) -> Turn:
    """Take in a request: what comes back first, then what is asked for."""
    partition = request.partition
    after = replace(account, lent=account.lent - request.returned)
    if request.recalled:
        after = replace(after, recalled=_without(after.recalled, partition))
    if request.needed:  # who asks has given back everything
        after = replace(
            after,
            holders=_without(after.holders, partition),
            waiting=(*after.waiting, Asked(partition, request.needed)),
        )
    return serve(after, partitions)


def serve(account: Account, partitions: int) -> Turn:
    """Answer those who wait, in turn: a slice, or all slices recalled first, or no."""
    told: list[Told] = []
    while account.waiting:
        asked = account.waiting[0]
        if asked.needed <= account.available:
            account, answer = _lend(account, asked, partitions)
            told.append(answer)
        elif account.recalled:
            break
        elif account.holders:
            account, recalls = _recall(account)
            told += recalls
        else:
            account, answer = _deny(account, asked)
            told.append(answer)
    if account.available < ZERO and account.holders and not account.recalled:
        account, recalls = _recall(account)  # the limit was lowered below what is lent
        told += recalls
    if account.denied and account.available > account.told:
        told += [Told(partition, SliceKind.OPEN) for partition in account.denied]
        account = replace(account, denied=())
    return account, told


def _lend(account: Account, asked: Asked, partitions: int) -> tuple[Account, Told]:
    left = account.available - asked.needed
    more = (left / (SHARE_OF_A_SLICE * partitions)).quantize(SMALLEST, ROUND_DOWN)
    amount = asked.needed + more
    account = replace(
        account,
        lent=account.lent + amount,
        holders=(*_without(account.holders, asked.partition), asked.partition),
        waiting=account.waiting[1:],
    )
    return account, Told(asked.partition, SliceKind.GRANT, amount)


def _recall(account: Account) -> Turn:
    told = [Told(partition, SliceKind.RECALL) for partition in account.holders]
    return replace(account, recalled=account.holders, holders=()), told


def _deny(account: Account, asked: Asked) -> tuple[Account, Told]:
    left = max(account.available, ZERO)
    account = replace(
        account,
        waiting=account.waiting[1:],
        told=min(left, account.told) if account.denied else left,
        denied=(*_without(account.denied, asked.partition), asked.partition),
    )
    return account, Told(asked.partition, SliceKind.DENY, left)


def _without(partitions: tuple[int, ...], partition: int) -> tuple[int, ...]:
    return tuple(each for each in partitions if each != partition)
