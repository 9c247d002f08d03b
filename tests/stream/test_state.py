"""The keyed memory: changes, undo, expiry, and its way through the changelog."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipeline.stream.changelog import ChangelogReader, changelog_outputs
from pipeline.stream.records import TopicPartition
from pipeline.stream.state import (
    ENTRY_BYTES_MAX,
    EXPIRED_PER_CYCLE_MAX,
    EXPIRY_BUCKET_MS,
    KeyedState,
    UnreadableStateError,
)
from tests.stream.counting import Count

HOUR_MS = EXPIRY_BUCKET_MS
KEYS = st.sampled_from(["a", "b", "c"])


def contents(state: KeyedState[Any]) -> dict[str, Any]:
    return {key: state.get(key) for key in (key[1:].decode() for key in state.entries())}


def test_a_value_is_there_until_it_is_deleted():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1)
    assert (state.get("a"), len(state)) == (1, 1)
    state.delete("a")
    assert (state.get("a"), len(state)) == (None, 0)


def test_undo_takes_back_what_came_after_the_last_accept():
    state: KeyedState[int] = KeyedState()
    state.put("old", 1)
    state.put("gone", 1)
    state.accept()
    state.put("old", 2)
    state.put("old", 3)
    state.delete("gone")
    state.put("new", 1)
    state.undo()
    assert contents(state) == {"old": 1, "gone": 1}


@pytest.mark.parametrize("value", [10**30, object(), "\ud800"])
def test_a_value_the_changelog_cannot_hold_is_refused_at_once(value: Any):
    """With the commit it would take the whole cycle down, at every restart."""
    state: KeyedState[Any] = KeyedState()
    with pytest.raises((OverflowError, TypeError, UnicodeEncodeError)):
        state.put("a", value)
    assert state.take_changes() == []


def test_a_key_the_changelog_cannot_hold_is_refused_at_once():
    state: KeyedState[int] = KeyedState()
    with pytest.raises(UnicodeEncodeError):
        state.put("\ud800", 1)
    assert len(state) == 0


def test_an_entry_larger_than_the_broker_takes_is_refused_at_once():
    state: KeyedState[bytes] = KeyedState()
    with pytest.raises(ValueError, match="too many for one entry: a"):
        state.put("a", b"x" * ENTRY_BYTES_MAX)
    assert len(state) == 0


def test_an_entry_is_gone_from_its_time_on_in_event_time():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=HOUR_MS + 1)
    state.watermark_ms = HOUR_MS
    assert state.get("a") == 1
    state.watermark_ms = HOUR_MS + 1
    assert state.get("a") is None


def test_whether_an_entry_is_gone_does_not_depend_on_when_it_is_cleared_away():
    """A cycle clears by hours and in bounded numbers; cycles differ from run to run."""
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=HOUR_MS + 1)
    state.watermark_ms = 2 * HOUR_MS - 1
    state.expire()
    assert (state.get("a"), len(state)) == (None, 1)
    state.watermark_ms = 2 * HOUR_MS
    state.expire()
    assert (state.get("a"), len(state)) == (None, 0)


def test_expiry_leaves_a_tombstone():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=0)
    state.take_changes()
    state.watermark_ms = HOUR_MS
    state.expire()
    assert state.take_changes() == [(b"sa", None)]


def test_a_renewed_entry_does_not_expire_at_its_old_time():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=0)
    state.put("a", 2, expires_at_ms=10 * HOUR_MS)
    state.watermark_ms = 5 * HOUR_MS
    state.expire()
    assert state.get("a") == 2


def test_an_entry_without_expiry_stays():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=0)
    state.put("a", 2)
    state.watermark_ms = 1_000 * HOUR_MS
    state.expire()
    assert state.get("a") == 2


def test_a_cycle_expires_a_bounded_number_of_entries_and_the_next_go_on():
    state: KeyedState[int] = KeyedState()
    for number in range(EXPIRED_PER_CYCLE_MAX + 10):
        state.put(str(number), number, expires_at_ms=0)
    state.watermark_ms = HOUR_MS
    assert state.expire()
    assert len(state) == 10
    assert not state.expire()
    assert len(state) == 0


def test_what_expired_is_not_brought_back_by_undo():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=0)
    state.accept()
    state.watermark_ms = HOUR_MS
    state.expire()
    state.undo()
    assert state.get("a") is None


@given(st.lists(st.tuples(KEYS, st.none() | st.integers(0, 9), st.none() | st.integers(0, 10**13))))
def test_a_memory_restored_from_its_changelog_equals_the_original(
    steps: list[tuple[str, int | None, int | None]],
):
    state: KeyedState[int] = KeyedState()
    reader = ChangelogReader(Count(), 3)
    position = {TopicPartition("words", 3): 17, TopicPartition("words", 4): 18}
    for key, value, expires_at_ms in steps:
        if value is None:
            state.delete(key)
        else:
            state.put(key, value, expires_at_ms=expires_at_ms)
        outputs = changelog_outputs(Count(), 3, state, position)
        reader.read([(output.key or b"", output.value) for output in outputs], 0)
    assert reader.state.entries() == state.entries()
    assert reader.positions == ({TopicPartition("words", 3): 17} if steps else {})


def test_event_time_is_restored_so_that_expiry_goes_on_where_it_stood():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=5_000)
    state.watermark_ms = 5_000
    reader = restored(state)
    assert reader.state.watermark_ms == 5_000
    assert reader.state.get("a") is None


def test_a_restored_entry_is_cleared_away_when_its_hour_is_over():
    state: KeyedState[int] = KeyedState()
    state.put("a", 1, expires_at_ms=0)
    state = restored(state).state
    state.watermark_ms = HOUR_MS
    state.expire()
    assert len(state) == 0


@pytest.mark.parametrize("entry", [msgspec.msgpack.encode((None, "word")), b"\x92\xc0\xa1\xff"])
def test_an_entry_the_room_cannot_read_is_told_with_room_partition_and_key(entry: bytes):
    reader = ChangelogReader(Count(), 3)
    fine = msgspec.msgpack.encode((None, 1))
    with pytest.raises(UnreadableStateError, match=r"room count, partition 3.*b'bad'"):
        reader.read([(b"sfine", fine), (b"sbad", entry)], 0)


def test_a_value_that_was_got_can_be_changed_without_changing_the_memory():
    state: KeyedState[list[int]] = KeyedState(list[int])
    state.put("a", [1])
    (state.get("a") or []).append(2)
    assert state.get("a") == [1]


def restored(state: KeyedState[int]) -> ChangelogReader:
    """The memory as its changelog gives it back."""
    reader = ChangelogReader(Count(), 3)
    outputs = changelog_outputs(Count(), 3, state, {TopicPartition("words", 3): 1})
    reader.read([(output.key or b"", output.value) for output in outputs], 0)
    return reader


class ChangelogFollowsMemory(RuleBasedStateMachine):
    """Whatever is put, deleted, accepted and undone, the changelog ends where the memory is."""

    def __init__(self) -> None:
        super().__init__()
        self.state: KeyedState[int] = KeyedState()
        self.model: dict[str, int] = {}
        self.accepted: dict[str, int] = {}
        self.compacted: dict[bytes, bytes | None] = {}

    @rule(key=KEYS, value=st.integers(0, 9))
    def put(self, key: str, value: int) -> None:
        self.state.put(key, value)
        self.model[key] = value

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.state.delete(key)
        self.model.pop(key, None)

    @rule()
    def accept(self) -> None:
        self.state.accept()
        self.accepted = dict(self.model)

    @rule()
    def undo(self) -> None:
        self.state.undo()
        self.model = dict(self.accepted)

    @rule()
    def commit(self) -> None:
        self.accept()
        for output in changelog_outputs(Count(), 0, self.state, {}):
            self.compacted[output.key or b""] = output.value
        reader = ChangelogReader(Count(), 0)
        reader.read(list(self.compacted.items()), 0)
        assert contents(reader.state) == self.model

    @invariant()
    def memory_equals_model(self) -> None:
        assert contents(self.state) == self.model


TestChangelogFollowsMemory = ChangelogFollowsMemory.TestCase
TestChangelogFollowsMemory.settings = settings(max_examples=60)
