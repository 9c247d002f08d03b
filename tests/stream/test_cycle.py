"""A cycle closes by items, bytes or time, whichever comes first."""

import pytest

from pipeline.stream.cycle import CycleBudget
from pipeline.stream.settings import StreamSettings

SETTINGS = StreamSettings(
    broker="nowhere:1",
    application_id="app",
    worker_id="w1",
    cycle_bytes_max=1_000,
    cycle_items_max=10,
    cycle_ms_min=50,
    cycle_ms_max=500,
)


def budget(load: float = 0.0) -> CycleBudget:
    return CycleBudget(SETTINGS, load)


def test_a_cycle_below_all_limits_goes_on():
    cycle = budget()
    cycle.spend(999, 0.049)
    assert not cycle.spent(9)


def test_bytes_close_it():
    cycle = budget()
    cycle.spend(1_000, 0.0)
    assert cycle.spent(0)


def test_items_close_it():
    assert budget().spent(10)


@pytest.mark.parametrize(("load", "seconds"), [(0.0, 0.050), (0.5, 0.275), (1.0, 0.500)])
def test_time_closes_it_the_later_the_more_waits(load: float, seconds: float):
    cycle = budget(load)
    cycle.spend(1, seconds - 0.001)
    assert not cycle.spent(0)
    cycle.spend(1, 0.002)
    assert cycle.spent(0)
