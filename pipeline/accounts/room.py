"""The accounts room: orders of collectors in, slices of balances out to the room that decides."""

from collections.abc import Iterable, Mapping

import msgspec

from pipeline.accounts.balance import Account, Told, order, take_back
from pipeline.accounts.orders import key_of, read_order
from pipeline.incoming import Refusal
from pipeline.model import AccountOrder, FeedbackNoted, SliceAnswer, SliceRequest, account_key
from pipeline.stream import KeyedState, Outbox, Record
from pipeline.stream.room import Encloser

ORDER_KEPT_MS = 400 * 24 * 3_600_000
"""A repeat of an order is known for so long."""
KIND = "account_order"
NO_PARCEL = (("parcels", b"0"),)

Memory = KeyedState[Account | str]
"""Accounts by `<carrier>/<currency>`; orders by the same with `/<order_id>` behind it."""

_decode_request = msgspec.msgpack.Decoder(SliceRequest).decode
_encode = msgspec.msgpack.Encoder().encode


class AccountsRoom:
    """Keeps balances. Key of its work: operator and currency."""

    name = "accounts"
    inputs: tuple[str, ...] = ("accounts", "account-requests")
    outputs: tuple[str, ...] = ("account-slices", "dead-letters")
    state_type = Account | str
    enclosers: Mapping[str, Encloser] = {}

    def work(self, record: Record, state: Memory, outbox: Outbox) -> None:
        """Work on one order of a collector, or one request of a partition of decide."""
        if record.topic == "account-requests":
            _work_on_request(_decode_request(record.value or b""), state, outbox)
            return
        ordered = read_order(record)
        if isinstance(ordered, Refusal):
            outbox.dead_letter(record, ordered.code, ordered.text, headers=NO_PARCEL)
            return
        _work_on_order(ordered, record.timestamp_ms, state, outbox)


def _work_on_order(ordered: AccountOrder, at_ms: int, state: Memory, outbox: Outbox) -> None:
    key = key_of(ordered)
    own_key = f"{key}/{ordered.order_id}"
    if state.get(own_key) is not None:
        outbox.note(FeedbackNoted(KIND, "repeated"))
        return
    account, told = order(_account(state, key), ordered, outbox.partitions_of("account-slices"))
    state.put(own_key, "", expires_at_ms=at_ms + ORDER_KEPT_MS)
    state.put(key, account)
    _tell(told, ordered, outbox)
    outbox.note(FeedbackNoted(KIND, "applied"))


def _work_on_request(request: SliceRequest, state: Memory, outbox: Outbox) -> None:
    key = account_key(request.carrier, request.currency)
    account = _account(state, key) or Account()
    account, told = take_back(account, request, outbox.partitions_of("account-slices"))
    state.put(key, account)
    _tell(told, request, outbox)


def _tell(told: Iterable[Told], about: AccountOrder | SliceRequest, outbox: Outbox) -> None:
    for partition, kind, amount in told:
        answer = SliceAnswer(about.carrier, about.currency, kind, amount)
        outbox.send("account-slices", key=None, value=_encode(answer), partition=partition)


def _account(state: Memory, key: str) -> Account | None:
    account = state.get(key)
    return account if isinstance(account, Account) else None
