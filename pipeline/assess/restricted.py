"""Prohibited and restricted goods, by commodity code and by phrases with exclusions."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from pipeline.assess.rules import RestrictedGoods, RestrictedList

Finder = Callable[[str, str], str]
"""From commodity code and description to the kind of restricted goods, or nothing."""


class _Pattern(NamedTuple):
    kind: str
    phrases: re.Pattern[str]
    unless: re.Pattern[str] | None


def restricted_finder(restricted: RestrictedList) -> Finder:
    """A search over the whole list; descriptions repeat, so results are kept."""
    by_code = {code: goods.kind for goods in restricted.goods for code in goods.commodity_codes}
    code_lengths = sorted({len(code) for code in by_code})
    patterns = [_pattern(goods) for goods in restricted.goods if goods.phrases]
    any_phrase = _whole_words([p for goods in restricted.goods for p in goods.phrases])

    @lru_cache(maxsize=65_536)
    def by_description(description: str) -> str:
        text = description.casefold()
        if not any_phrase.search(text):
            return ""
        for pattern in patterns:
            if pattern.phrases.search(text) and not (
                pattern.unless and pattern.unless.search(text)
            ):
                return pattern.kind
        return ""

    def find(commodity_code: str, description: str) -> str:
        for length in code_lengths:
            kind = by_code.get(commodity_code[:length])
            if kind:
                return kind
        return by_description(description)

    return find


def _pattern(goods: RestrictedGoods) -> _Pattern:
    unless = _whole_words(goods.unless) if goods.unless else None
    return _Pattern(goods.kind, _whole_words(goods.phrases), unless)


def _whole_words(phrases: list[str]) -> re.Pattern[str]:
    """Matches any of the phrases as whole words, in the plural too ("guns" but not "gunmetal")."""
    alternatives = "|".join(
        re.escape(phrase).replace(r"\ ", r"[\s-]+") for phrase in sorted(phrases, key=len)[::-1]
    )
    return re.compile(rf"(?<!\w)(?:{alternatives})s?(?!\w)")
