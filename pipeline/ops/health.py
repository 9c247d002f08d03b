"""Is this worker well? A pure judgement of what is known about its progress."""

from dataclasses import dataclass
from typing import NamedTuple

STUCK_AFTER_S = 60.0
"""Longer than any restart, rebalance or open transaction of a dead worker takes."""
RECOVERY_MAX_S = 600.0
"""A worker without restored memories for this long will not get there by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What is known about a worker. All times are seconds of one monotonic clock."""

    ready_since_s: float | None
    """Since when partitions are assigned and memories restored; None: they are not."""
    unready_since_s: float
    """Since when they are not (of any worth only while `ready_since_s` is None)."""
    well_at_s: float
    """When it last committed something, or had nothing to do."""
    waiting_records: int
    """Records on its partitions still to be worked on."""
    working: bool
    """Whether a cycle of work was under way at the last look."""
    assigned_partitions: int
    broker_answers: bool
    """Whether the broker answered when last asked."""


class Health(NamedTuple):
    """The judgement, with reasons in words where it is not good."""

    live: bool
    ready: bool
    reasons: tuple[str, ...]


def judge(progress: Progress, now_s: float) -> Health:
    """Live: it makes progress, or nothing waits. Ready: it could take work at once.

    A worker that is not live should be restarted: its work goes on where it was committed.
    """
    stuck = _why_stuck(progress, now_s)
    unready = _why_not_ready(progress)
    return Health(live=not stuck, ready=not stuck and not unready, reasons=(*stuck, *unready))


def _why_stuck(progress: Progress, now_s: float) -> tuple[str, ...]:
    if progress.ready_since_s is None:
        unready_s = now_s - progress.unready_since_s
        if unready_s > RECOVERY_MAX_S:
            return (f"no partitions and memories for {unready_s:.0f} s",)
        return ()
    idle_s = now_s - max(progress.well_at_s, progress.ready_since_s)
    if idle_s <= STUCK_AFTER_S:
        return ()
    if progress.waiting_records:
        return (f"nothing committed for {idle_s:.0f} s, {progress.waiting_records} records wait",)
    return (f"a cycle is under way for {idle_s:.0f} s",) if progress.working else ()


def _why_not_ready(progress: Progress) -> tuple[str, ...]:
    reasons = []
    if progress.ready_since_s is None:
        reasons.append("partitions are not assigned, or their memories not yet restored")
    if not progress.broker_answers:
        reasons.append("the broker does not answer")
    return tuple(reasons)


class ProgressWatch:
    """Remembers from one look at the worker to the next what `Progress` asks for."""

    def __init__(self, now_s: float) -> None:
        self._ready_since_s: float | None = None
        self._unready_since_s = now_s
        self._well_at_s = now_s
        self._cycles = 0
        self._waiting_records = 0
        self._working = False
        self._assigned_partitions = 0

    def look(
        self,
        *,
        now_s: float,
        ready: bool,
        cycles: int,
        working: bool,
        waiting_records: int,
        partitions: int,
    ) -> None:
        """Take note of the worker's present state; `cycles` counts those committed so far."""
        if ready and self._ready_since_s is None:
            self._ready_since_s = now_s
        elif not ready and self._ready_since_s is not None:
            self._ready_since_s, self._unready_since_s = None, now_s
        if cycles != self._cycles or not (waiting_records or working):
            self._well_at_s = now_s
        self._cycles = cycles
        self._waiting_records = waiting_records
        self._working = working
        self._assigned_partitions = partitions

    def progress(self, *, broker_answers: bool) -> Progress:
        """What is known as of the last look."""
        return Progress(
            ready_since_s=self._ready_since_s,
            unready_since_s=self._unready_since_s,
            well_at_s=self._well_at_s,
            waiting_records=self._waiting_records,
            working=self._working,
            assigned_partitions=self._assigned_partitions,
            broker_answers=broker_answers,
        )
