"""From bytes to a message that somebody outside sent: what is wrong is told, never raised."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, TypeVar

import msgspec

from pipeline.errors import ERROR_TEXTS, ErrorCode
from pipeline.model.nesting import NESTING_MAX, nests_too_deeply
from pipeline.revenue.bill import AMOUNT_MAX
from pipeline.stream import Record

SCHEMA_VERSION = 1
DECIMAL_PLACES_MAX = 4
"""No currency of ISO 4217 has more."""


class _SchemaVersion(msgspec.Struct):
    schema_version: int = SCHEMA_VERSION


class Refusal(NamedTuple):
    """Why a message ends as a dead letter."""

    code: ErrorCode
    text: str


Message = TypeVar("Message")

_decode_version = msgspec.json.Decoder(_SchemaVersion).decode


def read_message(
    record: Record, decoder: msgspec.json.Decoder[Message], key_of: Callable[[Message], str]
) -> Message | Refusal:
    """Decode a message and compare its key with what it names."""
    if not record.value:
        return refusal(ErrorCode.EMPTY_MESSAGE)
    if not record.key:
        return refusal(ErrorCode.KEY_MISSING)
    if nests_too_deeply(record.value):
        deep = f"its brackets are nested more than {NESTING_MAX} deep"
        return refusal(ErrorCode.INVALID_JSON, deep)
    try:
        version = _decode_version(record.value).schema_version
        if version != SCHEMA_VERSION:
            return refusal(ErrorCode.UNKNOWN_SCHEMA_VERSION, f"schema_version is {version}")
        message = decoder.decode(record.value)
    except msgspec.ValidationError as error:
        return refusal(ErrorCode.INVALID_MESSAGE, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _not_json(record.value, error)
    expected = key_of(message)
    if record.key != expected.encode(errors="replace"):
        return refusal(ErrorCode.KEY_MISMATCH, f"the content's key is {expected!r}")
    return message


def refusal(code: ErrorCode, detail: str = "") -> Refusal:
    """A refusal with the general text of its code and what is particular here."""
    return Refusal(code, f"{ERROR_TEXTS[code]}{': ' if detail else ''}{detail}")


def is_amount(amount: Decimal, *, above_zero: bool) -> bool:
    """Whether money of any currency can be moved by this amount."""
    if not amount.is_finite() or not 0 <= amount < AMOUNT_MAX or (above_zero and not amount):
        return False
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DECIMAL_PLACES_MAX


def _not_json(value: bytes, error: Exception) -> Refusal:
    try:
        value.decode()
    except UnicodeDecodeError as broken:
        return refusal(ErrorCode.INVALID_UTF8, f"byte {broken.start}")
    return refusal(ErrorCode.INVALID_JSON, str(error))
