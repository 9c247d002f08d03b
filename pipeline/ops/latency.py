"""Percentiles of many durations in little memory."""

from collections import Counter

EXACT_BELOW_MS = 1_000


class Latencies:
    """Durations in milliseconds: exact below a second, above it to three digits."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return self._counts.total()

    def add(self, duration_ms: float) -> None:
        """Take in one duration; a negative one, of clocks that differ, counts as zero."""
        whole = max(int(duration_ms), 0)
        step = 1
        while whole >= EXACT_BELOW_MS * step:
            step *= 10
        self._counts[whole // step * step] += 1

    def percentile(self, percent: float) -> int | None:
        """The duration that `percent` per cent do not exceed; None if there are none."""
        limit = self._counts.total() * percent / 100
        seen = 0
        for duration_ms, count in sorted(self._counts.items()):
            seen += count
            if seen >= limit:
                return duration_ms
        return None
