"""One secured broker for all tests of this folder, and an installation on it."""

import asyncio
from collections.abc import Iterator

import pytest

from pipeline.contract.acls import rights_of
from pipeline.contract.create import create_topics
from pipeline.contract.declarations import declarations
from pipeline.contract.grant import grant
from pipeline.sandbox.workers import WorkerPool, WorkerProcess
from tests.security.secured_broker import SecuredBroker, secured_broker

PREFIX = "customs."
APART = ("SWIFTPOST", "BLUEWAVE")
SHARING = {"carriers": "AEROPAK"}
"""The user of all carriers without topics of their own."""


@pytest.fixture(scope="package")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """A broker that wants TLS and a login, and grants nothing by itself."""
    with secured_broker(tmp_path_factory.mktemp("secured")) as broker:
        yield broker


@pytest.fixture(scope="package")
def worker(
    secured: SecuredBroker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkerProcess]:
    """Topics and rights as the admin makes them, and one worker that has only its own rights."""
    topics = declarations(APART)
    rights = rights_of(topics, users=SHARING, application_id="customs", topic_prefix=PREFIX)
    admin = secured.user("admin")
    asyncio.run(create_topics(admin, topics, topic_prefix=PREFIX, partitions=1))
    asyncio.run(grant(admin, rights))
    environment = {
        **secured.environment("workers"),
        "GREENLANE_TOPIC_PREFIX": PREFIX,
        "GREENLANE_APPLICATION_ID": "customs",
        "GREENLANE_CARRIERS_WITH_TOPICS": ",".join(APART),
    }
    with WorkerPool(1, environment, tmp_path_factory.mktemp("workers")) as pool:
        asyncio.run(pool.until_ready())
        yield pool.workers[0]


@pytest.fixture
def installation(secured: SecuredBroker, worker: WorkerProcess) -> SecuredBroker:
    """The broker of that installation; its worker has not ended by itself."""
    assert worker.exit_status is None
    return secured
