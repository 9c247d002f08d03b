"""Whatever is done to a manifest, it ends as one dead letter or one acknowledgement.

In CI 10,000 mutations are tried, elsewhere fewer, or as many as GREENLANE_MUTATIONS says.
"""

import json
import os
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ErrorCode
from tests.broken import broken_bytes
from tests.builders import goods_item, manifest, parcel
from tests.intake.intake import Intake

MUTATIONS = int(os.environ.get("GREENLANE_MUTATIONS", "10000" if os.environ.get("CI") else "2000"))


def tried(share: float) -> settings:
    """Settings of a test that tries this share of all mutations."""
    return settings(max_examples=max(1, int(MUTATIONS * share)))


MESSAGE = msgspec.json.encode(
    manifest(
        parcels=[parcel(), parcel(parcel_id="B", items=[goods_item(), goods_item()])],
        declared_parcel_count=2,
    )
)
HOSTILE_TEXTS = [
    b"\x00", b"\xff", b"\\ud800", b"[" * 2_000, b'{"a":' * 2_000, b"1e400", b"NaN", b"-",
    b'"', b"}", b"]", b",", b"null", b"9" * 5_000, b'"\\u0000"', b"\xef\xbb\xbf",
]  # fmt: skip
HOSTILE_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=600),
    st.sampled_from(
        [10**400, -(10**400), "1E+999999", "NaN", "sNaN", "-Infinity", "0E-999999", "1_0", "٢"]
    ),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\u202e", "\x7f"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


BROKEN_BYTES = broken_bytes(st.just(MESSAGE), HOSTILE_TEXTS)


@st.composite
def broken_structure(draw: st.DrawFn) -> bytes:
    """The message with members replaced, removed, added or repeated, still JSON for the most."""
    document = json.loads(MESSAGE)
    for _ in range(draw(st.integers(1, 4))):
        holder = draw(st.sampled_from(list(_holders(document))))
        if isinstance(holder, dict):
            key = draw(st.one_of(st.sampled_from(sorted(holder) or ["x"]), st.text(max_size=9)))
            _break_member(draw, holder, key)
        else:
            _break_member(draw, holder, draw(st.integers(0, max(len(holder) - 1, 0))))
    return json.dumps(document).encode()


def _holders(document: Any) -> Any:
    """The document's objects and lists, the outermost first."""
    if isinstance(document, dict | list):
        yield document
        for member in document.values() if isinstance(document, dict) else document:
            yield from _holders(member)


def _break_member(draw: st.DrawFn, holder: Any, key: Any) -> None:
    action = draw(st.sampled_from(["replace", "remove", "repeat"]))
    if action == "replace" and (isinstance(holder, dict) or holder):
        holder[key] = draw(HOSTILE_VALUES)
    elif action == "remove" and (key in holder if isinstance(holder, dict) else holder):
        del holder[key]
    elif action == "repeat" and isinstance(holder, list) and holder:
        holder.append(json.loads(json.dumps(holder[key])))


def ends_well(message: bytes) -> None:
    """One dead letter or one acknowledgement that accounts for all parcels; no internal error."""
    intake = Intake()
    intake.publish(message)
    dead_letters, acknowledgements = intake.dead_letters, intake.acknowledgements
    assert len(dead_letters) + len(acknowledgements) == 1
    for dead_letter in dead_letters:
        assert dead_letter["error_code"] != ErrorCode.INTERNAL_ERROR
        assert int(dead_letter["parcels"]) == 1
        assert intake.announced == []
    for answer in acknowledgements:
        assert answer.accepted_parcels + answer.rejected_parcels == answer.announced_parcels
        assert answer.accepted_parcels == len(intake.announced)
        assert len(answer.faults) >= (answer.rejected_parcels > 0)


@tried(0.5)
@given(BROKEN_BYTES)
def test_broken_bytes_end_well(message: bytes) -> None:
    ends_well(message)


@tried(0.4)
@given(broken_structure())
def test_broken_structure_ends_well(message: bytes) -> None:
    ends_well(message)


@tried(0.1)
@given(st.binary(max_size=200))
def test_any_bytes_end_well(message: bytes) -> None:
    ends_well(message)
