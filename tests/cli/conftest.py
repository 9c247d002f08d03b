"""One worker at work for the commands that need one."""

from collections.abc import Iterator

import pytest

from pipeline.sandbox.trial import Trial, trial


@pytest.fixture(scope="package")
def installation(broker: str) -> Iterator[Trial]:
    """The run's broker with topics of its own and one worker."""
    with trial(broker=broker, workers=1, progress=lambda _: None) as started:
        yield started
