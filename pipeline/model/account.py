"""Accounts of operators: orders from collectors, and what passes between the rooms about slices.

An account is one operator's in one currency. Its balance is what still can be secured by it.
"""

from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.model.fields import Amount, CarrierId, CurrencyCode, Identifier, Instant


class AccountOrderKind(StrEnum):
    """What a collector orders."""

    LIMIT = "limit"  # the operator may owe this much at once, from now on
    RECEIVED = "received"  # the operator has paid this much: a deposit, or a statement settled


class AccountOrder(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """An order on an operator's account or guarantee. Kafka key: `<carrier>/<currency>`."""

    schema_version: int = 1
    order_id: Annotated[Identifier, Meta(description="a repeat of the same id has no effect")]
    carrier: CarrierId
    currency: CurrencyCode
    kind: AccountOrderKind
    amount: Amount
    ordered_at: Instant
    reference: Annotated[
        str, Meta(max_length=70, description="guarantee reference or statement, for people")
    ] = ""


class SliceRequest(Struct, frozen=True, gc=False, array_like=True):
    """Decide to accounts: money given back, or money asked for, or both."""

    carrier: str
    currency: str
    partition: int
    returned: Decimal
    needed: Decimal = Decimal(0)
    """What the next parcel in the queue needs; zero: nothing is asked for."""
    recalled: bool = False
    """Answers a recall."""


class SliceKind(IntEnum):
    """What accounts tells a partition of decide."""

    OPEN = 0  # there is an account, or there is more on it than was told
    GRANT = 1
    DENY = 2
    RECALL = 3  # give back what is not held for parcels
    GO_ON = 4  # decide to itself: more parcels wait than are worked on at once


class SliceAnswer(Struct, frozen=True, gc=False, array_like=True):
    """Accounts to one partition of decide."""

    carrier: str
    currency: str
    kind: SliceKind
    amount: Decimal = Decimal(0)
    """Of GRANT: the slice; of DENY: all that is left, so that more need not be asked for."""


def account_key(carrier: str, currency: str) -> str:
    """Kafka key of everything that concerns one account."""
    return f"{carrier}/{currency}"
