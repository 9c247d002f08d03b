"""Which partial filings must come beside item data: `rulebook/lifecycle/counterparts.yaml`."""

from datetime import date
from functools import lru_cache

from msgspec import Struct

from pipeline.model.filing import DataSet
from pipeline.rulebook.files import read_yaml
from pipeline.rulebook.lifecycle import LIFECYCLE_FOLDER

COUNTERPARTS_FILE = LIFECYCLE_FOLDER / "counterparts.yaml"


class Counterparts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one data set asks for, from the day on which that begins to hold."""

    specific_circumstance: str
    awaits: tuple[DataSet, ...]
    valid_from: date
    basis: str
    source: str


@lru_cache(maxsize=64)
def counterparts_of(specific_circumstance: str, day: date) -> tuple[DataSet, ...]:
    """The partial filings to wait for; none for data that are complete, or of no known data set."""
    found: tuple[DataSet, ...] = ()
    for version in sorted(_load(), key=lambda version: version.valid_from):
        if version.specific_circumstance == specific_circumstance and version.valid_from <= day:
            found = version.awaits
    return found


@lru_cache(maxsize=1)
def _load() -> list[Counterparts]:
    return read_yaml(COUNTERPARTS_FILE, list[Counterparts])
