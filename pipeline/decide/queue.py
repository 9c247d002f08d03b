"""Messages that wait for a slice of their operator's account, and what its answers set going."""

from collections.abc import Callable
from decimal import Decimal
from typing import cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.decide.purse import ZERO, Slice, ask, put_slice, slice_key, slice_of
from pipeline.decide.state import Memory
from pipeline.model import QueueNoted, SliceAnswer, SliceKind, SliceRequest
from pipeline.stream import Outbox, Record

SERVED_AT_ONCE_MAX = 500
"""Of a queue; then other messages have their turn."""

Serve = Callable[[Record], None]
"""Works on a message that has waited."""


class Waiting(Struct, frozen=True, array_like=True, gc=False):
    """A message that waits, as it came, but of an envelope only its own parcel."""

    topic: str
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Waiting).decode
_decode_answer = msgspec.msgpack.Decoder(SliceAnswer).decode


def put_aside(
    record: Record,
    value: bytes,
    *,
    carrier: str,
    waits_for: tuple[str, Decimal],
    served: bool,
    state: Memory,
    outbox: Outbox,
) -> None:
    """Let a message wait, behind others of its operator; the first one asks for money.

    Args:
        record: the message.
        value: of an envelope, one with this parcel alone; else the record's value.
        carrier: the operator.
        waits_for: currency, and the amount that its slice lacks.
        served: it stands at the head of the queue already.
        state: the memory of the partition.
        outbox: what asks.
    """
    currency, needed = waits_for
    key = slice_key(carrier, currency)
    own = slice_of(state, key) or Slice()
    is_first = served or not own.is_queue
    if not served:
        waiting = Waiting(
            record.topic,
            record.offset,
            record.timestamp_ms,
            record.key,
            value,
            list(record.headers),
        )
        state.put(f"{key}/{own.next_waiting}", _encode(waiting))
        own = replace(own, next_waiting=own.next_waiting + 1)
        _note(carrier, currency, record.partition, own, outbox)
    if is_first:
        ask(SliceRequest(carrier, currency, record.partition, own.free, needed), outbox)
        own = replace(own, free=ZERO, asked=True)
    put_slice(state, key, own)


def take_answer(record: Record, state: Memory, outbox: Outbox, serve: Serve) -> None:
    """Work on an answer of the accounts room: it may set the queue going."""
    answer = _decode_answer(record.value or b"")
    key = slice_key(answer.carrier, answer.currency)
    own = slice_of(state, key) or Slice()
    if answer.kind is SliceKind.OPEN:
        put_slice(state, key, replace(own, ceiling=None))
        return
    if answer.kind is SliceKind.RECALL:
        returned = SliceRequest(
            answer.carrier, answer.currency, record.partition, own.free, recalled=True
        )
        ask(returned, outbox)
        put_slice(state, key, replace(own, free=ZERO))
        return
    if answer.kind is SliceKind.GRANT:
        own = replace(own, free=own.free + answer.amount, asked=False)
    elif answer.kind is SliceKind.DENY:
        own = replace(own, ceiling=answer.amount, asked=False)
    put_slice(state, key, own)
    if own.is_queue:
        _serve(answer, record.partition, state, outbox, serve)
        left = slice_of(state, key) or Slice()
        _note(answer.carrier, answer.currency, record.partition, left, outbox)


def _serve(
    answer: SliceAnswer, partition: int, state: Memory, outbox: Outbox, serve: Serve
) -> None:
    """Work on what waits, in turn, until the money is used up again."""
    key = slice_key(answer.carrier, answer.currency)
    for _ in range(SERVED_AT_ONCE_MAX):
        own = slice_of(state, key) or Slice()
        if not own.is_queue:
            return
        place = f"{key}/{own.first_waiting}"
        serve(_message(state, place, partition))
        own = slice_of(state, key) or Slice()
        if own.asked:
            return
        state.delete(place)
        put_slice(state, key, replace(own, first_waiting=own.first_waiting + 1))
    go_on = SliceAnswer(answer.carrier, answer.currency, SliceKind.GO_ON)
    outbox.send("account-slices", key=None, value=_encode(go_on), partition=partition)


def _note(carrier: str, currency: str, partition: int, own: Slice, outbox: Outbox) -> None:
    outbox.note(QueueNoted(carrier, currency, partition, own.next_waiting - own.first_waiting))


def _message(state: Memory, place: str, partition: int) -> Record:
    waiting = _decode(cast("bytes", state.get(place)))
    return Record(
        waiting.topic,
        partition,
        waiting.offset,
        waiting.timestamp_ms,
        waiting.key,
        waiting.value,
        waiting.headers,
    )
