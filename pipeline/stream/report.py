"""What an observer is told about each committed cycle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

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


class StateSizes(NamedTuple):
    """Entries in memory by room: over all partitions of this worker, and of the fullest one."""

    entries: Mapping[str, int]
    fullest: Mapping[str, int]


@dataclass(slots=True)
class RestoreReport:
    """What it took to restore the memories of newly assigned partitions."""

    partitions: int
    """Input partitions assigned."""
    kept_entries: int
    """Those this worker still had from before the rebalance."""
    snapshot_entries: int
    changelog_records: int
    passed_over: Sequence[str]
    """For each snapshot that could not be used, why."""
    seconds: float
    state: StateSizes


@dataclass(slots=True)
class CycleReport:
    """One committed cycle of a worker."""

    committed_at_ms: int
    rooms: Mapping[str, RoomReport]
    transaction_seconds: float
    outputs: int
    state: StateSizes
    notes: Sequence[Any] = field(default_factory=list)
    dead_letters: Sequence[tuple[str, str]] = field(default_factory=list)
    """(source topic, error code) of each."""


class Observer(Protocol):
    """Hears of what happens on a worker; must be quick and must not raise."""

    def on_cycle(self, report: CycleReport) -> None:
        """A cycle was committed."""

    def on_assigned(self, report: RestoreReport) -> None:
        """Partitions were assigned and their memories restored."""

    def on_snapshot(self, seconds: float) -> None:
        """A memory was written to local disk."""

    def on_snapshot_failed(self) -> None:
        """A memory could not be written to local disk; its last snapshot stays."""

    def on_revoked(self, partitions: int) -> None:
        """Partitions were taken away by a rebalance."""


class SilentObserver:
    """An observer that does nothing with what it hears."""

    def on_cycle(self, report: CycleReport) -> None:
        """Ignore the cycle."""

    def on_assigned(self, report: RestoreReport) -> None:
        """Ignore the assignment."""

    def on_snapshot(self, seconds: float) -> None:
        """Ignore the snapshot."""

    def on_snapshot_failed(self) -> None:
        """Ignore the failure."""

    def on_revoked(self, partitions: int) -> None:
        """Ignore the revocation."""
