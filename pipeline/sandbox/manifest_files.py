"""A carrier's manifest files: read, checked for their form, split into messages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from pipeline.errors import InputFileError
from pipeline.model import manifest_key

MESSAGE_BYTES_MAX = 900_000
"""Below the topic's limit of 1 MiB, with room for the batch around it."""


class ManifestMessage(NamedTuple):
    """One message ready to be published."""

    key: bytes
    value: bytes
    parcels: int


def read_manifests(path: Path, text: bytes) -> Iterator[dict[str, Any]]:
    """Manifests of a JSON document, a JSON array of them, or JSON Lines.

    Raises:
        InputFileError: a document is not JSON or not a manifest's form; names file and line.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield _checked(_parsed(line, f"{path}:{number}"), f"{path}:{number}")
        return
    documents = document if isinstance(document, list) else [document]
    for number, manifest in enumerate(documents, start=1):
        yield _checked(manifest, f"{path}, manifest {number}")


def messages_of(
    manifest: dict[str, Any], *, parcels_max: int, bytes_max: int = MESSAGE_BYTES_MAX
) -> list[ManifestMessage]:
    """The manifest as messages below the limits: parts 1 to m with the count of all parcels.

    A manifest that is a part already is sent as it is: its sender has split it.
    """
    parcels: list[Any] = manifest["parcels"]
    key = manifest_key(str(manifest["carrier"]), str(manifest["manifest_id"])).encode()
    groups = _groups(manifest, parcels_max, bytes_max)
    if len(groups) == 1 or manifest.get("parts", 1) != 1:
        return [ManifestMessage(key, orjson.dumps(manifest), len(parcels))]
    whole = {"parts": len(groups), "declared_parcel_count": len(parcels)}
    return [
        ManifestMessage(
            key,
            orjson.dumps({**manifest, **whole, "part": part, "parcels": group}),
            len(group),
        )
        for part, group in enumerate(groups, start=1)
    ]


def _groups(manifest: dict[str, Any], parcels_max: int, bytes_max: int) -> list[list[Any]]:
    header_bytes = len(orjson.dumps({**manifest, "parcels": []})) + len('"declared_parcel_count":')
    groups: list[list[Any]] = [[]]
    room = bytes_max - header_bytes
    for parcel in manifest["parcels"]:
        size = len(orjson.dumps(parcel)) + 1
        if groups[-1] and (len(groups[-1]) >= parcels_max or size > room):
            groups.append([])
            room = bytes_max - header_bytes
        groups[-1].append(parcel)
        room -= size
    return groups


def _parsed(line: bytes, place: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputFileError(f"{place}: not a JSON document: {error}") from error


def _checked(document: Any, place: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InputFileError(f"{place}: a manifest is a JSON object, this is something else")
    for name in ("carrier", "manifest_id", "parcels"):
        if name not in document:
            raise InputFileError(f"{place}: the field {name!r} is missing")
    if not isinstance(document["parcels"], list):
        raise InputFileError(f"{place}: parcels must be a JSON array")
    return document
