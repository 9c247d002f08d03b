"""Checks of the goods items."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from pipeline.intake.finding import Finding
from pipeline.model import GoodsType, Parcel
from pipeline.reference.codes import country_names, hs_subheadings

COMMODITY_CODE_LENGTHS = (6, 8, 10)
DESCRIPTION_LETTERS_MIN = 3
_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_LINK = re.compile(r"https?:|www\.|\S@\S+\.\S")


def goods_checker(vague_terms: frozenset[str]) -> Callable[[Parcel], Iterator[Finding]]:
    """The check of goods with a list of vague terms: DQ09, DQ12, DQ13, DQ15, DQ16, DQ22."""
    countries, subheadings = country_names(), hs_subheadings()

    @lru_cache(maxsize=65_536)
    def description_fault(description: str) -> str:
        return _description_fault(description, vague_terms)

    def check_goods(parcel: Parcel) -> Iterator[Finding]:
        commercial = parcel.goods_type is GoodsType.SALE
        for index, item in enumerate(parcel.items):
            code, origin = item.commodity_code, item.origin_country
            if code and not (
                len(code) in COMMODITY_CODE_LENGTHS and code.isdigit() and code[:6] in subheadings
            ):
                yield Finding("DQ15", f"/items/{index}/commodity_code", code)
            if origin and origin not in countries:
                yield Finding("DQ09", f"/items/{index}/origin_country", origin)
            if commercial and not (code and origin):
                missing = "origin_country" if code else "commodity_code"
                yield Finding("DQ16", f"/items/{index}/{missing}", "")
            fault = description_fault(item.description)
            # Documents are told by the type of goods, not by their description.
            if fault and not (fault == "DQ12" and parcel.goods_type is GoodsType.DOCUMENTS):
                yield Finding(fault, f"/items/{index}/description", item.description)
        numbers = [item.sequence_number for item in parcel.items]
        if len(set(numbers)) < len(numbers):
            yield Finding("DQ22", "/items", ", ".join(map(str, numbers)))

    return check_goods


def _description_fault(description: str, vague_terms: frozenset[str]) -> str:
    words = [word.casefold() for word in _WORDS.findall(description)]
    text = " ".join(words)
    if sum(map(len, words)) < (DESCRIPTION_LETTERS_MIN if text.isascii() else 1):
        return "DQ12"
    if text in vague_terms or text.removesuffix("s") in vague_terms:
        return "DQ12"
    return "DQ13" if _LINK.search(description) else ""
