"""What happened in a schedule, step by step, for whoever replays it."""

from collections.abc import Callable

Trace = Callable[[str, str], None]
"""Takes who and what."""


class Recorder:
    """Keeps or prints lines: virtual seconds, who, what."""

    def __init__(self, clock: Callable[[], float], show: Callable[[str], None]) -> None:
        self._clock = clock
        self._show = show

    def __call__(self, who: str, what: str) -> None:
        self._show(f"{self._clock():9.4f} s  {who:<12} {what}")


def no_trace(who: str, what: str) -> None:
    """Keep nothing."""
