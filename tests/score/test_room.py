"""The score room on a log in memory: windows by event time, bounded memory, cards."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.score import Counts, Measurement, Scorecard, SubjectKind, Window
from pipeline.score import room as score_room
from pipeline.score.room import OTHERS, TOP_FAULTS, ScoreRoom
from pipeline.score.state import DAY_MS, GRAINS, HOUR_MS, MINUTE_MS, SubjectMemory
from pipeline.stream.memory import MemoryStream

NOW_MS = 1_783_324_800_000  # 2026-07-06T08:00:00Z, the beginning of an hour


class Score:
    """A score room with an empty memory."""

    def __init__(self) -> None:
        self.stream = MemoryStream([ScoreRoom()])

    def publish(self, measurements: Iterable[Measurement], timestamp_ms: int = NOW_MS) -> None:
        value = msgspec.msgpack.encode(list(measurements))
        self.stream.publish("measurements", key=None, value=value, timestamp_ms=timestamp_ms)
        self.stream.run_until_idle()

    @property
    def cards(self) -> list[Scorecard]:
        decode = msgspec.json.Decoder(Scorecard).decode
        return [decode(record.value or b"") for record in self.stream.read("scorecards")]


def of(received_at_ms: int, name: str = "ACME", **counts: Any) -> Measurement:
    usual = {"parcels": 10, "scored": 10, "completeness": 900, "validity": 950, "score": 855}
    return Measurement(SubjectKind.CARRIER, name, received_at_ms, Counts(**{**usual, **counts}))


def parcels(card: Scorecard) -> list[int]:
    return [figures.parcels for figures in card.windows]


def test_a_card_holds_means_counts_and_the_most_frequent_faults() -> None:
    score = Score()
    faults = {f"DQ{n:02}": n for n in range(1, TOP_FAULTS + 3)}
    score.publish([of(NOW_MS, rejected=2, late=3, faults=faults)])
    (card,) = score.cards
    assert (card.kind, card.name, card.as_of.timestamp() * 1000) == ("carrier", "ACME", NOW_MS)
    for figures in card.windows:
        assert (figures.parcels, figures.rejected_parcels, figures.late_parcels) == (10, 2, 3)
        assert figures.quality
        assert figures.quality.completeness_percent == 90.0
        assert figures.quality.validity_percent == 95.0
        assert figures.quality.score_percent == 85.5
        assert [f.rule_id for f in figures.top_faults] == ["DQ07", "DQ06", "DQ05", "DQ04", "DQ03"]


def test_a_subject_of_which_nothing_was_scored_has_no_quality() -> None:
    score = Score()
    score.publish([of(NOW_MS, scored=0)])
    assert [figures.quality for figures in score.cards[0].windows] == [None] * 3


def test_one_envelope_makes_one_card_for_each_subject() -> None:
    score = Score()
    score.publish([of(NOW_MS), of(NOW_MS, "OTHER ONE"), of(NOW_MS)])
    assert [(card.name, parcels(card)[0]) for card in score.cards] == [
        ("ACME", 20),
        ("OTHER ONE", 10),
    ]
    assert [r.key for r in score.stream.read("scorecards")] == [
        b"carrier/ACME",
        b"carrier/OTHER ONE",
    ]


@pytest.mark.parametrize(
    ("later_ms", "expected"),
    [
        (59 * MINUTE_MS, [20, 20, 20]),
        (60 * MINUTE_MS, [10, 20, 20]),
        (24 * HOUR_MS - 1, [10, 20, 20]),
        (24 * HOUR_MS, [10, 10, 20]),
        (30 * DAY_MS - 9 * HOUR_MS, [10, 10, 20]),
        (30 * DAY_MS, [10, 10, 10]),
    ],
)
def test_windows_end_with_the_newest_message(later_ms: int, expected: list[int]) -> None:
    score = Score()
    score.publish([of(NOW_MS)])
    score.publish([of(NOW_MS + later_ms)], NOW_MS + later_ms)
    assert parcels(score.cards[-1]) == expected


def test_a_message_that_comes_late_counts_in_its_own_time() -> None:
    score = Score()
    score.publish([of(NOW_MS), of(NOW_MS - 2 * HOUR_MS), of(NOW_MS - 40 * DAY_MS)])
    (card,) = score.cards
    assert parcels(card) == [10, 20, 20]
    assert card.as_of.timestamp() * 1000 == NOW_MS


def test_a_subject_is_forgotten_when_its_last_window_has_passed() -> None:
    score = Score()
    score.publish([of(NOW_MS)])
    score.publish([of(NOW_MS + 32 * DAY_MS, "OTHER ONE")], NOW_MS + 32 * DAY_MS)
    gone = [r.key for r in score.stream.read("score-changelog") if r.value is None]
    assert gone == [b"scarrier/ACME"]


def test_beyond_the_limit_new_subjects_are_scored_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Senders choose the names: what they choose must not fill the memory."""
    monkeypatch.setattr(score_room, "SUBJECTS_MAX", 2)
    score = Score()
    score.publish([of(NOW_MS, name) for name in ("A", "B", "C", "D", "A")])
    assert {card.name: parcels(card)[0] for card in score.cards} == {"A": 20, "B": 10, OTHERS: 20}


@given(st.lists(st.tuples(st.integers(0, 40 * DAY_MS), st.integers(1, 5)), min_size=1, max_size=60))
def test_each_window_is_the_sum_of_its_buckets_in_any_order(
    messages: list[tuple[int, int]],
) -> None:
    """Against all messages at once: neither order nor clearing away changes a sum."""
    memory = SubjectMemory()
    for offset_ms, count in messages:
        memory.add(NOW_MS + offset_ms, Counts(count))
    newest = NOW_MS + max(offset_ms for offset_ms, _ in messages)
    for window, total in memory.totals():
        length, buckets = GRAINS[window]
        assert len(memory.buckets[window]) <= buckets
        oldest = newest // length - buckets + 1
        expected = sum(n for offset_ms, n in messages if (NOW_MS + offset_ms) // length >= oldest)
        assert total.parcels == expected


def test_the_windows_are_those_they_are_called() -> None:
    assert {window.value: grain.length_s for window, grain in GRAINS.items()} == {
        Window.HOUR: 3_600,
        Window.DAY: 86_400,
        Window.MONTH: 30 * 86_400,
    }
