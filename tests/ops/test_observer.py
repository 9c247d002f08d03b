"""What a committed cycle adds to the metrics."""

import inspect
from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from pipeline.model import facts
from pipeline.model.decision import Cause, IrgCategory, Outcome, Versions
from pipeline.model.facts import (
    DecisionNoted,
    FeedbackNoted,
    ManifestNoted,
    NoticeNoted,
    QueueNoted,
    RejectionNoted,
    ScorecardNoted,
)
from pipeline.model.notice import NoticeKind
from pipeline.model.score import Counts, Scorecard, SubjectKind
from pipeline.model.timeliness import Timeliness
from pipeline.ops.metrics import CARRIERS_MAX, OTHER_CARRIERS, Metrics
from pipeline.ops.observer import MetricsObserver
from pipeline.score.room import scorecard
from pipeline.score.state import SubjectMemory
from pipeline.stream import Record, TopicPartition
from pipeline.stream.report import CycleReport, RestoreReport, RoomReport, StateSizes
from tests.stream.counting import Count, Split

COMMITTED_AT_MS = 1_000_000


class Observed:
    """An observer with its own registry, and what it has counted."""

    def __init__(self) -> None:
        rooms = [Split(), Count()]
        self.metrics = Metrics(CollectorRegistry(), rooms)
        self.observer = MetricsObserver(self.metrics, rooms)

    def cycle(self, *notes: Any, **fields: Any) -> None:
        usual: dict[str, Any] = {
            "committed_at_ms": COMMITTED_AT_MS,
            "rooms": {},
            "transaction_seconds": 0.02,
            "outputs": 3,
            "state": StateSizes({}, {}),
        }
        self.observer.on_cycle(CycleReport(**{**usual, **fields}, notes=notes))

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"greenlane_{name}", labels)

    def samples(self) -> Mapping[str, float]:
        return {
            f"{sample.name}{sample.labels}": sample.value
            for family in self.metrics.registry.collect()
            for sample in family.samples
            if sample.name.startswith("greenlane_") and not sample.name.endswith("_created")
        }


@pytest.fixture
def observed() -> Observed:
    return Observed()


def manifest(**fields: Any) -> ManifestNoted:
    usual: dict[str, Any] = {
        "carrier": "ACME",
        "announced_parcels": 10,
        "accepted_parcels": 8,
        "duplicate": False,
        "rejected_parcels_by_rule": {"DQ-1": 2},
        "warnings_by_rule": {"DQ-7": 3},
    }
    return ManifestNoted(**{**usual, **fields})


def decision(**fields: Any) -> DecisionNoted:
    usual: dict[str, Any] = {
        "outcome": Outcome.RELEASE,
        "cause": Cause.ASSESSMENT,
        "irg_category": IrgCategory.LOW_VALUE_DUTIABLE,
        "received_at_ms": COMMITTED_AT_MS - 120,
    }
    return DecisionNoted(**{**usual, **fields})


def card(name: str) -> Scorecard:
    memory = SubjectMemory()
    memory.add(COMMITTED_AT_MS, Counts(4, scored=4, completeness=360, validity=400, score=360))
    return scorecard(SubjectKind.CARRIER, name, memory)


def test_a_manifest_counts_its_parcels_by_what_became_of_them(observed: Observed) -> None:
    observed.cycle(manifest())
    assert observed.value("parcels_announced_total") == 10
    assert observed.value("parcels_accepted_total") == 8
    assert observed.value("parcels_rejected_total", stage="intake", rule="DQ-1") == 2
    assert observed.value("data_warnings_total", rule="DQ-7") == 3
    assert observed.value("carrier_parcels_total", carrier="ACME", result="announced") == 10
    assert observed.value("carrier_parcels_total", carrier="ACME", result="rejected") == 2


def test_a_repeated_manifest_counts_as_a_duplicate_and_nothing_else(observed: Observed) -> None:
    observed.cycle(manifest(duplicate=True))
    assert observed.value("manifests_total", result="duplicate") == 1
    assert observed.value("parcels_announced_total") == 0


@pytest.mark.parametrize(
    ("accepted_parcels", "result"), [(10, "accepted"), (8, "partly_rejected"), (0, "rejected")]
)
def test_the_result_of_a_manifest(observed: Observed, accepted_parcels: int, result: str) -> None:
    observed.cycle(manifest(accepted_parcels=accepted_parcels))
    assert observed.value("manifests_total", result=result) == 1


def test_carriers_beyond_the_limit_share_one_label_value(observed: Observed) -> None:
    observed.cycle(*(manifest(carrier=f"C{number}") for number in range(CARRIERS_MAX + 2)))
    others = {"carrier": OTHER_CARRIERS, "result": "announced"}
    assert observed.value("carrier_parcels_total", **others) == 20
    assert observed.value("carrier_parcels_total", carrier="C0", result="announced") == 10


def test_decisions_count_by_outcome_category_and_cause(observed: Observed) -> None:
    observed.cycle(decision(), decision(), decision(outcome=Outcome.INSPECTION))
    labels = {"irg_category": "3", "cause": "assessment"}
    assert observed.value("parcels_decided_total", outcome="release", **labels) == 2
    assert observed.value("parcels_decided_total", outcome="inspection", **labels) == 1


def test_latency_runs_from_the_manifest_to_the_commit(observed: Observed) -> None:
    observed.cycle(*[decision()] * 5)
    buckets = {
        limit: observed.value("decision_latency_seconds_bucket", cause="assessment", le=limit)
        for limit in ("0.1", "0.15", "+Inf")
    }
    assert buckets == {"0.1": 0, "0.15": 5, "+Inf": 5}
    assert observed.value("decision_latency_seconds_count", cause="assessment") == 5
    total_s = observed.value("decision_latency_seconds_sum", cause="assessment")
    assert total_s == pytest.approx(5 * 0.120)


def test_a_bucket_holds_what_is_equal_to_its_limit(observed: Observed) -> None:
    """`le` means less or equal."""
    observed.cycle(decision(received_at_ms=COMMITTED_AT_MS - 100))
    assert observed.value("decision_latency_seconds_bucket", cause="assessment", le="0.1") == 1


def test_a_clock_that_runs_behind_the_brokers_gives_no_negative_latency(observed: Observed) -> None:
    observed.cycle(decision(received_at_ms=COMMITTED_AT_MS + 500))
    assert observed.value("decision_latency_seconds_sum", cause="assessment") == 0


def test_late_rejections_and_feedback_count(observed: Observed) -> None:
    observed.cycle(
        RejectionNoted(code="stale_version", parcels=4), FeedbackNoted("payment", "repeated")
    )
    assert observed.value("parcels_rejected_total", stage="decide", rule="stale_version") == 4
    assert observed.value("feedback_total", kind="payment", effect="repeated") == 1


NOTES = [
    manifest(),
    decision(),
    RejectionNoted(code="stale_version", parcels=1),
    FeedbackNoted("payment", "applied"),
    NoticeNoted(NoticeKind.CANCELLED),
    QueueNoted("ACME", "EUR", 0, 1),
    ScorecardNoted(card("ACME")),
]


def test_the_list_of_notes_here_is_complete() -> None:
    """A new kind of fact must be added to `NOTES`, and so to the test below."""
    declared = {
        kind for _, kind in inspect.getmembers(facts, inspect.isclass) if hasattr(kind, "_fields")
    }
    assert {type(note) for note in NOTES} == declared


@pytest.mark.parametrize("note", NOTES, ids=lambda note: type(note).__name__)
def test_every_kind_of_note_changes_the_metrics(observed: Observed, note: Any) -> None:
    with_it = Observed()
    with_it.cycle(note)
    observed.cycle()
    assert with_it.samples() != observed.samples()


def test_a_cycle_counts_the_work_of_its_rooms(observed: Observed) -> None:
    split, count = RoomReport(work_seconds=0.5), RoomReport(work_seconds=0.25)
    split.add(Record("lines", 0, 0, COMMITTED_AT_MS - 3_000, b"k", b"four"))
    split.add(Record("lines", 0, 1, COMMITTED_AT_MS - 1_000, None, None))
    sizes = StateSizes({"split": 7, "count": 9}, {"split": 7, "count": 5})
    observed.cycle(rooms={"split": split, "count": count}, state=sizes)
    assert observed.value("room_records_total", room="split") == 2
    assert observed.value("room_bytes_total", room="split") == 5
    assert observed.value("room_work_seconds_total", room="count") == 0.25
    assert observed.value("cycle_work_seconds_sum") == 0.75
    assert observed.value("transaction_seconds_sum") == 0.02
    assert observed.value("transactions_committed_total") == 1
    assert observed.value("records_written_total") == 3
    assert observed.value("state_entries", room="count") == 9
    assert observed.value("state_fullest_entries", room="count") == 5
    assert observed.value("input_age_seconds", room="split") == 3.0


def test_dead_letters_count_by_source_topic_and_code(observed: Observed) -> None:
    assert observed.value("dead_letters_total", source_topic="lines", code="invalid_json") == 0
    observed.cycle(dead_letters=[("lines", "invalid_json")] * 2 + [("words", "internal_error")])
    assert observed.value("dead_letters_total", source_topic="lines", code="invalid_json") == 2
    assert observed.value("dead_letters_total", source_topic="words", code="internal_error") == 1


def test_lag_adds_up_the_partitions_of_a_topic(observed: Observed) -> None:
    lag = {TopicPartition("lines", 0): 3, TopicPartition("lines", 1): 4}
    observed.observer.on_lag(lag, COMMITTED_AT_MS)
    assert observed.value("lag_records", topic="lines") == 7


def test_the_age_of_input_grows_while_it_waits_and_is_zero_when_nothing_waits(
    observed: Observed,
) -> None:
    split = RoomReport()
    split.add(Record("lines", 0, 0, COMMITTED_AT_MS - 1_000, None, b""))
    observed.cycle(rooms={"split": split})
    place = TopicPartition("lines", 0)
    observed.observer.on_lag({place: 1}, COMMITTED_AT_MS + 9_000)
    assert observed.value("input_age_seconds", room="split") == 10.0
    observed.observer.on_lag({place: 0}, COMMITTED_AT_MS + 9_000)
    assert observed.value("input_age_seconds", room="split") == 0.0


def test_the_age_of_input_is_not_taken_over_from_partitions_that_went(observed: Observed) -> None:
    split = RoomReport()
    split.add(Record("lines", 0, 0, COMMITTED_AT_MS - 900_000, None, b""))
    observed.cycle(rooms={"split": split})
    observed.observer.on_revoked(partitions=4)
    observed.observer.on_lag({TopicPartition("lines", 1): 1}, COMMITTED_AT_MS)
    assert observed.value("input_age_seconds", room="split") == 0.0


def test_an_assignment_tells_partitions_and_recovery_and_a_revocation_takes_them(
    observed: Observed,
) -> None:
    sizes = StateSizes({"split": 7, "count": 9}, {"split": 7, "count": 5})
    report = RestoreReport(
        partitions=12,
        kept_entries=0,
        snapshot_entries=100,
        changelog_records=900,
        passed_over=["too_old"],
        seconds=1.5,
        state=sizes,
    )
    observed.observer.on_assigned(report)
    assert observed.value("rebalances_total") == 1
    assert observed.value("assigned_partitions") == 12
    assert observed.value("recovery_entries") == 900
    assert observed.value("recovery_seconds") == 1.5
    assert observed.value("recovery_snapshot_entries") == 100
    assert observed.value("snapshots_passed_over_total", reason="too_old") == 1
    assert observed.value("state_entries", room="count") == 9
    observed.observer.on_lag({TopicPartition("lines", 0): 3}, 0)
    observed.observer.on_revoked(partitions=12)
    assert observed.value("assigned_partitions") == 0
    assert observed.value("lag_records", topic="lines") is None


def test_the_worker_tells_what_it_decides_with(observed: Observed) -> None:
    labels = {
        "rule_book": "b1",
        "risk_rules": "r1",
        "data_rules": "d1",
        "software": "s1",
        "reference_data": "c1",
    }
    observed.metrics.set_worker("w1", Versions(**labels))
    assert observed.value("worker_info", worker_id="w1", **labels) == 1


def test_snapshots_and_their_failures_are_counted(observed: Observed) -> None:
    observed.observer.on_snapshot(1.5)
    observed.observer.on_snapshot(0.5)
    observed.observer.on_snapshot_failed()
    assert observed.value("snapshots_total") == 2
    assert observed.value("snapshot_seconds_total") == 2.0
    assert observed.value("snapshot_failures_total") == 1


def test_timeliness_is_counted_in_parcels_by_carrier(observed: Observed) -> None:
    observed.cycle(manifest(announced_parcels=7, accepted_parcels=7, timeliness=Timeliness.LATE))
    observed.cycle(manifest(), manifest(duplicate=True))
    labels = {"carrier": "ACME", "timeliness": "late"}
    assert observed.value("carrier_timeliness_parcels_total", **labels) == 7


def quality(observed: Observed, name: str, part: str = "score") -> float | None:
    labels = {"kind": "carrier", "subject": name, "window": "24h", "part": part}
    return observed.value("quality_ratio", **labels)


def test_what_waits_for_an_account_is_the_last_said_of_each_partition(observed: Observed) -> None:
    """Until the partitions go; another worker tells of them then."""
    queue = {"carrier": "ACME", "currency": "EUR"}
    observed.cycle(QueueNoted("ACME", "EUR", 0, 3), QueueNoted("ACME", "EUR", 1, 2))
    observed.cycle(QueueNoted("ACME", "EUR", 0, 1), QueueNoted("ACME", "GBP", 0, 7))
    assert observed.value("account_queue_records", **queue) == 3
    observed.observer.on_revoked(1)
    assert observed.value("account_queue_records", **queue) is None


def test_quality_is_that_of_the_last_card(observed: Observed) -> None:
    observed.cycle(ScorecardNoted(card("ACME")))
    assert quality(observed, "ACME") == 0.9
    assert quality(observed, "ACME", "validity") == 1.0


def test_quality_is_published_of_a_bounded_number_of_each_kind(observed: Observed) -> None:
    observed.cycle(*(ScorecardNoted(card(f"C{n}")) for n in range(CARRIERS_MAX + 1)))
    assert quality(observed, f"C{CARRIERS_MAX - 1}") == 0.9
    assert quality(observed, f"C{CARRIERS_MAX}") is None


def test_quality_goes_with_the_partitions(observed: Observed) -> None:
    """Another worker publishes it from then on."""
    observed.cycle(ScorecardNoted(card("ACME")))
    observed.observer.on_revoked(1)
    assert quality(observed, "ACME") is None
    observed.cycle(ScorecardNoted(card("ACME")))
    assert quality(observed, "ACME") == 0.9
