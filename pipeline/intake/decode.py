"""From bytes to a manifest: everything that can be wrong with a message is told, never raised."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from pipeline.errors import ERROR_TEXTS, ErrorCode
from pipeline.intake.finding import Finding, shown
from pipeline.model import Manifest, ManifestFrame, Parcel, manifest_key
from pipeline.model.manifest import SCHEMA_VERSION, ManifestBase
from pipeline.model.nesting import NESTING_MAX, nests_too_deeply


class _SchemaVersion(msgspec.Struct):
    schema_version: int


class _ParcelId(msgspec.Struct):
    parcel_id: str = ""


_decode_manifest = msgspec.json.Decoder(Manifest).decode
_decode_frame = msgspec.json.Decoder(ManifestFrame).decode
_decode_parcel = msgspec.json.Decoder(Parcel).decode
_decode_version = msgspec.json.Decoder(_SchemaVersion).decode
_decode_parcel_id = msgspec.json.Decoder(_ParcelId).decode
EXPLANATION_CHARACTERS_MAX = 200
_PLACE = re.compile(r" - at `(\$[\w.\[\]]{0,100})`\Z", re.ASCII)
_DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError)


class Undecodable(NamedTuple):
    """A message that ends as a dead letter."""

    code: ErrorCode
    text: str


class BadParcel(NamedTuple):
    """A parcel that does not have the form of the message."""

    parcel_id: str
    finding: Finding
    explanation: str


class Decoded(NamedTuple):
    """A manifest's header and what its parcels became, in order."""

    header: ManifestBase
    parcels: Sequence[Parcel | BadParcel]


def decode_manifest(
    key: bytes | None, value: bytes | None, *, parcels_max: int
) -> Decoded | Undecodable:
    """Decode one message. A parcel at fault spoils only itself."""
    if not value:
        return undecodable(ErrorCode.EMPTY_MESSAGE)
    if not key:
        return undecodable(ErrorCode.KEY_MISSING)
    decoded = _decode(value)
    if isinstance(decoded, Undecodable):
        return decoded
    header, parcels = decoded
    if header.schema_version != SCHEMA_VERSION:
        return _unknown_version(header.schema_version)
    if key != manifest_key(header.carrier, header.manifest_id).encode(errors="replace"):
        expected = f"{header.carrier}/{header.manifest_id}"
        return undecodable(ErrorCode.KEY_MISMATCH, f"the content's key is {expected!r}")
    if len(parcels) > parcels_max:
        limit = f"{len(parcels)} parcels, the limit is {parcels_max}"
        return undecodable(ErrorCode.MESSAGE_TOO_LARGE, limit)
    return decoded


def _decode(value: bytes) -> Decoded | Undecodable:
    try:
        manifest = _decode_manifest(value)
    except _DECODE_ERRORS:
        return _decode_apart(value)
    return Decoded(manifest, manifest.parcels)


def _decode_apart(value: bytes) -> Decoded | Undecodable:
    """The slow way: the header first, then each parcel by itself."""
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return undecodable(ErrorCode.INVALID_UTF8, f"byte {error.start}")
    if nests_too_deeply(value):
        return undecodable(
            ErrorCode.INVALID_JSON, f"its brackets are nested more than {NESTING_MAX} deep"
        )
    try:
        version = _decode_version(value).schema_version
        if version != SCHEMA_VERSION:
            return _unknown_version(version)
        frame = _decode_frame(value)
    except msgspec.ValidationError as error:
        return undecodable(ErrorCode.INVALID_MESSAGE, str(error))
    except msgspec.DecodeError as error:
        return undecodable(ErrorCode.INVALID_JSON, str(error))
    return Decoded(frame, [_decode_one(raw) for raw in frame.parcels])


def _decode_one(raw: msgspec.Raw) -> Parcel | BadParcel:
    try:
        return _decode_parcel(raw)
    except _DECODE_ERRORS as error:
        explanation, pointer = _explained(str(error))
        return BadParcel(_parcel_id_of(raw), Finding("DQ01", pointer, ""), explanation)


def _explained(error: str) -> tuple[str, str]:
    """What the decoder says, and where: it may quote the names of unknown fields, of any length."""
    place = _PLACE.search(error)
    explanation = error[: place.start()] if place else error
    pointer = json_pointer(place[1]) if place else ""
    return shown(explanation, EXPLANATION_CHARACTERS_MAX), pointer


def _parcel_id_of(raw: msgspec.Raw) -> str:
    try:
        return _decode_parcel_id(raw).parcel_id[:70]
    except _DECODE_ERRORS:
        return ""


def json_pointer(path: str) -> str:
    """`$.items[0].quantity` as `/items/0/quantity` (RFC 6901)."""
    return path.removeprefix("$").replace("[", "/").replace("]", "").replace(".", "/")


def _unknown_version(version: int) -> Undecodable:
    return undecodable(ErrorCode.UNKNOWN_SCHEMA_VERSION, f"schema_version is {version}")


def undecodable(code: ErrorCode, detail: str = "") -> Undecodable:
    """What is wrong in general by its code, and in particular."""
    return Undecodable(code, f"{ERROR_TEXTS[code]}{': ' if detail else ''}{detail}")
