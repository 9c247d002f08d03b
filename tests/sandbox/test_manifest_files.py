"""Manifest files of carriers: reading and splitting."""

from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputFileError
from pipeline.model import Manifest
from pipeline.sandbox.manifest_files import messages_of, read_manifests
from tests import builders

PATH = Path("manifests.jsonl")


def manifest_of(parcels: int) -> dict[str, Any]:
    return msgspec.to_builtins(
        builders.manifest(
            parcels=[builders.parcel(parcel_id=f"HAWB-{number}") for number in range(parcels)]
        )
    )


@given(st.integers(min_value=1, max_value=40), st.integers(min_value=1, max_value=12))
def test_the_parts_of_a_manifest_join_to_the_whole(parcels: int, parcels_max: int) -> None:
    manifest = manifest_of(parcels)
    messages = messages_of(manifest, parcels_max=parcels_max)
    parts = [msgspec.json.decode(message.value, type=Manifest) for message in messages]
    joined = [parcel.parcel_id for part in parts for parcel in part.parcels]
    assert joined == [parcel["parcel_id"] for parcel in manifest["parcels"]]
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert all(part.parts == len(parts) for part in parts)
    assert all(message.parcels <= parcels_max for message in messages)
    if len(parts) > 1:
        assert all(part.declared_parcel_count == parcels for part in parts)


def test_no_message_is_larger_than_the_limit() -> None:
    messages = messages_of(manifest_of(50), parcels_max=2_000, bytes_max=5_000)
    assert len(messages) > 5
    assert all(len(message.value) <= 5_000 for message in messages)


def test_a_part_is_sent_as_its_sender_made_it() -> None:
    part = {**manifest_of(10), "part": 2, "parts": 3}
    (message,) = messages_of(part, parcels_max=4)
    assert orjson.loads(message.value) == part


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"carrier": "A"}\n{"carr', "manifests.jsonl:1: the field 'manifest_id' is missing"),
        (b'\n{"carr', "manifests.jsonl:2: not a JSON document"),
        (b"[1]", "manifest 1: a manifest is a JSON object"),
        (b'{"carrier":"A","manifest_id":"1","parcels":{}}', "parcels must be a JSON array"),
    ],
)
def test_an_unusable_file_is_told_with_its_place(text: bytes, said: str) -> None:
    with pytest.raises(InputFileError, match=said.replace(".", r"\.")):
        list(read_manifests(PATH, text))
