"""The brief form of every family of faults: `make chaos` runs the full one."""

import asyncio

import pytest

from tests.chaos.families import families
from tests.chaos.family import Family, Plan
from tests.chaos.runner import run_family

PARCELS = 3_000
SEED = 5


def of_families(*, own_broker: bool) -> pytest.MarkDecorator:
    """One test for each family with a broker of its own, or for each other."""
    chosen = [family for family in families().values() if family.own_broker == own_broker]
    return pytest.mark.parametrize("family", chosen, ids=lambda family: family.name)


@of_families(own_broker=False)
def test_nothing_is_lost_and_nothing_decided_twice(family: Family, broker: str) -> None:
    check(family, broker)


@pytest.mark.own_broker
@of_families(own_broker=True)
def test_nothing_is_lost_and_nothing_decided_twice_if_the_broker_is_harmed(family: Family) -> None:
    check(family)


def check(family: Family, broker: str | None = None) -> None:
    if reason := family.why_not():
        pytest.skip(reason)
    verdict = asyncio.run(run_family(family, Plan(PARCELS, SEED, brief=True), shared_broker=broker))
    assert verdict.passed, (verdict.problems, verdict.logs)
    assert verdict.parcels >= PARCELS
