"""Dated deadlines of a parcel's case, and what no amendment may change: `rulebook/lifecycle/`."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Annotated, Literal

from msgspec import Meta, Struct

from pipeline.errors import RuleBookError
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml

LIFECYCLE_FOLDER = RULEBOOK_FOLDER / "lifecycle"
DEADLINES_FILE = LIFECYCLE_FOLDER / "deadlines.yaml"
LOCKED_FIELDS_FILE = LIFECYCLE_FOLDER / "locked_fields.yaml"
DEADLINE_IDS = frozenset(
    {
        *("data_demanded", "closed_without_data", "arrival_overdue", "closed_not_arrived"),
        *("manifest_incomplete", "data_awaited", "filing_awaited", "payment_waits"),
    }
)


class Deadline(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of a deadline, from the day on which it begins to hold."""

    id: str
    title: str
    hours: Annotated[int, Meta(ge=1, le=8_760)]
    valid_from: date
    status: Literal["enacted", "practice"]
    basis: str
    source: str


class Deadlines:
    """All deadlines; of each, the version that holds on a day."""

    def __init__(self, versions: Iterable[Deadline]) -> None:
        self._versions = sorted(versions, key=lambda version: version.valid_from)
        missing = DEADLINE_IDS - {version.id for version in self._versions}
        if missing:
            raise RuleBookError(f"deadlines are missing: {', '.join(sorted(missing))}")

    def of(self, deadline_id: str, day: date) -> Deadline:
        """The version that holds on a day; before the first one began, that one."""
        known = [version for version in self._versions if version.id == deadline_id]
        return next((v for v in reversed(known) if v.valid_from <= day), known[0])


class _LockedField(Struct, frozen=True, forbid_unknown_fields=True):
    field: str
    basis: str


@cache
def load_deadlines() -> Deadlines:
    """The rule book's deadlines."""
    return Deadlines(read_yaml(DEADLINES_FILE, list[Deadline]))


@cache
def load_locked_fields() -> tuple[str, ...]:
    """Fields of a manifest's header that no amendment may change."""
    return tuple(locked.field for locked in read_yaml(LOCKED_FIELDS_FILE, list[_LockedField]))
