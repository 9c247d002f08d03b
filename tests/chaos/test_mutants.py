"""The fault suite notices what it must: each mutant is reported. `make mutants` shows them."""

import asyncio

import pytest

from tests.chaos.family import Plan
from tests.chaos.mutants import MUTANTS, PARCELS, run_mutant
from tests.chaos.verdict import Verdict

SEED = 5
AT_ONCE = 3
"""They mostly wait: for sessions that expire, and for what never comes."""


@pytest.fixture(scope="module")
def verdicts(broker: str) -> dict[str, Verdict]:
    """What the oracle says of each mutant."""

    async def run_all() -> dict[str, Verdict]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def run(name: str) -> Verdict:
            async with gate:
                return await run_mutant(name, Plan(PARCELS, SEED, brief=True), broker)

        return dict(zip(MUTANTS, await asyncio.gather(*map(run, MUTANTS)), strict=True))

    return asyncio.run(run_all())


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", MUTANTS)
def test_the_oracle_reports_the_mutant(name: str, verdicts: dict[str, Verdict]) -> None:
    verdict = verdicts[name]
    assert MUTANTS[name].caught_by(verdict), (verdict.problems, verdict.logs)
