"""The score of a parcel, from the points of the rules that fired."""

from collections.abc import Iterable

FULL = 100


def score(points: Iterable[int]) -> int:
    """100 x (1 - product of (1 - points / 100)), rounded half up, in whole numbers.

    Each indicator takes its share of what the others left, so the order does not matter and no
    number of weak ones makes certainty.
    """
    kept, whole = 1, 1
    for value in points:
        kept *= FULL - value
        whole *= FULL
    return (2 * FULL * (whole - kept) + whole) // (2 * whole)
