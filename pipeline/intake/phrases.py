"""Phrases found in a text as whole words, in time that does not grow with their number."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text, without digits and punctuation."""
    return _WORDS.findall(text)


class Phrases:
    """A list of phrases, each of one or more words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
        for phrase in phrases:
            words = tuple(words_of(phrase))
            self._by_first[words[0]].add(words)
        self._firsts = frozenset(self._by_first)
        self._words = frozenset(
            word for same_first in self._by_first.values() for words in same_first for word in words
        )

    def within(self, words: Sequence[str]) -> bool:
        """Whether any of the phrases stands among the words."""
        return not self._firsts.isdisjoint(words) and len(self.left_by(words)) < len(words)

    def hold(self, word: str) -> bool:
        """Whether a word is part of any of the phrases."""
        return word in self._words

    def left_by(self, words: Sequence[str]) -> list[str]:
        """The words that belong to no phrase; of two phrases the longer one counts."""
        left: list[str] = []
        beyond = 0
        for place, word in enumerate(words):
            if word in self._firsts and place >= beyond:
                beyond = place + self._length_at(words, place)
            if place >= beyond:
                left.append(word)
        return left

    def _length_at(self, words: Sequence[str], place: int) -> int:
        fitting = (
            len(phrase)
            for phrase in self._by_first[words[place]]
            if tuple(words[place : place + len(phrase)]) == phrase
        )
        return max(fitting, default=0)
