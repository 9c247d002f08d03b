"""A message as intake, ledger and command line take it: key, content and headers together."""

from typing import NamedTuple

from pipeline.errors import ErrorCode
from pipeline.formats.dispatch import Headers, decode
from pipeline.formats.outcome import Decoded, Outcome, Refusal
from pipeline.model import PartialFiling, manifest_key
from pipeline.model.manifest import ManifestBase


class Announced(NamedTuple):
    """What a message announces: header, and how many parcels."""

    header: ManifestBase
    parcels: int


def decode_manifest(
    key: bytes | None, value: bytes | None, headers: Headers, *, parcels_max: int
) -> Outcome:
    """A message's manifest or partial filing."""
    if not value:
        return Refusal(ErrorCode.EMPTY_MESSAGE)
    if not key:
        return Refusal(ErrorCode.KEY_MISSING)
    outcome = decode(value, headers)
    if isinstance(outcome, Refusal):
        return outcome
    expected = key_of(outcome.header)
    if key != expected.encode(errors="replace"):
        return Refusal(ErrorCode.KEY_MISMATCH, f"the content's key is {expected!r}")
    parcels = parcels_in(outcome)
    if parcels > parcels_max:
        limit = f"{parcels} parcels, the limit is {parcels_max}"
        return Refusal(ErrorCode.MESSAGE_TOO_LARGE, limit)
    return outcome


def announced(
    key: bytes | None, value: bytes | None, headers: Headers, *, parcels_max: int
) -> Announced | None:
    """What a message announces, a partial filing nothing; None where nobody can read it."""
    outcome = decode_manifest(key, value, headers, parcels_max=parcels_max)
    if isinstance(outcome, Refusal):
        return None
    parcels = len(outcome.parcels) if isinstance(outcome, Decoded) else 0
    return Announced(outcome.header, parcels)


def parcels_in(outcome: Decoded | PartialFiling) -> int:
    """Parcels, or receptacles, that a message speaks of."""
    if isinstance(outcome, Decoded):
        return len(outcome.parcels)
    return outcome.entries


def key_of(header: ManifestBase) -> str:
    """The Kafka key of a message with this header."""
    return manifest_key(header.carrier, header.manifest_id)
