"""A TCP proxy between worker and broker that cuts, slows and breaks connections on demand.

It runs in a thread of its own: a harness that is busy does not slow what passes through.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from random import Random
from threading import Thread
from types import TracebackType
from typing import Any, NamedTuple, Self

HOST = "127.0.0.1"
READ_BYTES_MAX = 65_536
PIECES_UNDER_WAY_MAX = 64
"""In each direction of a connection; then the sender has to wait, as on a real line."""


class Piece(NamedTuple):
    """Bytes on their way, and when they arrive (monotonic seconds). No bytes: the end."""

    due_s: float
    data: bytes


class TcpProxy:
    """Passes connections to `port` on to `target_port`, both on loopback, until it is closed."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self._target_port = target_port
        self.connections_made = 0
        self.connections_refused = 0
        self.connections_broken = 0
        self.bytes_passed = 0
        self.round_trip_added_s = 0.0
        """What a question and its answer together take longer."""
        self._cut = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=f"proxy-{port}", daemon=True)

    @property
    def address(self) -> str:
        """Where clients connect, HOST:PORT."""
        return f"{HOST}:{self.port}"

    @property
    def connections(self) -> int:
        """Connections open at present."""
        return len(self._open)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen()).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._close()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Break all connections, and every new one at once, until `mend`."""
        self._call(self._break_all)

    def hold(self) -> None:
        """Let nothing through until `mend`, in silence: as when a cable is pulled.

        What was sent meanwhile arrives then, as TCP sends again what nobody confirmed, even if its
        sender has given up waiting.
        """
        self._call(self._flowing.clear)

    def mend(self) -> None:
        """Let connections and bytes through again."""
        self._cut = False
        self._call(self._flowing.set)

    def slow_down(self, round_trip_added_s: float) -> None:
        """Let bytes take longer from now on; half of it in each direction."""
        self.round_trip_added_s = round_trip_added_s

    def break_one(self, random: Random) -> bool:
        """Break a random open connection, with what is under way on it; whether there was one."""
        return self._call(self._break_one, random)

    def _run(self, work: Coroutine[Any, Any, Any]) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        async def call() -> Any:
            return function(*arguments)

        return self._run(call()).result()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)

    async def _close(self) -> None:
        self._server.close()
        self._break_all()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _break_all(self) -> None:
        self._cut = True
        for client, broker in self._open.items():
            _reset(client, broker)
        self.connections_broken += len(self._open)

    def _break_one(self, random: Random) -> bool:
        if not self._open:
            return False
        client = random.choice(list(self._open))
        _reset(client, self._open[client])
        self.connections_broken += 1
        return True

    async def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._cut:
            self.connections_refused += 1
            _reset(client)
            return
        try:
            broker_reader, broker = await asyncio.open_connection(HOST, self._target_port)
        except OSError:  # the broker itself is away
            _reset(client)
            return
        self.connections_made += 1
        self._open[client] = broker
        ways = [self._pass(reader, broker), self._pass(broker_reader, client)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            # Either end closes both, as between programs that speak Kafka's protocol.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            del self._open[client]
            _reset(client, broker)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way: asyncio.Queue[Piece] = asyncio.Queue(PIECES_UNDER_WAY_MAX)
        delivery = asyncio.create_task(self._deliver(under_way, writer))
        try:
            while data := await reader.read(READ_BYTES_MAX):
                due_s = time.monotonic() + self.round_trip_added_s / 2
                await under_way.put(Piece(due_s, data))
            await under_way.put(Piece(time.monotonic() + self.round_trip_added_s / 2, b""))
            await delivery
        except ConnectionError:
            return
        finally:
            delivery.cancel()

    async def _deliver(self, under_way: "asyncio.Queue[Piece]", to: asyncio.StreamWriter) -> None:
        while (piece := await under_way.get()).data:
            if (wait_s := piece.due_s - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            await self._flowing.wait()
            self.bytes_passed += len(piece.data)
            to.write(piece.data)
            await to.drain()


def _reset(*writers: asyncio.StreamWriter) -> None:
    """End connections at once; what is under way is lost."""
    for writer in writers:
        writer.transport.abort()
