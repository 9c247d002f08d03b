"""One broker for the whole test run; unique topic names for each test."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import settings

from pipeline.sandbox.broker import EmbeddedBroker

# How long an example takes depends on what else the machine does: a slow one is no fault found.
settings.register_profile("greenlane", deadline=None)
settings.load_profile("greenlane")


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Address of the run's Kafka broker."""
    with EmbeddedBroker() as embedded:
        yield embedded.bootstrap_servers


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topic names and application ids that no other test uses."""
    return f"t{uuid4().hex[:8]}."


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the broker, so that `-m "not broker"` leaves it out."""
    for item in items:
        if "broker" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.broker)
