"""Checks of the goods items."""

import re
from collections.abc import Callable, Iterator, Set
from functools import lru_cache

from pipeline.intake.finding import Finding
from pipeline.model import GoodsType, Parcel
from pipeline.reference.codes import country_names, hs_subheadings

COMMODITY_CODE_LENGTHS = (6, 8, 10)
DESCRIPTION_LETTERS_MIN = 3
_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_BETWEEN_TERMS = re.compile(r"[,;/&+|]|\band\b")
_LINK = re.compile(r"https?:|www\.|\S@\S+\.\S")


def goods_checker(vague_terms: Set[str]) -> Callable[[Parcel], Iterator[Finding]]:
    """The check of goods with a list of vague terms: DQ09, DQ12, DQ13, DQ15, DQ16, DQ22."""
    countries, subheadings = country_names(), hs_subheadings()
    vague = frozenset(form for term in vague_terms for form in _forms(term))

    @lru_cache(maxsize=65_536)
    def description_fault(description: str) -> str:
        return _description_fault(description, vague)

    def check_goods(parcel: Parcel) -> Iterator[Finding]:
        commercial = parcel.goods_type is GoodsType.SALE
        for index, item in enumerate(parcel.items):
            code, origin = item.commodity_code, item.origin_country
            if code and not (
                len(code) in COMMODITY_CODE_LENGTHS
                and code[:6] in subheadings
                and code.isascii()
                and code.isdigit()
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


def _description_fault(description: str, vague: frozenset[str]) -> str:
    text = _words(description)
    if len(text.replace(" ", "")) < (DESCRIPTION_LETTERS_MIN if text.isascii() else 1):
        return "DQ12"
    if all(map(vague.__contains__, _terms(description, text))):
        return "DQ12"
    return "DQ13" if _LINK.search(description) else ""


def _terms(description: str, text: str) -> list[str]:
    """What stands between commas and the like; the whole text if it is one term of the list."""
    terms = map(_words, _BETWEEN_TERMS.split(description.casefold()))
    return [term for term in terms if term] or [text]


def _words(text: str) -> str:
    """The words of a text, without case, digits and punctuation."""
    return " ".join(_WORDS.findall(text.casefold()))


def _forms(term: str) -> tuple[str, str]:
    """A term as it is looked up, and its other number: "toys" and "toy"."""
    words = _words(term)
    return words, words.removesuffix("s") if words.endswith("s") else f"{words}s"
