"""Checks of the goods items."""

from pipeline.intake.circumstances import Circumstances
from pipeline.intake.descriptions import DescriptionReader
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.model import GoodsItem, GoodsType, Parcel
from pipeline.reference.codes import country_names, hs_subheadings

COMMODITY_CODE_LENGTHS = (6, 8, 10)
COMMERCIAL = (GoodsType.SALE, GoodsType.SAMPLE)
NOT_OF_DOCUMENTS = ("DQ12", "DQ12b")
"""Documents are told by the type of goods, not by their description."""


class GoodsCheck:
    """DQ08c of the origin, DQ12 to DQ16, DQ22 to DQ22c, and DQ30 of descriptions."""

    def __init__(self, rules: DataRules, description_words_min: int) -> None:
        self._countries = country_names()
        self._subheadings = hs_subheadings()
        self._read = DescriptionReader(rules, description_words_min).read

    def __call__(self, parcel: Parcel, _: Circumstances, found: list[Finding]) -> None:
        """What the items of a parcel break."""
        items, goods_type = parcel.items, parcel.goods_type
        for index, item in enumerate(items):
            described = self._read(item.description)
            if item.quantity is None or item.packages:
                _check_pieces(index, item, found)
            self._check_codes(index, item, described.chapters, goods_type, found)
            for rule_id in described.faults:
                excused = goods_type is GoodsType.DOCUMENTS and rule_id in NOT_OF_DOCUMENTS
                if not (excused and item.description):
                    pointer = f"/items/{index}/description"
                    found.append(Finding(rule_id, pointer, item.description))
        if len(items) > 1 and len({item.sequence_number for item in items}) < len(items):
            numbers = ", ".join(str(item.sequence_number) for item in items)
            found.append(Finding("DQ22b", "/items", numbers))

    def _check_codes(
        self,
        index: int,
        item: GoodsItem,
        chapters: frozenset[str],
        goods_type: GoodsType,
        found: list[Finding],
    ) -> None:
        code, origin = item.commodity_code, item.origin_country
        commercial = goods_type in COMMERCIAL
        if not code:
            if commercial:
                found.append(Finding("DQ16", f"/items/{index}/commodity_code", ""))
        elif not (
            code[:6] in self._subheadings
            and len(code) in COMMODITY_CODE_LENGTHS
            and code.isascii()
            and code.isdigit()
        ):
            rule_id = "DQ15" if commercial else "DQ15b"
            found.append(Finding(rule_id, f"/items/{index}/commodity_code", code))
        elif chapters and code[:2] not in chapters:
            found.append(Finding("DQ14", f"/items/{index}/commodity_code", code))
        if not origin:
            if commercial:
                found.append(Finding("DQ16", f"/items/{index}/origin_country", ""))
        elif origin not in self._countries:
            found.append(Finding("DQ08c", f"/items/{index}/origin_country", origin))


def _check_pieces(index: int, item: GoodsItem, found: list[Finding]) -> None:
    """Declarations count packages instead of pieces."""
    if item.quantity is None:
        if not item.packages:
            found.append(Finding("DQ22", f"/items/{index}/quantity", ""))
        return
    packages = sum(package.quantity or 0 for package in item.packages)
    if packages > item.quantity:
        text = f"{item.quantity} pieces in {packages} packages"
        found.append(Finding("DQ22c", f"/items/{index}/packages", text))
