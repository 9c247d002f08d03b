"""Turns what the stream core tells about each committed cycle into metrics."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from pipeline.model.facts import (
    DecisionNoted,
    FeedbackNoted,
    ManifestNoted,
    NoticeNoted,
    QueueNoted,
    RejectionNoted,
    ScorecardNoted,
)
from pipeline.model.score import PERCENT, Scorecard
from pipeline.ops.metrics import Metrics
from pipeline.stream.records import TopicPartition
from pipeline.stream.report import CycleReport, RestoreReport, StateSizes
from pipeline.stream.room import Room


class MetricsObserver:
    """Counts by cycle, after its commit: what was rolled back is never counted."""

    def __init__(self, metrics: Metrics, rooms: Iterable[Room]) -> None:
        self.cycles = 0
        """Cycles committed so far; for the health check."""
        self._metrics = metrics
        self._room_of = {topic: room.name for room in rooms for topic in room.inputs}
        self._oldest_ms: dict[str, int] = {}
        self._queues: defaultdict[tuple[str, str], dict[tuple[str, int], int]] = defaultdict(dict)

    def on_cycle(self, report: CycleReport) -> None:
        """Count one committed cycle."""
        metrics = self._metrics
        self.cycles += 1
        metrics.transactions.inc()
        metrics.transaction_seconds.observe(report.transaction_seconds)
        metrics.cycle_work_seconds.observe(sum(r.work_seconds for r in report.rooms.values()))
        metrics.records_written.inc(report.outputs)
        for (topic, code), count in Counter(report.dead_letters).items():
            metrics.dead_letters.labels(topic, code).inc(count)
        self._set_sizes(report.state)
        self._count_rooms(report)
        self._count_notes(report)

    def on_assigned(self, report: RestoreReport) -> None:
        """Count an assignment and what restoring its memories took."""
        metrics = self._metrics
        metrics.rebalances.inc()
        metrics.assigned_partitions.set(report.partitions)
        metrics.recovery_entries.set(report.changelog_records)
        metrics.recovery_snapshot_entries.set(report.snapshot_entries)
        metrics.recovery_seconds.set(report.seconds)
        for reason in report.passed_over:
            metrics.snapshots_passed_over.labels(reason).inc()
        self._set_sizes(report.state)

    def on_snapshot(self, seconds: float) -> None:
        """Count a snapshot."""
        self._metrics.snapshots.inc()
        self._metrics.snapshot_seconds.inc(seconds)

    def on_snapshot_failed(self) -> None:
        """Count a snapshot that could not be written."""
        self._metrics.snapshot_failures.inc()

    def on_revoked(self, partitions: int) -> None:
        """Nothing is assigned until the next assignment says so."""
        del partitions  # all of them go, and come back with the next assignment
        self._metrics.assigned_partitions.set(0)
        self._metrics.lag_records.clear()
        self._metrics.forget_quality()
        self._metrics.account_queue.clear()
        self._queues.clear()
        self._oldest_ms.clear()

    def on_lag(self, lag_records: Mapping[TopicPartition, int], now_ms: int) -> None:
        """Publish what waits, and how old the oldest of it can be."""
        by_topic: Counter[str] = Counter()
        for source, records in lag_records.items():
            by_topic[source.topic] += records
        waiting: Counter[str] = Counter()
        for topic, records in by_topic.items():
            self._metrics.lag_records.labels(topic).set(records)
            waiting[self._room_of[topic]] += records
        for room, records in waiting.items():
            age_ms = now_ms - self._oldest_ms.get(room, now_ms) if records else 0
            self._metrics.input_age.labels(room).set(max(0, age_ms) / 1000)

    def _set_sizes(self, state: StateSizes) -> None:
        for room, entries in state.entries.items():
            self._metrics.state_entries.labels(room).set(entries)
        for room, entries in state.fullest.items():
            self._metrics.state_fullest_entries.labels(room).set(entries)

    def _count_rooms(self, report: CycleReport) -> None:
        metrics = self._metrics
        for name, room in report.rooms.items():
            metrics.room_records.labels(name).inc(room.records)
            metrics.room_bytes.labels(name).inc(room.bytes)
            metrics.room_work_seconds.labels(name).inc(room.work_seconds)
            if room.oldest_timestamp_ms is not None:
                self._oldest_ms[name] = room.oldest_timestamp_ms
                age_ms = report.committed_at_ms - room.oldest_timestamp_ms
                metrics.input_age.labels(name).set(max(0, age_ms) / 1000)

    def _count_notes(self, report: CycleReport) -> None:
        decisions: list[DecisionNoted] = []
        for note in report.notes:
            match note:
                case DecisionNoted():
                    decisions.append(note)
                case ManifestNoted():
                    self._count_manifest(note)
                case RejectionNoted():
                    self._metrics.parcels_rejected.labels("decide", note.code).inc(note.parcels)
                case ScorecardNoted():
                    self._set_quality(note.card)
                case FeedbackNoted():
                    self._metrics.feedback.labels(note.kind, note.effect).inc()
                case QueueNoted():
                    self._set_queue(note)
                case NoticeNoted():
                    self._metrics.notices.labels(note.kind.value).inc()
        self._count_decisions(decisions, report.committed_at_ms)

    def _count_decisions(self, decisions: Iterable[DecisionNoted], committed_at_ms: int) -> None:
        kinds: Counter[tuple[str, int, str]] = Counter()
        times: Counter[tuple[str, int]] = Counter()
        for outcome, cause, category, received_at_ms in decisions:
            kinds[outcome, category, cause] += 1
            times[cause, received_at_ms] += 1
        for (outcome_value, category_value, cause_value), count in kinds.items():
            labels = (outcome_value, category_value, cause_value)
            self._metrics.parcels_decided.labels(*labels).inc(count)
        for (cause_value, received_at_ms), count in times.items():
            latency_s = max(0, committed_at_ms - received_at_ms) / 1000
            self._metrics.decision_latency.observe(cause_value, latency_s, count)

    def _set_queue(self, note: QueueNoted) -> None:
        labels = self._metrics.carrier_label(note.carrier), note.currency
        queues = self._queues[labels]
        queues[note.carrier, note.partition] = note.waiting
        self._metrics.account_queue.labels(*labels).set(sum(queues.values()))

    def _set_quality(self, card: Scorecard) -> None:
        if not self._metrics.has_quality(card.kind, card.name):
            return
        for figures in card.windows:
            if figures.quality:
                place = (card.kind.value, card.name, figures.window.value)
                of_part = self._metrics.quality.labels
                of_part(*place, "completeness").set(figures.quality.completeness_percent / PERCENT)
                of_part(*place, "validity").set(figures.quality.validity_percent / PERCENT)
                of_part(*place, "score").set(figures.quality.score_percent / PERCENT)

    def _count_manifest(self, note: ManifestNoted) -> None:
        metrics = self._metrics
        metrics.manifests.labels(_result(note)).inc()
        if note.duplicate:
            return
        rejected = note.announced_parcels - note.accepted_parcels
        metrics.parcels_announced.inc(note.announced_parcels)
        metrics.parcels_accepted.inc(note.accepted_parcels)
        carrier = metrics.carrier_label(note.carrier)
        metrics.carrier_parcels.labels(carrier, "announced").inc(note.announced_parcels)
        metrics.carrier_parcels.labels(carrier, "rejected").inc(rejected)
        if note.timeliness:
            timely = metrics.carrier_timeliness.labels(carrier, note.timeliness.value)
            timely.inc(note.announced_parcels)
        for rule, count in note.rejected_parcels_by_rule.items():
            metrics.parcels_rejected.labels("intake", rule).inc(count)
        for rule, count in note.warnings_by_rule.items():
            metrics.data_warnings.labels(rule).inc(count)


def _result(note: ManifestNoted) -> str:
    if note.duplicate:
        return "duplicate"
    if note.accepted_parcels == note.announced_parcels:
        return "accepted"
    return "partly_rejected" if note.accepted_parcels else "rejected"
