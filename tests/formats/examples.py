"""Example messages of each format, and what is made of changed ones."""

import json
from pathlib import Path
from typing import Any

from pipeline.formats.dispatch import Headers, decode
from pipeline.formats.outcome import BadParcel, Decoded, Refusal
from pipeline.model import Parcel

FOLDER = Path(__file__).parent / "examples"
EXAMPLES = {path.stem: path.read_bytes() for path in sorted(FOLDER.iterdir())}


def document(name: str) -> dict[str, Any]:
    """A JSON example, to be changed at will."""
    found: dict[str, Any] = json.loads(EXAMPLES[name])
    return found


def with_text(name: str, old: str, new: str) -> bytes:
    """An example with a piece of its text replaced."""
    text = EXAMPLES[name].decode()
    assert old in text
    return text.replace(old, new).encode()


def decoded(value: bytes | dict[str, Any], headers: Headers = ()) -> Decoded:
    """A message that is a manifest."""
    outcome = decode(_bytes(value), headers)
    assert isinstance(outcome, Decoded), outcome
    return outcome


def refused(value: bytes | dict[str, Any], headers: Headers = ()) -> Refusal:
    """A message that is refused."""
    outcome = decode(_bytes(value), headers)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def only_parcel(value: bytes | dict[str, Any]) -> Parcel:
    """The parcel of a manifest of one."""
    (parcel,) = decoded(value).parcels
    assert isinstance(parcel, Parcel), parcel
    return parcel


def bad_parcel(value: bytes | dict[str, Any], position: int = 0) -> tuple[BadParcel, str]:
    """A parcel that does not have its form, and where the sender is told it is wrong."""
    outcome = decoded(value)
    parcel = outcome.parcels[position]
    assert isinstance(parcel, BadParcel), parcel
    return parcel, outcome.locate(f"/parcels/{position}{parcel.pointer}")


def _bytes(value: bytes | dict[str, Any]) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()
