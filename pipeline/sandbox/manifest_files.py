"""A carrier's manifest files: read, checked for their form, split into messages.

What stands in a file is sent byte for byte: no number passes through a binary float.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import orjson
from msgspec import Raw

from pipeline.errors import InputFileError
from pipeline.model import manifest_key
from pipeline.sandbox.publisher import JSON_HEADERS, Headers

MESSAGE_BYTES_MAX = 900_000
"""Below the topic's limit of 1 MiB, with room for the batch around it."""
PART_DIGITS_MAX = 5
REQUIRED = ("carrier", "manifest_id", "parcels")
KINDS = {
    "NoneType": "null",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "str": "a text",
    "list": "an array",
}
"""What people call the values of JSON, by the names of their Python types."""


class ManifestDocument(NamedTuple):
    """A manifest as it stands in a file."""

    place: str
    """File and line, for error messages."""
    text: bytes
    fields: dict[str, Raw]
    parcels: list[Raw]


class ManifestMessage(NamedTuple):
    """One message ready to be published."""

    key: bytes
    value: bytes
    parcels: int
    headers: Headers = JSON_HEADERS


def read_manifests(name: str, text: bytes) -> Iterator[ManifestDocument]:
    """Manifests of a JSON document, a JSON array of them, or JSON Lines.

    Args:
        name: name of the file, for error messages.
        text: its content.

    Raises:
        InputFileError: a document is not JSON or not a manifest's form; names file and line.
    """
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if not are_json_lines([line for _, line in lines]):
            place = f"{name}:{error.lineno}"
            raise InputFileError(f"{place}: not a JSON document: {error.msg}") from error
        for number, line in lines:
            yield _document(f"{name}:{number}", line)
        return
    if whole == []:
        raise InputFileError(f"{name}: there is no manifest in it")
    if isinstance(whole, list):
        for number, raw in enumerate(msgspec.json.decode(text, type=list[Raw]), start=1):
            yield _document(f"{name}, manifest {number}", bytes(raw))
    else:
        yield _document(name, text)


def messages_of(
    manifest: ManifestDocument, *, parcels_max: int, bytes_max: int = MESSAGE_BYTES_MAX
) -> list[ManifestMessage]:
    """The manifest as messages below the limits: parts 1 to m with the count of all parcels.

    A manifest that fits, or is a part already, is sent as it stands: its sender has split it.

    Raises:
        InputFileError: what cannot be split is larger than a message may be.
    """
    fields, parcels = manifest.fields, manifest.parcels
    key = manifest_key(_text(manifest, "carrier"), _text(manifest, "manifest_id")).encode()
    is_part = bytes(fields.get("parts", Raw(b"1"))) != b"1"
    fits = len(parcels) <= parcels_max and len(manifest.text) <= bytes_max
    if is_part and len(manifest.text) > bytes_max:
        raise InputFileError(
            f"{manifest.place}: a part of {len(manifest.text):,} bytes is above the limit of "
            f"{bytes_max:,}; make smaller parts, or one whole manifest, which is split here"
        )
    if fits or is_part:
        return [ManifestMessage(key, manifest.text, len(parcels))]
    groups = _groups(manifest, parcels_max, bytes_max)
    # A count that the carrier declared stays, true or not: intake compares.
    count = {"declared_parcel_count": len(parcels)} | fields
    return [
        ManifestMessage(
            key,
            msgspec.json.encode({**count, "part": part, "parts": len(groups), "parcels": group}),
            len(group),
        )
        for part, group in enumerate(groups, start=1)
    ]


def as_published(messages: Iterable[bytes], *, parcels_max: int) -> Iterator[bytes]:
    """Messages as `greenlane publish` would send them: manifests above the limits in parts.

    What is no manifest, or cannot be split, stays as it is.
    """
    for message in messages:
        try:
            parts = messages_of(_document("", message), parcels_max=parcels_max)
        except InputFileError:
            yield message
        else:
            yield from (part.value for part in parts)


def are_json_lines(lines: Sequence[bytes]) -> bool:
    """Whether one of the first two lines is a document of its own: one of them may be damaged."""
    return len(lines) > 1 and any(map(_is_object, lines[:2]))


def _groups(manifest: ManifestDocument, parcels_max: int, bytes_max: int) -> list[list[Raw]]:
    widest = 10**PART_DIGITS_MAX - 1
    header: dict[str, Any] = {"declared_parcel_count": widest} | manifest.fields
    header |= {"part": widest, "parts": widest, "parcels": []}
    room_in_message = bytes_max - len(msgspec.json.encode(header))
    groups: list[list[Raw]] = []
    room = 0
    for number, parcel in enumerate(manifest.parcels, start=1):
        size = len(bytes(parcel)) + 1
        if size > room_in_message:
            raise InputFileError(
                f"{manifest.place}: parcel {number} alone has {size:,} bytes; "
                f"a message may have {bytes_max:,}"
            )
        if size > room or len(groups[-1]) >= parcels_max:
            groups.append([])
            room = room_in_message
        groups[-1].append(parcel)
        room -= size
    return groups


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _document(place: str, text: bytes) -> ManifestDocument:
    try:
        form = type(orjson.loads(text)).__name__
    except orjson.JSONDecodeError as error:
        raise InputFileError(f"{place}: not a JSON document: {error.msg}") from error
    if form != "dict":
        raise InputFileError(f"{place}: a manifest is a JSON object, this is {KINDS[form]}")
    fields = msgspec.json.decode(text, type=dict[str, Raw])
    for name in REQUIRED:
        if name not in fields:
            raise InputFileError(f"{place}: the field {name!r} is missing")
    try:
        parcels = msgspec.json.decode(fields["parcels"], type=list[Raw])
    except msgspec.ValidationError as error:
        raise InputFileError(f"{place}: parcels must be a JSON array") from error
    if not parcels:
        raise InputFileError(f"{place}: there are no parcels in it")
    return ManifestDocument(place, text.strip(), fields, parcels)


def _text(manifest: ManifestDocument, name: str) -> str:
    try:
        return msgspec.json.decode(manifest.fields[name], type=str)
    except msgspec.ValidationError as error:
        raise InputFileError(f"{manifest.place}: {name} must be a text") from error
