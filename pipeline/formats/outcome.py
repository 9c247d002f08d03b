"""What can become of a message: parcels, a partial filing, or a refusal that says why and where."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.errors import ERROR_TEXTS, ErrorCode
from pipeline.model import Parcel, PartialFiling
from pipeline.model.manifest import ManifestBase
from pipeline.model.text import shown

DETAIL_CHARACTERS_MAX = 200

Locate = Callable[[str], str]
"""From a JSON pointer into the canonical manifest to the place in the sender's own document."""


class Refusal(NamedTuple):
    """A message that nobody can work on."""

    code: ErrorCode
    detail: str = ""
    where: str = ""
    """JSON pointer or XPath into the sender's document; empty: the whole of it."""

    @property
    def text(self) -> str:
        """What is wrong and how to mend it, the detail, and the place."""
        detail = f": {shown(self.detail, DETAIL_CHARACTERS_MAX)}" if self.detail else ""
        where = f" - at {shown(self.where, DETAIL_CHARACTERS_MAX)}" if self.where else ""
        return f"{ERROR_TEXTS[self.code]}{detail}{where}"


class BadParcel(NamedTuple):
    """A parcel that does not have the form of the message; the pointer is relative to it."""

    parcel_id: str
    pointer: str
    explanation: str


def as_it_stands(pointer: str) -> str:
    """The place in a canonical document."""
    return pointer


class Decoded(NamedTuple):
    """A manifest's header, and what its parcels became, in order."""

    header: ManifestBase
    parcels: Sequence[Parcel | BadParcel]
    locate: Locate = as_it_stands


Outcome = Decoded | PartialFiling | Refusal
