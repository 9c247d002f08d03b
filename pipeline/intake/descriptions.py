"""Whether a description lets Customs identify the goods."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from pipeline.intake.rules import DataRules
from pipeline.intake.texts import DESCRIPTION_CHARACTERS_MAX, text_faults
from pipeline.rulebook.description_words import chapter_finder

LETTERS_MIN = 3
DESCRIPTIONS_REMEMBERED_MAX = 65_536
_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_BETWEEN_TERMS = re.compile(r"[,;/&+|]|\band\b")
_LINK = re.compile(r"https?:\S*|www\.\S*|\S+@\S+\.\S+")
_PHONE = re.compile(r"\+[1-9](?:[ ()./-]*\d){7,14}(?!\d)")
_ARTICLE_NUMBER = re.compile(r"\S*\d\S*")


class Described(NamedTuple):
    """What a description says."""

    faults: tuple[str, ...]
    """Ids of the rules it breaks."""
    chapters: frozenset[str]
    """Chapters of the Harmonized System that its words name; empty if it is not known."""


def description_reader(rules: DataRules, words_min: int) -> Callable[[str], Described]:
    """DQ12 to DQ13b and DQ30: the reading of one description, kept because descriptions repeat.

    Args:
        rules: texts and lists.
        words_min: other words of content that a general term needs beside it (DQ12b).
    """
    chapters_of = chapter_finder(rules.description_words)
    identifies = _identification_checker(rules)
    vague = _VagueTerms(rules, words_min)
    disclaimers = _any_of(rules.terms("disclaimers"))

    def faults(description: str) -> Iterator[str]:
        text = description.casefold()
        if not identifies(text) or vague.alone(text):
            yield "DQ12"
        elif vague.embedded(text):
            yield "DQ12b"
        if _LINK.search(text) or _PHONE.search(text):
            yield "DQ13"
        if disclaimers.search(text):
            yield "DQ13b"
        for finding in text_faults("", description, DESCRIPTION_CHARACTERS_MAX):
            yield finding.rule_id

    @lru_cache(maxsize=DESCRIPTIONS_REMEMBERED_MAX)
    def read(description: str) -> Described:
        return Described(tuple(faults(description)), chapters_of(description))

    return read


def _identification_checker(rules: DataRules) -> Callable[[str], bool]:
    """Whether anything in a text could name goods: more than links, numbers, brands, qualities."""
    empty = rules.terms("empty_words")
    brands = _any_of(rules.terms("brand_names"))

    def identifies(text: str) -> bool:
        text = _ARTICLE_NUMBER.sub(" ", _LINK.sub(" ", text))
        letters = sum(map(str.isalpha, text))
        if letters < (LETTERS_MIN if text.isascii() else 1):
            return False
        return not empty.issuperset(_WORDS.findall(brands.sub(" ", text)))

    return identifies


class _VagueTerms:
    """Terms that describe no goods when they stand alone."""

    def __init__(self, rules: DataRules, words_min: int) -> None:
        terms = rules.terms("vague_terms")
        self._terms = frozenset(form for term in terms for form in _forms(term))
        self._within = _any_of(self._terms)
        self._empty = rules.terms("empty_words")
        self._words_min = words_min

    def alone(self, text: str) -> bool:
        """Whether nothing but such terms stands between commas and the like."""
        parts = [_joined(part) for part in _BETWEEN_TERMS.split(text)]
        return _joined(text) in self._terms or self._terms.issuperset(filter(None, parts))

    def embedded(self, text: str) -> bool:
        """Whether there is such a term with hardly anything beside it."""
        joined = _joined(text)
        if not self._within.search(joined):
            return False
        others = self._within.sub(" ", joined).split()
        return len(set(others) - self._empty) < self._words_min


def _joined(text: str) -> str:
    """The words of a text, without digits and punctuation."""
    return " ".join(_WORDS.findall(text))


def _forms(term: str) -> tuple[str, str]:
    """A term as it is looked up, and its other number: "toys" and "toy"."""
    words = _joined(term)
    return words, words.removesuffix("s") if words.endswith("s") else f"{words}s"


def _any_of(phrases: frozenset[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, the longest first."""
    alternatives = "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))
    return re.compile(rf"(?<![\w'-])(?:{alternatives})(?![\w'-])")
