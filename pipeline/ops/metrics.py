"""Every metric of a worker: name, type, labels and meaning. `docs/metrics.md` is made from it.

Nothing is registered at import: each `Metrics` has the registry it is given. Label values are
bounded: enums, topics, rooms, rule ids, and at most `CARRIERS_MAX` carriers.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from pipeline.errors import ErrorCode
from pipeline.model.decision import Cause, IrgCategory, Outcome, Versions
from pipeline.model.notice import NoticeKind
from pipeline.ops.histogram import BatchHistogram
from pipeline.rulebook.publication import PublishedLaw, RefusedLaw
from pipeline.stream.room import Room
from pipeline.stream.snapshot_folder import Unusable

LATENCY_BUCKETS_S = (
    *(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.4, 0.6),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
CYCLE_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
CARRIERS_MAX = 50
OTHER_CARRIERS = "other"
MANIFEST_RESULTS = ("accepted", "partly_rejected", "rejected", "duplicate")
LAW_ACCEPTED = "accepted"
REJECTION_STAGES = ("intake", "decide")


class Description(NamedTuple):
    """One metric as the reference page and the tests of the dashboard see it."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """All metrics of one worker, in one registry.

    Series whose label values are known beforehand exist from the start with value 0: the first
    dead letter is then an increase, not a new series that `increase()` cannot see.
    """

    def __init__(self, registry: CollectorRegistry, rooms: Iterable[Room] = ()) -> None:
        self.registry = registry
        self.descriptions: list[Description] = []
        self._carriers: set[str] = set()
        self._scored: defaultdict[str, set[str]] = defaultdict(set)
        ProcessCollector(registry=registry)
        self._declare_contents()
        self._declare_work()
        self._declare_worker()
        self._start_at_zero(tuple(rooms))

    def _declare_contents(self) -> None:
        self.parcels_announced = self._counter(
            "parcels_announced", "Parcels in acknowledged manifests; a repeat counts once."
        )
        self.parcels_accepted = self._counter(
            "parcels_accepted", "Parcels that passed the data rules and went on to be assessed."
        )
        self.parcels_rejected = self._counter(
            "parcels_rejected",
            "Parcels refused with an acknowledgement, by the first rule they break; stage `intake` "
            "by a data rule, stage `decide` afterwards.",
            "stage",
            "rule",
        )
        self.data_warnings = self._counter(
            "data_warnings", "Faults of the data that let the parcel pass, by rule.", "rule"
        )
        self.carrier_parcels = self._counter(
            "carrier_parcels",
            f"Parcels announced and rejected at intake by carrier: the first {CARRIERS_MAX} this "
            f"worker hears of, all further ones as `{OTHER_CARRIERS}`.",
            "carrier",
            "result",
        )
        self.carrier_timeliness = self._counter(
            "carrier_timeliness_parcels",
            "Parcels announced by carrier and timeliness of their manifest, for manifests not "
            "refused as a whole; carriers as in `greenlane_carrier_parcels_total`.",
            "carrier",
            "timeliness",
        )
        self.quality = self._gauge(
            "quality_ratio",
            "Data quality (0 to 1) of carriers, origins and platforms on the partitions of this "
            "worker, by window (1h, 24h, 30d) and part (completeness, validity, score), as of the "
            f"newest message of the subject; of each kind the first {CARRIERS_MAX}. All of them: "
            "`greenlane carriers`.",
            "kind",
            "subject",
            "window",
            "part",
        )
        self.manifests = self._counter(
            "manifests", "Manifest messages acknowledged, by result.", "result"
        )
        self.parcels_decided = self._counter(
            "parcels_decided",
            "Decision events, by outcome, IRG category (1 to 4) and cause. Causes `assessment` and "
            "`amendment` are the first decision on a parcel version; the others move its case.",
            "outcome",
            "irg_category",
            "cause",
        )
        self.feedback = self._counter(
            "feedback",
            "Inspection results, payments, movements and cancellations worked on, by effect.",
            "kind",
            "effect",
        )
        self.account_queue = self._gauge(
            "account_queue_records",
            "Parcels, and messages about them, that wait for a slice of their operator's account "
            "on the partitions of this worker, as of the operator's last message there; carriers "
            "as in `greenlane_carrier_parcels_total`.",
            "carrier",
            "currency",
        )
        self.notices = self._counter(
            "notices", "Notices about parcels: cancellations, demands, holds, closings.", "kind"
        )
        self.dead_letters = self._counter(
            "dead_letters",
            "Records, or parcels of an envelope, that went to the dead letters, by the topic they "
            "came from and error code.",
            "source_topic",
            "code",
        )
        self.decision_latency = BatchHistogram(
            *self._describe(
                "decision_latency_seconds",
                "histogram",
                ("cause",),
                "From the broker timestamp of the manifest (or of the feedback that caused the "
                "event) to the commit of the decision.",
            ),
            label="cause",
            label_values=[cause.value for cause in Cause],
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )

    def _declare_work(self) -> None:
        self.room_records = self._counter(
            "room_records", "Records worked on, by room; an envelope is one record.", "room"
        )
        self.room_bytes = self._counter(
            "room_bytes", "Bytes of keys and values worked on, by room.", "room"
        )
        self.room_work_seconds = self._counter(
            "room_work_seconds", "Time spent working, without transactions, by room.", "room"
        )
        self.records_written = self._counter(
            "records_written", "Records written in transactions, changelogs included."
        )
        self.transactions = self._counter(
            "transactions_committed", "Transactions committed: one for each cycle of work."
        )
        self.cycle_work_seconds = self._histogram(
            "cycle_work_seconds", "Work of one cycle over all rooms, without its transaction."
        )
        self.transaction_seconds = self._histogram(
            "transaction_seconds", "From the begin of a transaction to its commit."
        )
        self.state_entries = self._gauge(
            "state_entries", "Entries in memory, over all partitions of the worker.", "room"
        )
        self.state_fullest_entries = self._gauge(
            "state_fullest_entries", "Entries in memory of the room's fullest partition.", "room"
        )
        self.state_limit_entries = self._gauge(
            "state_limit_entries",
            "Entries the memory of a room may have for one partition; beyond it the worker stops.",
        )
        self.input_age = self._gauge(
            "input_age_seconds",
            "Age of the oldest record of the last cycle; 0 when nothing waits, growing with the "
            "clock while something waits and nothing is committed.",
            "room",
        )
        self.lag_records = self._gauge(
            "lag_records", "Records on the topic this worker has still to work on.", "topic"
        )

    def _declare_worker(self) -> None:
        self.worker_info = self._gauge(
            "worker_info",
            "Always 1; its labels say what the worker decides with.",
            "worker_id",
            *Versions.__struct_fields__,
        )
        self.law_publications = self._counter(
            "law_publications",
            "Messages on the topic `law` since its beginning, as the worker judged them: "
            "`accepted`, or the error code for which one is refused.",
            "result",
        )
        self.worker_restarts = self._counter(
            "worker_restarts",
            "Restarts of this worker by its supervisor (`greenlane worker --workers`), as that "
            "tells; it starts again at zero with the supervisor.",
        )
        self.assigned_partitions = self._gauge(
            "assigned_partitions", "Partitions assigned to the worker, over all input topics."
        )
        self.rebalances = self._counter(
            "rebalances", "Assignments of partitions the worker has received."
        )
        self.recovery_seconds = self._gauge(
            "recovery_seconds", "How long the last restoring of the memories took."
        )
        self.recovery_entries = self._gauge(
            "recovery_entries", "Changelog records read by the last restoring of the memories."
        )
        self.recovery_snapshot_entries = self._gauge(
            "recovery_snapshot_entries",
            "Entries the last restoring of the memories took from snapshots.",
        )
        self.snapshots = self._counter(
            "snapshots", "Memories written to local disk, each of one room and partition."
        )
        self.snapshot_seconds = self._counter(
            "snapshot_seconds", "Time that writing snapshots took, beside the work."
        )
        self.snapshot_failures = self._counter(
            "snapshot_failures", "Snapshots that could not be written; the last ones stay."
        )
        self.snapshots_passed_over = self._counter(
            "snapshots_passed_over",
            "Snapshots that could not be used by a restoring, which then read the whole changelog, "
            "by reason.",
            "reason",
        )

    def count_law(self, judged: PublishedLaw | RefusedLaw) -> None:
        """Count a publication of law that the worker heard of."""
        result = judged.code.value if isinstance(judged, RefusedLaw) else LAW_ACCEPTED
        self.law_publications.labels(result).inc()

    def set_worker(self, worker_id: str, versions: Versions) -> None:
        """Publish who the worker is and what it decides with."""
        self.worker_info.clear()
        fields = {name: getattr(versions, name) for name in versions.__struct_fields__}
        self.worker_info.labels(worker_id=worker_id, **fields).set(1)

    def has_quality(self, kind: str, name: str) -> bool:
        """Whether a subject is among the `CARRIERS_MAX` of its kind that are published."""
        names = self._scored[kind]
        if len(names) < CARRIERS_MAX:
            names.add(name)
        return name in names

    def forget_quality(self) -> None:
        """Another worker publishes the subjects from now on."""
        self._scored.clear()
        self.quality.clear()

    def carrier_label(self, carrier: str) -> str:
        """The carrier, or `other` once `CARRIERS_MAX` are known."""
        if carrier in self._carriers:
            return carrier
        if len(self._carriers) >= CARRIERS_MAX:
            return OTHER_CARRIERS
        self._carriers.add(carrier)
        return carrier

    def _start_at_zero(self, rooms: tuple[Room, ...]) -> None:
        for outcome, category, cause in product(Outcome, IrgCategory, Cause):
            self.parcels_decided.labels(outcome.value, category.value, cause.value)
        for kind in NoticeKind:
            self.notices.labels(kind.value)
        for result in MANIFEST_RESULTS:
            self.manifests.labels(result)
        for judged in (LAW_ACCEPTED, *ErrorCode):
            self.law_publications.labels(judged)
        for reason in Unusable:
            self.snapshots_passed_over.labels(reason.value)
        for room in rooms:
            for by_room in (self.room_records, self.room_bytes, self.room_work_seconds):
                by_room.labels(room.name)
            self.state_entries.labels(room.name)
            self.state_fullest_entries.labels(room.name)
            self.input_age.labels(room.name)
            for topic, code in product(room.inputs, ErrorCode):
                self.dead_letters.labels(topic, code.value)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        described = self._describe(f"{name}_total", "counter", labels, meaning)
        return Counter(*described, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        described = self._describe(name, "gauge", labels, meaning)
        return Gauge(*described, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str) -> Histogram:
        described = self._describe(name, "histogram", (), meaning)
        return Histogram(*described, buckets=CYCLE_BUCKETS_S, registry=self.registry)

    def _describe(
        self, name: str, kind: str, labels: tuple[str, ...], meaning: str
    ) -> tuple[str, str]:
        full_name = f"greenlane_{name}"
        self.descriptions.append(Description(full_name, kind, labels, meaning))
        return full_name, meaning
