"""Mapping tables: which field of a sender's format becomes which of ours, as YAML in `tables/`.

A path leads from the document's root to an element: steps with `/` between them, `[]` behind what
repeats, `.` for the element itself, in XML also attributes and predicates of XPath. A field leads
through the canonical manifest in the same way, with `.` between its steps. Both have their `[]` in
common, in order.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

TABLES_FOLDER = Path(__file__).parent / "tables"
REPEATED = "[]"
ITSELF = "/."


class Row(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One element. Of several rows for one field, the first whose path exists counts."""

    path: str
    wco: str = ""
    """Id of the class or data element in the WCO Data Model; empty where no source gives it."""
    field: str = ""
    """Ours; empty: known, and not carried over."""
    read: str = "text"
    """How it is read: one of `read.READERS`, or `mass` or `total`."""
    codes: str = ""
    """Code list that translates it; `*` in the list stands for every other code."""
    value: str | None = None
    """What the field becomes where the path exists, instead of the path's own text."""
    join: str | None = None
    """Put behind what the rows before gave, with this between."""
    currency: str = ""
    """Where the currency stands of an amount in the parcel's currency: @attribute or ../path."""
    unit: str = ""
    """Where the unit of a mass stands: @attribute or ../path."""
    part: str = ""
    """A part of the table that is put here, its paths and fields behind this one's."""
    note: str = ""


class TableFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The mapping of one format, as it stands in its file."""

    title: str
    basis: str
    """What the table was written from, and what could not be verified."""
    notes: list[str] = []
    rows: list[Row]
    parts: dict[str, list[Row]] = {}
    codes: dict[str, dict[str, str]] = {}
    other_documents: dict[str, str] = {}
    """Documents of the same family that announce no parcels: root element, and what it is."""


class Leaf(Struct, frozen=True):
    """A row within its group: its field and path are relative to the group's."""

    field: tuple[str, ...]
    path: str
    row: Row

    @property
    def currency_path(self) -> str:
        """Where the currency of an amount stands; empty if its currency does not matter."""
        return beside(self.path, self.row.currency)

    @property
    def unit_path(self) -> str:
        """Where the unit of a mass stands; empty if it has none."""
        return beside(self.path, self.row.unit)


class Group(Struct, frozen=True):
    """What repeats together: a list of ours, and where its entries come from."""

    field: tuple[str, ...]
    path: str
    leaves: list[Leaf]
    groups: list["Group"]

    def inner(self, field: tuple[str, ...]) -> "Group":
        """The only group for a list directly within this one."""
        (group,) = (group for group in self.groups if group.field == field)
        return group


class Table(NamedTuple):
    """A file's mapping, ready for use."""

    file: TableFile
    rows: list[Row]
    """With the parts put in."""
    root: Group
    """The rows as a tree of what repeats."""
    lists: Mapping[str, frozenset[str]]
    """Paths that give the entries of each list of ours."""


def numbered(path: str, numbers: Iterable[str]) -> str:
    """A path with numbers in place of each `[]`; none for what is an element itself."""
    for number in numbers:
        before, _, behind = path.partition(REPEATED)
        itself = before.endswith(ITSELF)
        path = f"{before.removesuffix(ITSELF)}{'' if itself else number}{behind}"
    return path.replace(REPEATED, "")


def beside(path: str, other: str) -> str:
    """The path of what stands beside an element: `@attribute` of it, or `../path`."""
    if other.startswith("../"):
        return f"{path.rpartition('/')[0]}/{other[3:]}".strip("/")
    return f"{path}/{other}" if other else ""


@cache
def read_table(name: str) -> Table:
    """One table with its parts put in. It is part of the product: a broken one fails its test."""
    text = (TABLES_FOLDER / f"{name}.yaml").read_bytes()
    file = msgspec.yaml.decode(text, type=TableFile)
    rows = list(_with_parts(file.rows, file.parts))
    return Table(file, rows, _grouped(rows), _lists(rows))


def _with_parts(rows: list[Row], parts: Mapping[str, list[Row]]) -> Iterator[Row]:
    for row in rows:
        if not row.part:
            yield row
            continue
        for inner in _with_parts(parts[row.part], parts):
            yield msgspec.structs.replace(
                inner,
                path=f"{row.path}/{inner.path}".strip("/"),
                field=f"{row.field}.{inner.field}".strip(".") if inner.field else "",
            )


def _grouped(rows: list[Row]) -> Group:
    root = Group((), "", [], [])
    for row in rows:
        if row.field:
            *fields, last_field = row.field.split(REPEATED)
            paths = row.path.split(REPEATED)
            group = root
            for field, path in zip(fields, paths, strict=False):
                group = _inner(group, _steps(field), path.strip("/"))
            path = REPEATED.join(paths[len(fields) :]).strip("/")
            group.leaves.append(Leaf(_steps(last_field), path, row))
    return root


def _inner(group: Group, field: tuple[str, ...], path: str) -> Group:
    for known in group.groups:
        if (known.field, known.path) == (field, path):
            return known
    group.groups.append(Group(field, path, [], []))
    return group.groups[-1]


def _lists(rows: list[Row]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        fields, paths = row.field.split(REPEATED), row.path.split(REPEATED)
        for count in range(1, len(fields)):
            field = "".join(f"{step}{REPEATED}" for step in fields[:count])
            found.setdefault(field, set()).add(
                "".join(f"{step}{REPEATED}" for step in paths[:count])
            )
    return {field: frozenset(paths) for field, paths in found.items()}


def _steps(field: str) -> tuple[str, ...]:
    return tuple(step for step in field.split(".") if step)
