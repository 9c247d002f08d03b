"""A wall clock that can be set wrong while a worker runs.

The offset stands in a file; the worker's `time.time` follows it. Monotonic clocks stay right, as
they do when a machine's clock is set.
"""

import time
from pathlib import Path
from threading import Thread

LOOK_INTERVAL_S = 0.05


class WrongClock:
    """The harness's side."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set(0)

    def set(self, offset_s: float) -> None:
        """Let the clock go wrong by this much."""
        aside = self.path.with_suffix(".new")
        aside.write_text(str(offset_s))
        aside.rename(self.path)


def install(path: Path) -> None:
    """Let this process's wall clock follow the file.

    Must come before any import of `time` from `time`: names bound earlier keep the right clock.
    """
    right_time = time.time
    offset_s = 0.0

    def wrong_time() -> float:
        return right_time() + offset_s

    def look() -> None:
        nonlocal offset_s
        now_s = float(path.read_text())
        if now_s != offset_s:
            print(f"the wall clock is now {now_s:+.0f} s off", flush=True)  # noqa: T201
            offset_s = now_s

    def follow() -> None:
        while True:
            time.sleep(LOOK_INTERVAL_S)
            look()

    time.time = wrong_time
    time.time_ns = lambda: int(wrong_time() * 1e9)
    look()
    Thread(target=follow, name="wrong-clock", daemon=True).start()
