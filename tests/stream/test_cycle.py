"""A cycle closes by items, bytes or time, whichever comes first, at the broker's pace."""

import pytest

from pipeline.stream.cycle import PACE_MIN, CycleBudget, Pace
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


SLOW_S = SETTINGS.transaction_timeout_ms / 1000 / 8


def budget(load: float = 0.0, share: float = 1.0) -> CycleBudget:
    return CycleBudget(SETTINGS, load, share)


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


def test_all_limits_shrink_with_the_pace():
    assert budget(share=0.5).spent(5)
    for spent in ((500, 0.0), (0, 0.026)):
        cycle = budget(share=0.5)
        cycle.spend(*spent)
        assert cycle.spent(0)


def test_cycles_begin_small_and_are_full_after_a_few_quick_transactions():
    pace = Pace(SETTINGS)
    shares = []
    for _ in range(8):
        shares.append(pace.share)
        pace.note(0.01)
    assert (shares[0], shares[-1]) == (PACE_MIN, 1.0)


@pytest.mark.parametrize("full_cycle_s", [0.1, 2.0, 10.0, 60.0])
def test_transactions_of_a_slow_broker_stay_well_below_their_timeout(full_cycle_s: float):
    """Each takes as long as it is large; a broker that becomes slow is met with a full cycle."""
    pace = Pace(SETTINGS)
    lasted = []
    for _ in range(50):
        lasted.append(pace.share * full_cycle_s)
        pace.note(lasted[-1])
    assert max(lasted) <= 2 * SLOW_S
    assert sum(lasted[-10:]) / 10 >= 0.9 * min(full_cycle_s, SLOW_S / 2)


def test_a_broker_that_is_quick_again_gets_full_cycles_again():
    pace = Pace(SETTINGS)
    pace.note(1_000.0)
    assert pace.share == PACE_MIN
    for _ in range(6):
        pace.note(SLOW_S)
    assert pace.share == 1.0
