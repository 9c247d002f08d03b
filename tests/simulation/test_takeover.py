"""Taking over from a frozen worker, where Kafka would need more patience than tests have."""

from collections.abc import Iterator

import pytest

from tests.simulation.installation import SimulatedInstallation
from tests.stream.installation import exactly_once

LINES = ["one two", "two", "three one"] * 20


@pytest.fixture
def installation() -> Iterator[SimulatedInstallation]:
    installation = SimulatedInstallation()
    yield installation
    installation.close()


async def test_waiting_long_for_an_open_transaction_does_not_cost_the_place_in_the_group(
    installation: SimulatedInstallation,
):
    """The dead worker's transaction is open for several sessions: its offsets are unstable."""
    frozen = installation.start_worker("w1", "commit", "transaction_timeout_ms=30000")
    await frozen.until_restored(8)
    await installation.publish("lines", [line.encode() for line in LINES])
    await frozen.until_frozen()
    second = installation.start_worker("w2")
    await second.until_restored(8)
    waited_s = installation.loop.time()
    words = sum(len(line.split()) for line in LINES)
    assert exactly_once(await installation.until_counted(words), LINES)
    assert second.run.alive
    assert waited_s > 30
