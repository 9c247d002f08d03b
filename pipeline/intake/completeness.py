"""Completeness of a parcel: the share of its elements that are filled."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from pipeline.model import GoodsType, Parcel
from pipeline.model.score import PERCENT
from pipeline.rulebook.scores import Element

OF_ITEMS = "/items/*/"


class _Elements(NamedTuple):
    """Some elements of one object."""

    asked: int
    missing: Callable[[Any], int]
    """How many of them an object does not have."""


class Completeness:
    """The elements of a table, made ready for each type of goods."""

    def __init__(self, elements: Iterable[Element]) -> None:
        elements = list(elements)
        self._by_type = {kind: _divided(elements, kind) for kind in GoodsType}

    def __call__(self, parcel: Parcel) -> int:
        """Filled elements of a parcel and its items, in percent, rounded down."""
        of_parcel, of_item = self._by_type[parcel.goods_type]
        items = parcel.items
        total = of_parcel.asked + of_item.asked * len(items)
        missing = of_parcel.missing(parcel)
        for item in items:
            missing += of_item.missing(item)
        return (total - missing) * PERCENT // total


def _divided(elements: Iterable[Element], kind: GoodsType) -> tuple[_Elements, _Elements]:
    asked = [e.fields for e in elements if not e.goods_types or kind in e.goods_types]
    of_items = [[p.removeprefix(OF_ITEMS) for p in e] for e in asked if e[0].startswith(OF_ITEMS)]
    return _compiled([e for e in asked if not e[0].startswith(OF_ITEMS)]), _compiled(of_items)


def _compiled(elements: Sequence[Sequence[str]]) -> _Elements:
    """Every parcel is asked: one expression costs half of what calls of `attrgetter` do.

    The pointers are of the rule book, and hold nothing but field names (`FieldPointer`).
    """
    names = [[f"of.{p.strip('/').replace('/', '.')}" for p in pointers] for pointers in elements]
    missing = " + ".join(f"(not ({' or '.join(fields)}))" for fields in names)
    return _Elements(len(elements), eval(f"lambda of: {missing or 0}"))  # noqa: S307
