"""Completeness of a parcel: the share of its elements that are filled."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from pipeline.model import GoodsType, Parcel
from pipeline.model.score import PERCENT
from pipeline.rulebook.scores import Element

OF_ITEMS = "/items/*/"

_Get = Callable[[Any], Any]


class _Elements:
    """Some elements of one object: all first fields are got at once, others where one is empty."""

    def __init__(self, pointers: Sequence[Sequence[str]]) -> None:
        names = [[pointer.strip("/").replace("/", ".") for pointer in each] for each in pointers]
        firsts = [each[0] for each in names]
        self.count = len(firsts)
        # One more of the first, for attrgetter gives a tuple only for several.
        self._firsts: _Get = attrgetter(*firsts, firsts[0])
        self._others: Sequence[tuple[int, Sequence[_Get]]] = [
            (place, list(map(attrgetter, each[1:]))) for place, each in enumerate(names) if each[1:]
        ]

    def missing(self, of: Any) -> int:
        """How many are not filled."""
        values = self._firsts(of)  # the first one twice
        missing = len(values) - len(list(filter(None, values)))
        if missing:
            missing -= not values[0]
            for place, others in self._others:
                if not values[place]:
                    for get in others:
                        if get(of):
                            missing -= 1
                            break
        return missing


class Completeness:
    """The elements of a table, made ready for each type of goods."""

    def __init__(self, elements: Iterable[Element]) -> None:
        elements = list(elements)
        self._by_type = {kind: _divided(elements, kind) for kind in GoodsType}

    def __call__(self, parcel: Parcel) -> int:
        """Filled elements of a parcel and its items, in percent, rounded down."""
        of_parcel, of_item = self._by_type[parcel.goods_type]
        total = of_parcel.count + of_item.count * len(parcel.items)
        missing = of_parcel.missing(parcel) + sum(map(of_item.missing, parcel.items))
        return (total - missing) * PERCENT // total


def _divided(elements: Iterable[Element], kind: GoodsType) -> tuple[_Elements, _Elements]:
    asked = [e.fields for e in elements if not e.goods_types or kind in e.goods_types]
    of_items = [[p.removeprefix(OF_ITEMS) for p in e] for e in asked if e[0].startswith(OF_ITEMS)]
    return _Elements([e for e in asked if not e[0].startswith(OF_ITEMS)]), _Elements(of_items)
