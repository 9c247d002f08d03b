"""The brief form of every family of faults: `make chaos` runs the full one."""

import asyncio

import pytest

from tests.chaos.families import families
from tests.chaos.family import Family, Plan
from tests.chaos.runner import run_family

PARCELS = 3_000
SEED = 5


@pytest.mark.parametrize("family", families().values(), ids=lambda family: family.name)
def test_nothing_is_lost_and_nothing_decided_twice(family: Family, broker: str) -> None:
    if reason := family.why_not():
        pytest.skip(reason)
    verdict = asyncio.run(run_family(family, Plan(PARCELS, SEED, brief=True), shared_broker=broker))
    assert verdict.passed, (verdict.problems, verdict.logs)
    assert verdict.parcels >= PARCELS
