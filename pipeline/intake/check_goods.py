"""Checks of the goods items."""

from collections.abc import Iterator

from pipeline.intake.circumstances import Circumstances
from pipeline.intake.descriptions import description_reader
from pipeline.intake.finding import Finding
from pipeline.intake.rules import DataRules
from pipeline.model import GoodsItem, GoodsType, Parcel
from pipeline.reference.codes import country_names, hs_subheadings

COMMODITY_CODE_LENGTHS = (6, 8, 10)
COMMERCIAL = (GoodsType.SALE, GoodsType.SAMPLE)


class GoodsCheck:
    """DQ08c of the origin, DQ12 to DQ16, DQ22b, and DQ30 of descriptions."""

    def __init__(self, rules: DataRules, description_words_min: int) -> None:
        self._countries = country_names()
        self._subheadings = hs_subheadings()
        self._read = description_reader(rules, description_words_min)

    def __call__(self, parcel: Parcel, _: Circumstances) -> Iterator[Finding]:
        """What the items of a parcel break."""
        for index, item in enumerate(parcel.items):
            yield from self._check_item(f"/items/{index}", item, parcel.goods_type)
        if len(parcel.items) > 1:
            numbers = [item.sequence_number for item in parcel.items]
            if len(set(numbers)) < len(numbers):
                yield Finding("DQ22b", "/items", ", ".join(map(str, numbers)))

    def _check_item(
        self, pointer: str, item: GoodsItem, goods_type: GoodsType
    ) -> Iterator[Finding]:
        code, origin = item.commodity_code, item.origin_country
        described = self._read(item.description)
        commercial = goods_type in COMMERCIAL
        if code and not self._is_subheading(code):
            yield Finding("DQ15" if commercial else "DQ15b", f"{pointer}/commodity_code", code)
        elif code and described.chapters and code[:2] not in described.chapters:
            yield Finding("DQ14", f"{pointer}/commodity_code", code)
        if origin and origin not in self._countries:
            yield Finding("DQ08c", f"{pointer}/origin_country", origin)
        if commercial and not (code and origin):
            missing = "origin_country" if code else "commodity_code"
            yield Finding("DQ16", f"{pointer}/{missing}", "")
        for rule_id in described.faults:
            # Documents are told by the type of goods, not by their description.
            if goods_type is not GoodsType.DOCUMENTS or not rule_id.startswith("DQ12"):
                yield Finding(rule_id, f"{pointer}/description", item.description)

    def _is_subheading(self, code: str) -> bool:
        return (
            code[:6] in self._subheadings
            and len(code) in COMMODITY_CODE_LENGTHS
            and code.isascii()
            and code.isdigit()
        )
