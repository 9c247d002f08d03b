"""`greenlane worker` from the outside."""

import pytest

from pipeline.cli.broker_check import require_broker
from pipeline.errors import BrokerError
from pipeline.sandbox.ports import free_port


@pytest.mark.parametrize("broker", ["127.0.0.1", "nowhere", "127.0.0.1:port"])
def test_an_address_that_is_none_is_told(broker: str) -> None:
    with pytest.raises(BrokerError, match="no Kafka broker answers"):
        require_broker(broker)


def test_a_missing_broker_is_told_with_what_to_do() -> None:
    with pytest.raises(BrokerError, match="greenlane broker"):
        require_broker(f"127.0.0.1:{free_port()}")
