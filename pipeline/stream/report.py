"""What an observer is told about each committed cycle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline.stream.records import Record


@dataclass(slots=True)
class RoomReport:
    """What one room did in one cycle."""

    records: int = 0
    bytes: int = 0
    work_seconds: float = 0.0
    oldest_timestamp_ms: int | None = None

    def add(self, record: Record) -> None:
        """Count one record."""
        self.records += 1
        self.bytes += record.size_bytes
        if self.oldest_timestamp_ms is None or record.timestamp_ms < self.oldest_timestamp_ms:
            self.oldest_timestamp_ms = record.timestamp_ms


@dataclass(slots=True)
class CycleReport:
    """One committed cycle of a worker."""

    committed_at_ms: int
    rooms: Mapping[str, RoomReport]
    transaction_seconds: float
    outputs: int
    state_entries: Mapping[str, int]
    """Entries in memory, by room, over all partitions of this worker."""
    notes: Sequence[Any] = field(default_factory=list)
    dead_letters: Sequence[tuple[str, str]] = field(default_factory=list)
    """(source topic, error code) of each."""


class Observer(Protocol):
    """Hears of what happens on a worker; must be quick and must not raise."""

    def on_cycle(self, report: CycleReport) -> None:
        """A cycle was committed."""

    def on_assigned(self, partitions: int, entries: int, seconds: float) -> None:
        """Partitions were assigned and their memories restored."""

    def on_revoked(self, partitions: int) -> None:
        """Partitions were taken away by a rebalance."""


class SilentObserver:
    """An observer that does nothing with what it hears."""

    def on_cycle(self, report: CycleReport) -> None:
        """Ignore the cycle."""

    def on_assigned(self, partitions: int, entries: int, seconds: float) -> None:
        """Ignore the assignment."""

    def on_revoked(self, partitions: int) -> None:
        """Ignore the revocation."""
