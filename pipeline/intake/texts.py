"""What can be wrong with the characters of any text."""

import re
import unicodedata
from collections.abc import Iterator

from pipeline.intake.finding import Finding

NAME_CHARACTERS_MAX, STREET_CHARACTERS_MAX, CITY_CHARACTERS_MAX = 70, 70, 35
DESCRIPTION_CHARACTERS_MAX = 512
QUESTION_MARKS = "???"
_DAMAGED = re.compile(r"\ufffd|[\u00c2\u00c3][\u0080-\u00bf]|\u00e2\u20ac")
"""The sign for what could not be read, and UTF-8 that was taken for Latin-1 or Windows-1252."""


def is_plain(text: str) -> bool:
    """Quickly: neither control characters nor traces of a wrong conversion."""
    return text.isprintable() and (
        QUESTION_MARKS not in text if text.isascii() else not is_damaged(text)
    )


def is_damaged(text: str) -> bool:
    """Whether a text was converted wrongly."""
    return QUESTION_MARKS in text or _DAMAGED.search(text) is not None


def has_control_characters(text: str) -> bool:
    """Whether a text holds characters of Unicode's category Cc.

    Other unprintable ones have their use: joiners in several scripts, letters newer than this
    Python's tables, letters of private use in old Chinese systems.
    """
    return any(unicodedata.category(character) == "Cc" for character in text)


def text_faults(pointer: str, text: str, characters_max: int | None = None) -> Iterator[Finding]:
    """DQ30, DQ30b, DQ30c of one text; without a limit, whether it is cut off is not asked."""
    if not text.isprintable() and has_control_characters(text):
        yield Finding("DQ30", pointer, text)
    if len(text) == characters_max:
        yield Finding("DQ30b", pointer, text)
    if is_damaged(text):
        yield Finding("DQ30c", pointer, text)
