"""The three rooms with the contract's own examples behind them."""

import pytest

from pipeline.app import build_dry_run
from pipeline.contract.examples import accepted_examples
from pipeline.settings import Settings
from pipeline.stream.memory import MemoryStream
from tests.contract.rooms import publish


@pytest.fixture(scope="module")
def stream() -> MemoryStream:
    """The three rooms with every accepted manifest behind them."""
    stream = build_dry_run(Settings())
    for example in accepted_examples("Manifest"):
        publish(stream, "manifests", example)
    return stream
