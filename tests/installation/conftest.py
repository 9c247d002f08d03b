"""A whole installation on the run's broker: topics of its own and two worker processes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.installation.installation import Installation, installed


@pytest.fixture(scope="module")
def installation(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two workers on eight partitions."""
    prefix = f"t{uuid4().hex[:8]}."
    folder: Path = tmp_path_factory.mktemp("workers")
    with installed(broker, prefix, folder, workers=2) as running:
        yield running


@pytest.fixture
def small_installation(broker: str, tmp_path: Path) -> Iterator[Installation]:
    """One worker on one partition: everything happens in the order in which it was published."""
    prefix = f"t{uuid4().hex[:8]}."
    with installed(broker, prefix, tmp_path, workers=1, partitions=1) as running:
        yield running


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """An event loop for one test."""
    with asyncio.Runner() as loop:
        yield loop
