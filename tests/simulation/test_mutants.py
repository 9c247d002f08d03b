"""The simulation is itself tested: it notices each safeguard that is taken out."""

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import run_schedule

SEED = 1
SCHEDULES_MAX = 400


@pytest.mark.parametrize("name", MUTANTS)
def test_the_missing_safeguard_is_noticed(name: str):
    with MUTANTS[name]():
        assert any(run_schedule(SEED + number).failures for number in range(SCHEDULES_MAX))
