"""How deeply a JSON document is nested, without decoding it: a decoder would recurse."""

import re

NESTING_MAX = 32
"""Levels of brackets. A manifest needs six."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def nests_too_deeply(document: bytes) -> bool:
    """Whether a document has more than `NESTING_MAX` levels of brackets.

    10 ms for a megabyte with escapes in it, a third of that without: so, for documents that are
    suspect already. One that is no JSON counts as too deep if more brackets than that are never
    closed.
    """
    if b"\\" in document:
        outside = _STRING.sub(b"", document)
    else:  # every quote begins or ends a string
        outside = b"".join(document.split(b'"')[::2])
    brackets = outside.translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(NESTING_MAX):
        outer = brackets.replace(b"[]", b"")  # takes away one level, the innermost everywhere
        if outer == brackets:
            break
        brackets = outer
    return brackets.count(b"[") > NESTING_MAX or b"[]" in brackets
