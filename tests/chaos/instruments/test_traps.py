"""A trap is set off once, at its place, by its worker."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.instruments.traps import Place, TrappedWorker, Traps


@pytest.fixture
def signals() -> Iterator[list[int]]:
    """SIGUSR1 as this process received it: it harms nothing."""
    received: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: received.append(number))
    yield received
    signal.signal(signal.SIGUSR1, before)


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    return Traps(tmp_path)


def test_a_trap_is_set_off_once(traps: Traps, signals: list[int]):
    worker = TrappedWorker(traps, "worker-1")
    traps.set("worker-1", Place.COMMIT, signal.SIGUSR1)
    assert worker._pass(Place.COMMIT)
    assert not worker._pass(Place.COMMIT)
    assert signals == [signal.SIGUSR1]
    assert not traps.is_set("worker-1")


@pytest.mark.parametrize(("worker_id", "place"), [("worker-2", "commit"), ("worker-1", "work")])
def test_another_worker_or_place_does_not_set_it_off(
    traps: Traps, signals: list[int], worker_id: str, place: str
):
    traps.set("worker-1", Place.COMMIT, signal.SIGUSR1)
    assert not TrappedWorker(traps, worker_id)._pass(Place(place))
    assert signals == []
    assert traps.is_set("worker-1")


def test_a_trap_can_be_taken_away(traps: Traps, signals: list[int]):
    traps.set("worker-1", Place.WORK, signal.SIGUSR1)
    traps.clear("worker-1")
    assert not TrappedWorker(traps, "worker-1")._pass(Place.WORK)
