"""Values that a consignor puts on most of its parcels, whatever is in them."""

from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from typing import NamedTuple

from pipeline.intake.rules import DataRules
from pipeline.model import Parcel

PERCENT = 100


class Template(NamedTuple):
    """A consignor, and the value of the first item of most of its parcels.

    The value is kept as text: what is no number cannot be compared.
    """

    consignor_name: str
    value: str


def template_of(parcel: Parcel) -> Template:
    """The template that a parcel would follow if there were one."""
    return Template(parcel.consignor.name, str(parcel.items[0].intrinsic_value))


class TemplateFinder:
    """DQ21, as far as one message tells."""

    def __init__(self, rules: DataRules) -> None:
        self._parcels_min = int(rules.limit("DQ21", "parcels_min"))
        self._share_percent = int(rules.limit("DQ21", "share_percent"))
        self._descriptions_min = int(rules.limit("DQ21", "descriptions_min"))

    def find(self, parcels: Sequence[Parcel]) -> Set[Template]:
        """The templates of all consignors with enough parcels."""
        if len(parcels) < self._parcels_min:
            return frozenset()
        values: defaultdict[str, list[str]] = defaultdict(list)
        for parcel in parcels:
            values[parcel.consignor.name].append(str(parcel.items[0].intrinsic_value))
        candidates = {
            Template(name, value)
            for name, values_of_one in values.items()
            if len(values_of_one) >= self._parcels_min
            for value, times in Counter(values_of_one).most_common(1)
            if times * PERCENT > self._share_percent * len(values_of_one)
        }
        return self._of_different_goods(parcels, candidates) if candidates else candidates

    def _of_different_goods(
        self, parcels: Sequence[Parcel], candidates: Set[Template]
    ) -> Set[Template]:
        """Without the shops that sell one thing at one price."""
        goods: defaultdict[Template, set[str]] = defaultdict(set)
        for parcel in parcels:
            goods[template_of(parcel)].add(parcel.items[0].description)
        return {found for found in candidates if len(goods[found]) >= self._descriptions_min}
