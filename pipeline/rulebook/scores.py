"""How the data of a parcel are scored: dated tables, `scores.yaml`."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.errors import RuleBookError
from pipeline.model import GoodsType, Severity
from pipeline.rulebook.files import RULEBOOK_FOLDER, read_yaml

SCORES_FILE = RULEBOOK_FOLDER / "scores.yaml"

FieldPointer = Annotated[str, Meta(pattern=r"^(/items/\*)?(/[a-z_]+)+$")]


class Element(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that a complete parcel tells, in one of several fields."""

    fields: Annotated[list[FieldPointer], Meta(min_length=1)]
    needed: bool
    goods_types: list[GoodsType] = []
    """Only of these; empty: of all."""


class ScoreTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Elements and penalties from a day on."""

    valid_from: date
    basis: str
    penalties_percent: dict[Severity, Annotated[int, Meta(ge=0, le=100)]]
    elements: Annotated[list[Element], Meta(min_length=1)]


@cache
def load_score_tables() -> Sequence[ScoreTable]:
    """The tables of the rule book, the earliest first."""
    return read_score_tables(SCORES_FILE)


def read_score_tables(path: Path) -> Sequence[ScoreTable]:
    """Read a file of tables.

    Raises:
        RuleBookError: the file breaks its format, a severity has no penalty, or the tables do not
            follow each other.
    """
    tables = read_yaml(path, list[ScoreTable])
    days = [table.valid_from for table in tables]
    if not days or sorted(set(days)) != days:
        raise RuleBookError(f"{path}: there must be a table, and each must begin after the last")
    for table in tables:
        if set(table.penalties_percent) != set(Severity):
            raise RuleBookError(f"{path}: errors and warnings need a penalty each")
    return tables


def table_on(day: date, tables: Sequence[ScoreTable]) -> ScoreTable:
    """The table of a day; before the first one, the first."""
    return next((table for table in reversed(tables) if table.valid_from <= day), tables[0])
