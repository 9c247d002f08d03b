"""When a cycle closes: by items, bytes or time, whichever comes first, at the broker's pace."""

from pipeline.stream.settings import StreamSettings

SLOW_SHARE = 1 / 8
"""Of the transaction timeout: a transaction that takes longer is slow."""
PACE_MIN = 1 / 64


class Pace:
    """Which share of a full cycle the broker takes in good time.

    A transaction that lasts until its timeout is aborted, and the worker ends; started again, it
    would take as much again, for ever. So cycles begin small, double while their transactions are
    quick, and shrink when one is slow.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self.share = PACE_MIN
        self._slow_s = settings.transaction_timeout_ms / 1000 * SLOW_SHARE

    def note(self, transaction_seconds: float) -> None:
        """Take in how long a transaction took."""
        if transaction_seconds <= self._slow_s:
            self.share = min(1.0, self.share * 2)
        else:
            self.share = max(PACE_MIN, self.share * self._slow_s / transaction_seconds)


class CycleBudget:
    """What one cycle may take.

    Its time adapts to the load: short while little waits, for latency; long while much waits, when
    fewer transactions are worth more.

    Args:
        settings: the limits.
        load: how full the queues are at its start, 0 to 1.
        share: of the limits, what the broker takes in good time; see `Pace`.
    """

    def __init__(self, settings: StreamSettings, load: float, share: float) -> None:
        shortest, longest = settings.cycle_ms_min, settings.cycle_ms_max
        self._seconds_left = share * (shortest + load * (longest - shortest)) / 1000
        self._bytes_left = share * settings.cycle_bytes_max
        self._items_max = share * settings.cycle_items_max

    def spend(self, record_bytes: int, work_seconds: float) -> None:
        """Count one record that was worked on."""
        self._bytes_left -= record_bytes
        self._seconds_left -= work_seconds

    def spent(self, items: int) -> bool:
        """Whether the cycle, which has so many items to write by now, should take no more."""
        return self._bytes_left <= 0 or self._seconds_left <= 0 or items >= self._items_max
