"""How deeply brackets are nested is told of any bytes, quickly."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.nesting import NESTING_MAX, nests_too_deeply

MEGABYTE = 1_000_000
QUICKLY_S = 2.0
HARD = {
    "openers": (b"[" * MEGABYTE, True),
    "pairs": (b"[]" * (MEGABYTE // 2), False),
    "deep and closed": (b"[" * (MEGABYTE // 2) + b"]" * (MEGABYTE // 2), True),
    "deep objects": (b'{"a":' * (MEGABYTE // 5), True),
    "quotes": (b'"' * MEGABYTE, False),
    "an open text of escapes": (b'"' + b'\\"' * (MEGABYTE // 2), False),
    "backslashes": (b"\\" * MEGABYTE, False),
    "closers": (b"]" * MEGABYTE, False),
}


@pytest.mark.parametrize(
    ("levels", "too_deep"), [(0, False), (NESTING_MAX, False), (NESTING_MAX + 1, True)]
)
@pytest.mark.parametrize("pair", [b"[]", b"{}"])
def test_the_limit_is_the_last_depth_that_passes(pair: bytes, levels: int, too_deep: bool) -> None:
    text = pair[:1] * levels + b" 1 " + pair[1:] * levels
    assert nests_too_deeply(text) == too_deep


def test_brackets_in_texts_count_not() -> None:
    """Neither those that open nor those that would hide real ones by closing them."""
    assert not nests_too_deeply(json.dumps(["[" * 100, '"[' * 100, "\\[" * 100]).encode())
    assert nests_too_deeply(b'["]",' * (NESTING_MAX + 1) + b"1" + b"]" * (NESTING_MAX + 1))


@pytest.mark.parametrize(("text", "too_deep"), HARD.values(), ids=HARD)
def test_a_hard_megabyte_is_told_quickly(text: bytes, too_deep: bool) -> None:
    started = time.process_time()
    assert nests_too_deeply(text) == too_deep
    assert time.process_time() - started < QUICKLY_S


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(
    st.recursive(
        st.text(alphabet='[]{}"\\,:ab', max_size=6),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=6,
    ),
    st.integers(min_value=NESTING_MAX - 4, max_value=NESTING_MAX + 2),
)
def test_it_is_the_depth_of_the_document(value: Any, around: int) -> None:
    for _ in range(around):
        value = [value]
    document = json.dumps(value).encode()
    assert nests_too_deeply(document) == (depth_of(value) > NESTING_MAX)
