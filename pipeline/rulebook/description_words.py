"""Words that name goods of certain chapters of the Harmonized System, for data and risk rules."""

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from pipeline.rulebook.files import RULEBOOK_FOLDER

DESCRIPTION_WORDS_FILE = RULEBOOK_FOLDER / "risk" / "description_words.yaml"
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


class DescriptionWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Words that belong to certain chapters of the Harmonized System."""

    version: str
    basis: str
    words: dict[str, list[str]]


def chapter_finder(words: DescriptionWords) -> Callable[[str], frozenset[str]]:
    """From a description to the chapters its words name, two digits each; empty if none does."""
    by_word = {word: frozenset(chapters) for word, chapters in words.words.items()}

    @lru_cache(maxsize=65_536)
    def chapters_of(description: str) -> frozenset[str]:
        found = (by_word.get(word) for word in _WORDS.findall(description.casefold()))
        return frozenset().union(*(chapters for chapters in found if chapters))

    return chapters_of
