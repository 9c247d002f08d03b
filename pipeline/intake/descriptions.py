"""Whether a description lets Customs identify the goods."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.intake.check_texts import check_text
from pipeline.intake.finding import Finding
from pipeline.intake.phrases import Phrases, words_of
from pipeline.intake.rules import DataRules
from pipeline.rulebook.description_words import chapter_finder

LETTERS_MIN = 3
DESCRIPTION_CHARACTERS_MAX = 512
DESCRIPTIONS_REMEMBERED_MAX = 65_536
BETWEEN_TERMS = frozenset({"and"})
_BETWEEN_TERMS = re.compile(r"[,;/&+|]|\band\b")
_LINK = re.compile(r"https?:|www\.|[^\s@]@[^\s@.]+\.[^\s@]")
_PHONE = re.compile(r"\+[1-9](?:[ ()./-]*\d){7,14}(?!\d)")
_DIGIT = re.compile(r"\d")


class Described(NamedTuple):
    """What a description says."""

    faults: tuple[str, ...]
    """Ids of the rules it breaks."""
    chapters: frozenset[str]
    """Chapters of the Harmonized System that its words name; empty if that is not known."""


class DescriptionReader:
    """DQ12 to DQ13b and DQ30, and what DQ14 needs.

    Args:
        rules: texts and lists.
        words_min: other words of content that a general term needs beside it (DQ12b).
    """

    def __init__(self, rules: DataRules, words_min: int) -> None:
        terms = rules.terms("vague_terms")
        forms = {form for term in terms for form in _forms(term)}
        self._vague_terms, self._vague_phrases = frozenset(forms), Phrases(forms)
        self._brands = Phrases(rules.terms("brand_names"))
        self._disclaimers = Phrases(rules.terms("disclaimers"))
        self._empty = rules.terms("empty_words")
        self._words_min = words_min
        self._words_max = int(rules.limit("DQ14", "words_max"))
        self._chapters = chapter_finder(rules.description_words)
        # Descriptions repeat, so what was read is kept.
        self.read = lru_cache(maxsize=DESCRIPTIONS_REMEMBERED_MAX)(self._read)

    def _read(self, description: str) -> Described:
        text = description.casefold()
        words = words_of(text)
        # Longer texts name other goods too: what they are for, what they look like.
        chapters = self._chapters(description) if len(words) <= self._words_max else frozenset()
        return Described(tuple(self._faults(description, text, words)), chapters)

    def _faults(self, description: str, text: str, words: Sequence[str]) -> Iterator[str]:
        others = self._vague_phrases.left_by(words)
        if not self._may_identify(text) or self._is_vague(text, words, others):
            yield "DQ12"
        elif len(others) < len(words) and len(set(others) - self._empty) < self._words_min:
            yield "DQ12b"
        if _LINK.search(text) or _PHONE.search(text):
            yield "DQ13"
        if self._disclaimers.within(words):
            yield "DQ13b"
        found: list[Finding] = []
        check_text("", description, found, DESCRIPTION_CHARACTERS_MAX)
        yield from (finding.rule_id for finding in found)

    def _may_identify(self, text: str) -> bool:
        """Whether there is more than links, article numbers, brands and words without goods."""
        pieces = text.split()
        if any(map(self._is_content, pieces)):
            return True
        words = words_of(
            " ".join(p for p in pieces if not _DIGIT.search(p) and not _LINK.search(p))
        )
        letters = sum(map(len, words))
        if letters < (LETTERS_MIN if text.isascii() else 1):
            return False
        return not self._empty.issuperset(self._brands.left_by(words))

    def _is_content(self, piece: str) -> bool:
        """Told quickly, as of most first words: a whole word that may name goods."""
        return (
            piece.isalpha()
            and len(piece) >= LETTERS_MIN
            and piece not in self._empty
            and not self._brands.hold(piece)
        )

    def _is_vague(self, text: str, words: Sequence[str], others: Sequence[str]) -> bool:
        """Whether nothing but general terms stands between commas and the like."""
        if not BETWEEN_TERMS.issuperset(others):
            return False
        parts = (" ".join(words_of(part)) for part in _BETWEEN_TERMS.split(text))
        return " ".join(words) in self._vague_terms or self._vague_terms.issuperset(
            filter(None, parts)
        )


def _forms(term: str) -> tuple[str, str]:
    """A term as it is looked up, and its other number: "toys" and "toy"."""
    words = " ".join(words_of(term))
    return words, words.removesuffix("s") if words.endswith("s") else f"{words}s"
