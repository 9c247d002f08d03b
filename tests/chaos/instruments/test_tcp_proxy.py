"""The proxy passes bytes unchanged, and harms connections only when it is told to."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from random import Random

import pytest

from pipeline.sandbox.ports import free_port
from tests.chaos.instruments.tcp_proxy import HOST, TcpProxy
from tests.stream.cluster import until


@pytest.fixture
async def echo_port() -> AsyncIterator[int]:
    """A server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1_000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, HOST, free_port())
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
def proxy(echo_port: int) -> Iterator[TcpProxy]:
    with TcpProxy(free_port(), echo_port) as running:
        yield running


class Client:
    """One connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, proxy: TcpProxy) -> "Client":
        return cls(*await asyncio.open_connection(HOST, proxy.port))

    async def ask(self, data: bytes) -> bytes:
        """What comes back; nothing if the connection is broken."""
        try:
            self.writer.write(data)
            return await self.reader.readexactly(len(data))
        except (ConnectionError, asyncio.IncompleteReadError):
            return b""


async def test_bytes_pass_unchanged_in_both_directions(proxy: TcpProxy):
    data = Random(1).randbytes(3_000_000)
    assert await (await Client.connect(proxy)).ask(data) == data
    assert proxy.bytes_passed == 2 * len(data)


async def test_a_cut_breaks_connections_and_refuses_new_ones_until_it_is_mended(proxy: TcpProxy):
    client = await Client.connect(proxy)
    assert await client.ask(b"before") == b"before"
    proxy.cut()
    assert await client.ask(b"during") == b""
    assert await (await Client.connect(proxy)).ask(b"new") == b""
    assert (proxy.connections_broken, proxy.connections_refused) == (1, 1)
    proxy.mend()
    assert await (await Client.connect(proxy)).ask(b"after") == b"after"


async def test_held_bytes_arrive_when_the_line_is_mended(proxy: TcpProxy):
    client = await Client.connect(proxy)
    assert await client.ask(b"before") == b"before"
    proxy.hold()
    asking = asyncio.create_task(client.ask(b"during"))
    done, _ = await asyncio.wait([asking], timeout=0.2)
    assert not done
    proxy.mend()
    assert await asking == b"during"


async def test_a_round_trip_takes_as_much_longer_as_asked(proxy: TcpProxy):
    client = await Client.connect(proxy)
    proxy.slow_down(0.2)
    started_s = time.monotonic()
    assert await client.ask(b"slow") == b"slow"
    assert time.monotonic() - started_s >= 0.2


async def test_one_of_several_connections_is_broken(proxy: TcpProxy):
    clients = [await Client.connect(proxy) for _ in range(3)]
    for client in clients:
        await client.ask(b"before")
    assert proxy.break_one(Random(1))
    assert sorted([await client.ask(b"after") for client in clients]) == [b"", b"after", b"after"]


async def test_a_connection_ends_with_its_client(proxy: TcpProxy):
    client = await Client.connect(proxy)
    await client.ask(b"before")
    client.writer.close()

    async def none_left() -> bool:
        return proxy.connections == 0

    await until(none_left)
    assert not proxy.break_one(Random(1))


async def test_without_its_target_connections_are_refused():
    with TcpProxy(free_port(), free_port()) as proxy:
        assert await (await Client.connect(proxy)).ask(b"nobody") == b""
