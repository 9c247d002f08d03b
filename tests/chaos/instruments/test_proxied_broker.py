"""Who comes through the proxy is sent back to it; who comes directly is not."""

from pathlib import Path

import pytest
from aiokafka.client import AIOKafkaClient

from tests.chaos.instruments.proxied_broker import ProxiedBroker

pytestmark = pytest.mark.broker


async def told_port(port: int) -> int:
    """The port at which the broker wants to be met by who asks at this one."""
    client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{port}")
    await client.bootstrap()
    try:
        (node,) = client.cluster.brokers()
        return node.port
    finally:
        await client.close()


async def test_each_listener_names_its_own_address(tmp_path: Path) -> None:
    with ProxiedBroker(tmp_path) as broker:
        assert await told_port(broker.behind_port) == broker.proxy_port
        plain = int(broker.bootstrap_servers.split(":")[1])
        assert await told_port(plain) == plain
