"""What the score room remembers of a subject: a bounded number of buckets of three lengths."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from pipeline.model.score import Counts, Window

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Grain(NamedTuple):
    """A window is so many buckets of this length, the running one included."""

    bucket_ms: int
    buckets: int

    @property
    def length_s(self) -> int:
        """Of the window."""
        return self.bucket_ms * self.buckets // 1000


GRAINS: Mapping[Window, Grain] = {
    Window.HOUR: Grain(5 * MINUTE_MS, 12),
    Window.DAY: Grain(HOUR_MS, 24),
    Window.MONTH: Grain(DAY_MS, 30),
}
LENGTHS_S: Mapping[Window, int] = {window: grain.length_s for window, grain in GRAINS.items()}
REMEMBERED_MS = 31 * DAY_MS


class SubjectMemory(Struct, array_like=True):
    """Counts of a subject by window and bucket number (time over length), up to its newest."""

    newest_ms: int = 0
    buckets: dict[Window, dict[int, Counts]] = field(
        default_factory=lambda: {window: {} for window in Window}
    )

    def add(self, received_at_ms: int, counts: Counts) -> None:
        """Take in a message. One older than a window is not counted in it."""
        self.newest_ms = max(self.newest_ms, received_at_ms)
        for window, grain in GRAINS.items():
            buckets = self.buckets[window]
            oldest = self.newest_ms // grain.bucket_ms - grain.buckets + 1
            for passed in [number for number in buckets if number < oldest]:
                del buckets[passed]
            number = received_at_ms // grain.bucket_ms
            if number >= oldest:
                buckets.setdefault(number, Counts()).add(counts)

    def totals(self) -> Iterator[tuple[Window, Counts]]:
        """The sum of each window."""
        for window in Window:
            total = Counts()
            for counts in self.buckets[window].values():
                total.add(counts)
            yield window, total
