"""The counting rooms of tests/stream on the simulated broker, with no fault but those asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from pipeline.stream import Record
from pipeline.stream.outbox import Output
from tests.simulation.broker.broker import NO_HURDLES, Broker
from tests.simulation.loop import SimulatedLoop
from tests.simulation.network import Fate, Network
from tests.simulation.process import Process
from tests.simulation.surroundings import Surroundings
from tests.simulation.trace import no_trace
from tests.simulation.worker import Run
from tests.stream.counting import TOPICS, Count, Split, settings
from tests.stream.installation import EXIT_FAILED, Installation

SLICE_S = 0.05
DEADLINE_S = 120.0
FREEZE_AT = {"work": ("add_partitions", "sent"), "commit": ("commit_offsets", "answered")}


class FreezeOnce:
    """Freezes a worker at a station of a request; nothing else goes wrong."""

    def __init__(self) -> None:
        self.wanted: dict[Process, tuple[str, str]] = {}

    def fate(self, process: Process, request: str) -> Fate | None:
        return None

    def delay_s(self, process: Process, request: str) -> float:
        return 0.0

    def at(self, process: Process, request: str, point: str) -> None:
        if self.wanted.get(process) == (request, point):
            del self.wanted[process]
            process.freeze()


class SimulatedInstallation(Installation):
    """See `Installation`. Its time stands still except in `until`."""

    def __init__(self, seed: int = 1) -> None:
        random = Random(seed)
        self.loop = SimulatedLoop(random)
        self._lane = self.loop.new_lane("broker")
        self.broker = Broker(TOPICS, random, session_timeout_s=4.0, hurdles=NO_HURDLES)
        self._freezes = FreezeOnce()
        network = Network(self.loop, random, self._lane, self._freezes)
        self._surroundings = Surroundings(self.loop, self.broker, network, random, no_trace)
        self._runs = 0

    def start_worker(self, worker_id: str = "w1", *options: str) -> "SimulatedWorker":
        worker = SimulatedWorker(self)
        changed = {
            name: int(value) for name, _, value in (o.partition("=") for o in options) if value
        }
        self._runs += 1
        worker.run = Run(
            self._surroundings,
            settings("memory:0", "", worker_id, 0, **changed),
            (Split(), Count()),
            worker.ended,
            number=self._runs,
            records_max=500,
        )
        for point in FREEZE_AT.keys() & set(options):
            self._freezes.wanted[worker.run] = FREEZE_AT[point]
        return worker

    async def publish(
        self, topic: str, values: Sequence[bytes], *, timestamp_ms: int | None = None
    ) -> None:
        count = self.broker.partitions[topic]
        at_ms = int(self.loop.time() * 1000) if timestamp_ms is None else timestamp_ms
        outputs = [Output(topic, n % count, None, value, ()) for n, value in enumerate(values)]
        self.loop.call_soon(self.broker.publish, outputs, at_ms, context=self._lane.context)

    async def read(self, topic: str) -> list[Record]:
        return [
            Record(*place, e.offset, e.timestamp_ms, e.key, e.value, e.headers)
            for place, log in self.broker.logs.items()
            if place.topic == topic
            for e in log.fetch(0, committed=True, records_max=1_000_000).records
        ]

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        ends_at_s = self.loop.time() + DEADLINE_S
        while not await condition():
            assert self.loop.time() < ends_at_s, f"not so after {DEADLINE_S:.0f} virtual seconds"
            await asyncio.to_thread(self.loop.run_for, SLICE_S)

    def close(self) -> None:
        """Drop everything."""
        self.loop.close()


class SimulatedWorker:
    """See `Worker`."""

    run: Run

    def __init__(self, installation: SimulatedInstallation) -> None:
        self._installation = installation
        self._error: BaseException | None = None

    def ended(self, _: Run, error: BaseException) -> None:
        """It ended itself."""
        self._error = error

    async def until_restored(self, partitions: int) -> None:
        await self._until(lambda: self.run.restored_partitions == partitions)

    async def until_frozen(self) -> None:
        await self._until(lambda: self.run.frozen)

    def wake(self) -> None:
        self.run.thaw()

    def kill(self) -> None:
        self.run.kill()

    async def stop(self) -> int:
        self._installation.loop.start(self.run.lanes["main"], self.run.stop())
        return await self.exit_status()

    async def exit_status(self) -> int:
        await self._until(lambda: not self.run.alive)
        return EXIT_FAILED if self._error else 0

    async def _until(self, condition: Callable[[], bool]) -> None:
        async def so() -> bool:
            return condition()

        await self._installation.until(so)
