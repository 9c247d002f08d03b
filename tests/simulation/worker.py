"""A worker: the product's engine and transport in a simulated process, and its supervisor."""

from collections.abc import Callable, Iterable
from random import Random

from pipeline.stream.clock import Clock
from pipeline.stream.engine import Engine
from pipeline.stream.report import CycleReport, RestoreReport
from pipeline.stream.room import Room
from pipeline.stream.settings import StreamSettings
from tests.simulation.client import SimulatedLog
from tests.simulation.loop import SimulatedLoop
from tests.simulation.process import Process
from tests.simulation.surroundings import Surroundings
from tests.simulation.transport import KafkaConsumer, SimulatedConsumer

RESTART_S = 0.5
LONG_WORK_SHARE = 0.05
LONG_WORK_S = 0.03


class ProcessEnded(BaseException):
    """Stands in for `os._exit`: nothing of the process runs after it."""


class Stopwatch:
    """By it most records take no time, and some so long that a cycle ends."""

    def __init__(self, loop: SimulatedLoop, random: Random) -> None:
        self._now = loop.time
        self._random = random
        self._worked_s = 0.0

    def __call__(self) -> float:
        if self._random.random() < LONG_WORK_SHARE:
            self._worked_s += LONG_WORK_S
        return self._now() + self._worked_s


class Run(Process):
    """One run of a worker's program."""

    def __init__(
        self,
        surroundings: Surroundings,
        settings: StreamSettings,
        rooms: Iterable[Room],
        on_end: "Callable[[Run, BaseException], None]",
        *,
        number: int,
        records_max: int,
    ) -> None:
        loop, random = surroundings.loop, surroundings.random
        super().__init__(loop, f"{settings.worker_id}.{number}", "main", "consumer")
        self._on_end = on_end
        self.stopping = False
        self.restored_partitions: int | None = None
        """Of how many partitions it has restored the memory; None without an assignment."""
        self.snapshots = 0
        self.snapshots_used = 0
        self.memories_kept = 0
        self._trace = surroundings.trace
        log = SimulatedLog(surroundings, self, settings)
        kafka = KafkaConsumer(surroundings, self, settings, records_max=records_max)
        clock = Clock(loop.time, Stopwatch(loop, random))
        self.engine = Engine(rooms, settings, self, self._fail, log, clock)
        self._consumer = SimulatedConsumer(self.engine, kafka, self, random, self._end)
        loop.start(self.lanes["main"], self._main())

    async def stop(self) -> None:
        """What SIGTERM leads to."""
        self.stopping = True
        await self._consumer.on_stop()
        self._trace(self.name, "has stopped")
        self.kill()

    def rejoin(self) -> None:
        """What a change of a topic leads to."""
        self._consumer.kafka._coordinator.request_rejoin()

    async def _main(self) -> None:
        self._trace(self.name, "starts")
        try:
            await self._consumer.on_start()
        except Exception as error:  # noqa: BLE001 - as Faust, which ends the worker
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._end(error)
        raise ProcessEnded

    def _end(self, error: BaseException) -> None:
        self._trace(self.name, f"ends: {error!r}")
        self.kill()
        self._on_end(self, error)

    # As the engine's observer

    def on_cycle(self, report: CycleReport) -> None:
        records = sum(room.records for room in report.rooms.values())
        self._trace(self.name, f"has committed {records} records, {report.outputs} outputs")

    def on_assigned(self, report: RestoreReport) -> None:
        self.restored_partitions = report.partitions
        self.snapshots_used += report.snapshot_entries > 0
        self.memories_kept += report.kept_entries > 0
        self._trace(
            self.name,
            f"is ready: {report.partitions} partitions, {report.kept_entries} entries kept, "
            f"{report.snapshot_entries} from snapshots, {report.changelog_records} records read",
        )

    def on_snapshot(self, seconds: float) -> None:
        self.snapshots += 1
        self._trace(self.name, "has written a snapshot")

    def on_snapshot_failed(self) -> None:
        self._trace(self.name, "could not write a snapshot")

    def on_revoked(self, partitions: int) -> None:
        self.restored_partitions = None
        self._trace(self.name, f"has let go of {partitions} partitions")
