"""What code lists of the trade call our results: a dated table, `event_codes.yaml`."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.errors import RuleBookError
from pipeline.model.acknowledgement import Acknowledgement, AcknowledgementStatus, TradeCodes
from pipeline.model.revenue import LawStatus
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml

EVENT_CODES_FILE = RULEBOOK_FOLDER / "event_codes.yaml"
NO_CODES = TradeCodes()
ORIGINAL_VERSION = 1


class CodeList(Struct, frozen=True, forbid_unknown_fields=True):
    """One code list of the trade, and how sure its codes are."""

    name: str
    title: str
    source: str
    status: LawStatus


class EventCodes(TradeCodes, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The codes of one of our own results."""

    event: str
    meaning: str


class CodeTable(Struct, frozen=True, forbid_unknown_fields=True):
    """All codes that hold from a day on."""

    valid_from: date
    lists: Annotated[list[CodeList], Meta(min_length=1)]
    events: list[EventCodes]

    def codes_of(self, event: str) -> TradeCodes:
        """The codes of one result; none where it is not in the table."""
        for codes in self.events:
            if codes.event == event:
                return TradeCodes(codes.edifact_7365, codes.ics2, codes.upu)
        return NO_CODES


@cache
def load_code_tables() -> Sequence[CodeTable]:
    """The tables of the rule book, the earliest first."""
    return read_code_tables(EVENT_CODES_FILE)


def read_code_tables(path: Path) -> Sequence[CodeTable]:
    """Read a file of tables.

    Raises:
        RuleBookError: the file breaks its format, or its tables do not follow each other.
    """
    tables = read_yaml(path, list[CodeTable])
    days = [table.valid_from for table in tables]
    if not days or sorted(set(days)) != days:
        raise RuleBookError(f"{path}: there must be a table, and each must begin after the last")
    return tables


def codes_of(
    acknowledgement: Acknowledgement, tables: Sequence[CodeTable] | None = None
) -> TradeCodes:
    """What the trade calls an acknowledgement, by the table of the day it was received."""
    on = acknowledgement.received_at.date()
    in_force = [table for table in tables or load_code_tables() if table.valid_from <= on]
    return in_force[-1].codes_of(_event_of(acknowledgement)) if in_force else NO_CODES


def _event_of(acknowledgement: Acknowledgement) -> str:
    status = acknowledgement.status
    if acknowledgement.version <= ORIGINAL_VERSION or status is (
        AcknowledgementStatus.PARTLY_REJECTED
    ):
        return status.value
    rejected = status is AcknowledgementStatus.REJECTED
    return "amendment_rejected" if rejected else "amendment_accepted"
