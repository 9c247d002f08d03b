"""Greenlane's own JSON format: the canonical manifest as it stands."""

import re

import msgspec

from pipeline.errors import ErrorCode
from pipeline.formats.outcome import BadParcel, Decoded, Refusal
from pipeline.model import Manifest, ManifestFrame, Parcel
from pipeline.model.manifest import SCHEMA_VERSION
from pipeline.model.nesting import NESTING_MAX, nests_too_deeply
from pipeline.model.text import shown


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
PARCEL_ID_CHARACTERS_MAX = 70
_PLACE = re.compile(r" - at `(\$[\w.\[\]]{0,100})`\Z", re.ASCII)
DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError)
TOO_DEEP = f"its brackets are nested more than {NESTING_MAX} deep"


def decode_canonical(value: bytes) -> Decoded | Refusal:
    """Decode one message. A parcel at fault spoils only itself."""
    manifest = decode_whole(value)
    return manifest or decode_apart(value)


def decode_whole(value: bytes) -> Decoded | Refusal | None:
    """The fast way: the message at once; None if anything at all is wrong with it."""
    try:
        manifest = _decode_manifest(value)
    except DECODE_ERRORS:
        return None
    if manifest.schema_version != SCHEMA_VERSION:
        return _unknown_version(manifest.schema_version)
    return Decoded(manifest, manifest.parcels)


def decode_apart(value: bytes) -> Decoded | Refusal:
    """The slow way: the header first, then each parcel by itself."""
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return Refusal(ErrorCode.INVALID_UTF8, f"byte {error.start}")
    if nests_too_deeply(value):
        return Refusal(ErrorCode.INVALID_JSON, TOO_DEEP)
    try:
        version = _decode_version(value).schema_version
        if version != SCHEMA_VERSION:
            return _unknown_version(version)
        frame = _decode_frame(value)
    except msgspec.ValidationError as error:
        return Refusal(ErrorCode.INVALID_MESSAGE, *explained(str(error)))
    except msgspec.DecodeError as error:
        return Refusal(ErrorCode.INVALID_JSON, str(error))
    return Decoded(frame, [_decode_one(raw) for raw in frame.parcels])


def _decode_one(raw: msgspec.Raw) -> Parcel | BadParcel:
    try:
        return _decode_parcel(raw)
    except DECODE_ERRORS as error:
        explanation, pointer = explained(str(error))
        return BadParcel(_parcel_id_of(raw), pointer, explanation)


def explained(error: str) -> tuple[str, str]:
    """What the decoder says, and where: it may quote the names of unknown fields, of any length."""
    place = _PLACE.search(error)
    explanation = error[: place.start()] if place else error
    pointer = json_pointer(place[1]) if place else ""
    return shown(explanation, EXPLANATION_CHARACTERS_MAX), pointer


def _parcel_id_of(raw: msgspec.Raw) -> str:
    try:
        return _decode_parcel_id(raw).parcel_id[:PARCEL_ID_CHARACTERS_MAX]
    except DECODE_ERRORS:
        return ""


def json_pointer(path: str) -> str:
    """`$.items[0].quantity` as `/items/0/quantity` (RFC 6901)."""
    return path.removeprefix("$").replace("[", "/").replace("]", "").replace(".", "/")


def _unknown_version(version: int) -> Refusal:
    return Refusal(ErrorCode.UNKNOWN_SCHEMA_VERSION, f"schema_version is {version}")
