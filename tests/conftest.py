"""One broker for the whole test run; unique topic names for each test."""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import settings

from pipeline.sandbox.broker import EmbeddedBroker

# How long an example takes depends on what else the machine does: a slow one is no fault found.
settings.register_profile("greenlane", deadline=None)
settings.load_profile("greenlane")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the run's Kafka broker."""
    if "PYTEST_XDIST_WORKER" in os.environ:  # a second process would start a second one
        (tmp_path_factory.getbasetemp().parent / "the one process with the broker").touch(
            exist_ok=False
        )
    with EmbeddedBroker() as embedded:
        yield embedded.bootstrap_servers


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topic names and application ids that no other test uses."""
    return f"t{uuid4().hex[:8]}."


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a broker, so that `-m "not broker"` leaves it out, and group it.

    `make test` has two processes (pytest-xdist with `--dist loadgroup`). What shares the run's
    broker stays in one of them, one test after the other; what starts brokers of its own stays in
    one, too, and that is the other one. All the rest goes wherever there is time.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if item.get_closest_marker("own_broker") or "secured" in fixtures:
            item.add_marker(pytest.mark.broker)
            item.add_marker(pytest.mark.xdist_group("own-broker"))
        elif item.get_closest_marker("broker") or "broker" in fixtures:
            item.add_marker(pytest.mark.broker)
            item.add_marker(pytest.mark.xdist_group("broker"))
