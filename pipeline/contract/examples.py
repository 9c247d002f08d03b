"""Examples of messages: `topics/examples/<payload>/accepted` and `rejected`, as files.

Beside the rejected ones lies `rejected.yaml`, which says of each why it must fail.
"""

from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from pipeline.contract.declarations import topics_folder
from pipeline.rulebook.files import read_yaml


class Refusal(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an example must be rejected, and who can tell."""

    because: str
    decoder_accepts: bool = False
    """True where the form is right and only schema and room know better."""


class Example(NamedTuple):
    """One message as it stands on its topic; `refusal` is None for an accepted one."""

    name: str
    content: bytes
    refusal: Refusal | None


def accepted_examples(payload: str) -> list[Example]:
    """Messages that must be accepted, in name order."""
    files = sorted((_folder(payload) / "accepted").glob("*.json"))
    return [Example(file.stem, file.read_bytes(), None) for file in files]


def rejected_examples(payload: str) -> list[Example]:
    """Messages that must be rejected, in name order.

    Raises:
        KeyError: an example has no entry in `rejected.yaml`.
    """
    files = sorted((_folder(payload) / "rejected").glob("*.json"))
    reasons = read_yaml(_folder(payload) / "rejected.yaml", dict[str, Refusal])
    return [Example(file.stem, file.read_bytes(), reasons[file.stem]) for file in files]


def _folder(payload: str) -> Path:
    return topics_folder() / "examples" / payload
