"""Moments as the case keeps them: milliseconds of records, whole hours of deadlines."""

from datetime import UTC, datetime, timedelta

HOUR_MS = 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP_MS_MAX = 253_402_300_799_999  # the last millisecond of the year 9999


def instant(timestamp_ms: int) -> datetime:
    """A record's timestamp as a time; what no calendar holds becomes the nearest that one does."""
    return _EPOCH + timedelta(milliseconds=min(max(timestamp_ms, 0), _TIMESTAMP_MS_MAX))


def hour_after(moment_ms: int) -> int:
    """The first whole hour, since 1970, that is not before a moment."""
    return -(-moment_ms // HOUR_MS)
