"""Manifest files: forms, splitting, errors that name file and line."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputFileError
from pipeline.sandbox.manifest_files import (
    ManifestMessage,
    as_published,
    messages_of,
    read_manifests,
)

HEADER = {"schema_version": 1, "carrier": "SWIFTPOST", "manifest_id": "SP-1"}


def manifest(parcels: int = 1, **fields: Any) -> dict[str, Any]:
    return {**HEADER, "parcels": [{"parcel_id": f"P{n}"} for n in range(parcels)], **fields}


def split(document: dict[str, Any], **limits: int) -> list[ManifestMessage]:
    (read,) = read_manifests("file.json", orjson.dumps(document))
    return messages_of(read, **{"parcels_max": 2_000, **limits})


def values(messages: list[ManifestMessage]) -> list[dict[str, Any]]:
    return [orjson.loads(message.value) for message in messages]


parcel_sizes = st.lists(st.integers(0, 300), min_size=1, max_size=60)


@given(sizes=parcel_sizes, parcels_max=st.integers(1, 20), bytes_max=st.integers(700, 3_000))
def test_parts_joined_again_are_the_manifest(
    sizes: list[int], parcels_max: int, bytes_max: int
) -> None:
    parcels = [{"parcel_id": f"P{n}", "text": "ä" * (size // 2)} for n, size in enumerate(sizes)]
    messages = split({**HEADER, "parcels": parcels}, parcels_max=parcels_max, bytes_max=bytes_max)
    parts = values(messages)
    assert [parcel for part in parts for parcel in part["parcels"]] == parcels
    assert [message.parcels for message in messages] == [len(part["parcels"]) for part in parts]
    assert all(1 <= message.parcels <= parcels_max for message in messages)
    assert all(len(message.value) <= bytes_max for message in messages)
    if len(parts) > 1:
        assert [part["part"] for part in parts] == list(range(1, len(parts) + 1))
        assert {part["parts"] for part in parts} == {len(parts)}
        assert {part["declared_parcel_count"] for part in parts} == {len(parcels)}
    for part in parts:
        assert {name: part[name] for name in HEADER} == HEADER


def test_what_fits_is_sent_byte_for_byte() -> None:
    text = orjson.dumps(manifest(3), option=orjson.OPT_INDENT_2)
    (read,) = read_manifests("file.json", b"\n" + text + b"\n")
    assert messages_of(read, parcels_max=3) == [ManifestMessage(b"SWIFTPOST/SP-1", text, 3)]


def test_no_number_passes_through_a_binary_float() -> None:
    number = "0.10000000000000000555111512312578270211815834045410156250"
    text = f'{{"carrier":"C","manifest_id":"M","parcels":[{number},{number}]}}'
    (read,) = read_manifests("file.json", text.encode())
    parts = messages_of(read, parcels_max=1)
    assert len(parts) == 2
    assert all(number.encode() in part.value for part in parts)


def test_a_part_stays_the_part_it_is() -> None:
    part = manifest(5, part=2, parts=3, declared_parcel_count=15)
    assert values(split(part, parcels_max=2)) == [part]


def test_a_count_the_carrier_declared_stays_even_if_untrue() -> None:
    parts = values(split(manifest(4, declared_parcel_count=5), parcels_max=2))
    assert [part["declared_parcel_count"] for part in parts] == [5, 5]


@pytest.mark.parametrize(
    "text",
    [
        orjson.dumps(manifest(2)) + b"\n\n" + orjson.dumps(manifest(1)) + b"\r\n",
        orjson.dumps([manifest(2), manifest(1)]),
        orjson.dumps([manifest(2), manifest(1)], option=orjson.OPT_INDENT_2),
    ],
    ids=["JSON Lines", "array", "array over many lines"],
)
def test_files_hold_one_manifest_or_many(text: bytes) -> None:
    assert [len(read.parcels) for read in read_manifests("file.json", text)] == [2, 1]


def publishable(name: str, text: bytes) -> list[ManifestMessage]:
    return [
        message
        for read in read_manifests(name, text)
        for message in messages_of(read, parcels_max=10)
    ]


LINE = orjson.dumps(manifest())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", "file:1: not a JSON document"),
        (LINE[:-5], "file:1: not a JSON document"),
        (b'{\n "carrier": "C",\n "manifest_id": ,\n "parcels": []\n}', "file:3: not a JSON"),
        (LINE + b"\n" + LINE[:-5] + b"\n", "file:2: not a JSON document"),
        (LINE[:-5] + b"\n" + LINE + b"\n", "file:1: not a JSON document"),
        (LINE + b"\n[1]\n", "file:2: a manifest is a JSON object, this is an array"),
        (b"[]", "file: there is no manifest in it"),
        (b'"manifest"', "file: a manifest is a JSON object, this is a text"),
        (b"[" + LINE + b",7]", "file, manifest 2: a manifest is a JSON object, this is a number"),
        (b'{"carrier":"C","parcels":[{}]}', "file: the field 'manifest_id' is missing"),
        (b'{"carrier":"C","manifest_id":"M","parcels":7}', "file: parcels must be a JSON array"),
        (b'{"carrier":"C","manifest_id":"M","parcels":[]}', "file: there are no parcels in it"),
        (b'{"carrier":7,"manifest_id":"M","parcels":[{}]}', "file: carrier must be a text"),
        (LINE.replace(b"SP-1", b"\xff"), "file:1: not a JSON document"),
        (b"[" * 5_000, "file:1: not a JSON document"),
    ],
)
def test_what_is_no_manifest_is_told_with_its_place(text: bytes, error: str) -> None:
    with pytest.raises(InputFileError) as raised:
        publishable("file", text)
    assert str(raised.value).startswith(error)


def test_deeply_nested_parcels_are_left_to_intake() -> None:
    nested = b"[" * 900 + b"]" * 900
    text = b'{"carrier":"C","manifest_id":"M","parcels":[%s]}' % nested
    (read,) = read_manifests("file", text)
    assert messages_of(read, parcels_max=10)[0].value == text


def test_a_parcel_larger_than_a_message_is_told_with_its_number() -> None:
    document = manifest(2)
    document["parcels"][1]["text"] = "x" * 1_000
    with pytest.raises(InputFileError, match=r"file\.json: parcel 2 alone has 1,0\d\d bytes"):
        split(document, bytes_max=1_000)


def test_a_part_larger_than_a_message_is_told() -> None:
    with pytest.raises(InputFileError, match=r"file\.json: a part of 2,084 bytes"):
        split(manifest(100, part=1, parts=2), bytes_max=1_000)


def test_keys_name_carrier_and_manifest_as_text() -> None:
    document = {**manifest(), "manifest_id": "Ü/1"}
    (read,) = read_manifests("file", orjson.dumps(document))
    assert messages_of(read, parcels_max=1)[0].key == "SWIFTPOST/Ü/1".encode()
    assert msgspec.json.decode(read.fields["manifest_id"]) == "Ü/1"


def test_messages_are_as_they_would_be_published() -> None:
    """What fits and what nobody can read stay as they are; what is too large goes in parts."""
    large = orjson.dumps(manifest(parcels=5))
    assert list(as_published([LINE, b"{", b"[]", b"7"], parcels_max=2)) == [LINE, b"{", b"[]", b"7"]
    parts = [orjson.loads(part) for part in as_published([large], parcels_max=2)]
    assert [(p["part"], p["parts"], len(p["parcels"])) for p in parts] == [
        (1, 3, 2),
        (2, 3, 2),
        (3, 3, 1),
    ]


def test_a_part_that_is_too_large_stays_as_it_is() -> None:
    part = orjson.dumps({**manifest(), "part": 1, "parts": 2, "remark": "x" * 1_000_000})
    assert list(as_published([part], parcels_max=2)) == [part]
