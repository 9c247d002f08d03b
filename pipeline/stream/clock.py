"""Where the engine reads the time: passed in, so that a simulation can have its own."""

from collections.abc import Callable
from time import perf_counter, time
from typing import NamedTuple


class Clock(NamedTuple):
    """Two ways to read the time."""

    unix_s: Callable[[], float] = time
    """What stands in records."""
    elapsed_s: Callable[[], float] = perf_counter
    """What durations are measured with."""


SYSTEM_CLOCK = Clock()
