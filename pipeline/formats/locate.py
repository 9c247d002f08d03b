"""From a place in the canonical manifest back to the place in the sender's own document."""

from typing import Any

from pipeline.formats.outcome import Locate
from pipeline.formats.source import Source
from pipeline.formats.table import REPEATED, Table


def locator(table: Table, document: Any, source: Source) -> Locate:
    """The translation of JSON pointers, such as /parcels/0/items/1/description.

    A field that several places may give is told where it stands; if it stands nowhere, where it
    is looked for first. What has no place of its own is told by what holds it.
    """

    def locate(pointer: str) -> str:
        field, indexes = _from_one_place(table, *_field(pointer))
        while field:
            places = [
                source.numbered(row.path, indexes)
                for row in table.rows
                if row.field == field and row.value is None
            ]
            if places:
                standing = (place for place in places if source.values(document, place))
                return source.told(next(standing, places[0]))
            for name in (field, f"{field}{REPEATED}"):
                if len(table.lists.get(name, ())) == 1:
                    (path,) = table.lists[name]
                    list_or_entry = path if name == field else path.removesuffix(REPEATED)
                    return source.told(source.numbered(list_or_entry, indexes))
            field, indexes = _outer(field, indexes)
        return source.told("")

    return locate


def _field(pointer: str) -> tuple[str, list[int]]:
    """`/parcels/0/items/1/quantity` as `parcels[].items[].quantity`, and its numbers."""
    field, indexes = "", list[int]()
    for step in pointer.split("/")[1:]:
        if step.isdigit():
            field += REPEATED
            indexes.append(int(step))
        else:
            field += f".{step}" if field else step
    return field, indexes


def _from_one_place(table: Table, field: str, indexes: list[int]) -> tuple[str, list[int]]:
    """The field, or what holds it where its list is put together from several places."""
    steps = field.split(REPEATED)
    for count in range(1, len(steps)):
        within = "".join(f"{step}{REPEATED}" for step in steps[:count])
        if len(table.lists.get(within, ())) != 1:
            return within.removesuffix(REPEATED), indexes[: count - 1]
    return field, indexes


def _outer(field: str, indexes: list[int]) -> tuple[str, list[int]]:
    if field.endswith(REPEATED):
        return field.removesuffix(REPEATED), indexes[:-1]
    outer, dot, _ = field.rpartition(".")
    return (outer, indexes) if dot else ("", indexes)
