"""When a cycle closes: by items, bytes or time, whichever comes first."""

from pipeline.stream.settings import StreamSettings


class CycleBudget:
    """What one cycle may take.

    Its time adapts to the load: short while little waits, for latency; long while much waits, when
    fewer transactions are worth more.

    Args:
        settings: the limits.
        load: how full the queues are at its start, 0 to 1.
    """

    def __init__(self, settings: StreamSettings, load: float) -> None:
        shortest, longest = settings.cycle_ms_min, settings.cycle_ms_max
        self._seconds_left = (shortest + load * (longest - shortest)) / 1000
        self._bytes_left = settings.cycle_bytes_max
        self._items_max = settings.cycle_items_max

    def spend(self, record_bytes: int, work_seconds: float) -> None:
        """Count one record that was worked on."""
        self._bytes_left -= record_bytes
        self._seconds_left -= work_seconds

    def spent(self, items: int) -> bool:
        """Whether the cycle, which has so many items to write by now, should take no more."""
        return self._bytes_left <= 0 or self._seconds_left <= 0 or items >= self._items_max
