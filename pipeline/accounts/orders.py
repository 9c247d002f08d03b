"""Orders on accounts as they come from collectors: read and checked."""

import msgspec

from pipeline.errors import ErrorCode
from pipeline.incoming import Refusal, is_amount, read_message, refusal
from pipeline.model import AccountOrder, AccountOrderKind, account_key
from pipeline.stream import Record

_decoder = msgspec.json.Decoder(AccountOrder)


def read_order(record: Record) -> AccountOrder | Refusal:
    """An order that can be carried out, or why it cannot."""
    ordered = read_message(record, _decoder, key_of)
    if isinstance(ordered, Refusal):
        return ordered
    is_payment = ordered.kind is AccountOrderKind.RECEIVED
    if is_amount(ordered.amount, above_zero=is_payment):
        return ordered
    least = "above 0" if is_payment else "0 or more"
    return refusal(
        ErrorCode.INVALID_MESSAGE,
        f"amount must be {least}, with at most four decimal places - at `$.amount`",
    )


def key_of(ordered: AccountOrder) -> str:
    """The key of the account that an order is about."""
    return account_key(ordered.carrier, ordered.currency)
