"""A simulated installation: broker, workers with their supervisor, and carriers that publish."""

from collections.abc import Callable, Iterable
from random import Random

from aiokafka import errors

from pipeline.stream.log import DeliveryError, MembershipRefusedError, WorkerFencedError
from pipeline.stream.records import TopicPartition
from pipeline.stream.settings import StreamSettings
from tests.simulation.broker.broker import Broker, Hurdles
from tests.simulation.disturbance import Disturbance
from tests.simulation.faults import Kind
from tests.simulation.load import Publication
from tests.simulation.loop import SimulatedLoop
from tests.simulation.network import Network
from tests.simulation.rooms import Chain, Sort, topics
from tests.simulation.shape import Shape
from tests.simulation.surroundings import Surroundings
from tests.simulation.trace import Trace
from tests.simulation.worker import RESTART_S, Run

EXPECTED = (WorkerFencedError, MembershipRefusedError, DeliveryError, errors.KafkaError)
"""How a worker may end when others take over, or the broker says no."""
CHECK_S = 0.25
QUIET_CHECKS = 8
"""For so long nothing may be left to do before a schedule counts as over."""


class Cluster:
    """Everything that lives in a schedule, and what can be done to it."""

    def __init__(
        self,
        loop: SimulatedLoop,
        shape: Shape,
        load: Iterable[Publication],
        disturbance: Disturbance,
        random: Random,
        trace: Trace,
        snapshot_dir: str,
    ) -> None:
        self.loop = loop
        self.trace = trace
        self.over = False
        self.errors: list[BaseException] = []
        self.runs: list[Run] = []
        self._shape = shape
        self._snapshot_dir = snapshot_dir
        self._lane = loop.new_lane("broker")
        self.broker = Broker(
            topics(shape.partitions),
            random,
            session_timeout_s=shape.session_timeout_s,
            hurdles=Hurdles(),
        )
        network = Network(loop, random, self._lane, disturbance)
        self._surroundings = Surroundings(loop, self.broker, network, random, trace)
        self._current: dict[str, Run] = {}
        self._pending = 0
        self._quiet = 0
        self._load_left = 0
        for publication in load:
            self.later(publication.at_s, self._publish, publication)
        for number in range(shape.workers):
            self.later(random.random(), self._start, f"w{number}")
        loop.call_later(CHECK_S, self._check)

    def vulnerable(self) -> list[Run]:
        """Runs that a fault can hit: alive, not frozen, not stopping."""
        return [r for r in self.runs if r.alive and not r.frozen and not r.stopping]

    def add_worker(self) -> None:
        """One more worker joins the group."""
        self._start(f"w{len(self._current)}")

    def do(self, kind: Kind, run: Run, lasts_s: float) -> None:
        """Kill, stop, freeze or cut off a run; what is gone comes back after a while."""
        if kind is Kind.CRASH:
            run.kill()
            self.later(lasts_s, self._restart, run)
        elif kind is Kind.STOP:
            self.loop.start(run.lanes["main"], run.stop())
            self.later(lasts_s, self._restart, run)
        elif kind is Kind.REJOIN:
            run.rejoin()
        elif kind is Kind.CUT:
            run.cut_off_until_s = self.loop.time() + lasts_s
            self.later(lasts_s, self.trace, run.name, "is connected again")
        else:
            run.freeze(*(("main",) if kind is Kind.BLOCK else ()))
            self.later(lasts_s, self._thaw, run)
            if kind is Kind.REPLACE:
                self.later(RESTART_S, self._start, self._worker_of(run))

    def stall_broker(self, lasts_s: float) -> None:
        """The broker does nothing for a while."""
        self.loop.hold(self._lane)
        self.later(lasts_s, self.loop.release, self._lane)

    def compact(self, random: Random) -> int:
        """Compact some changelog partitions; how many entries went."""
        return sum(
            log.compact()
            for place, log in self.broker.logs.items()
            if place.topic.endswith("-changelog") and random.random() < 0.7
        )

    def later(self, delay_s: float, function: Callable[..., object], *arguments: object) -> None:
        """Do something later; until then, the schedule is not over."""

        def do() -> None:
            self._pending -= 1
            function(*arguments)

        self._pending += 1
        world = self.loop.world.context
        self.loop.call_later(delay_s, do, context=world)

    def _publish(self, publication: Publication) -> None:
        self.loop.call_soon(
            self.broker.publish,
            [publication.output],
            int(self.loop.time() * 1000),
            context=self._lane.context,
        )

    def _start(self, worker_id: str) -> None:
        settings = StreamSettings(
            broker="memory:0",
            application_id="app",
            worker_id=worker_id,
            session_timeout_ms=int(self._shape.session_timeout_s * 1000),
            transaction_timeout_ms=int(self._shape.transaction_timeout_s * 1000),
            cycle_bytes_max=self._shape.cycle_bytes_max,
            snapshot_dir=self._snapshot_dir,
            snapshot_interval_ms=int((self._shape.snapshot_s or 0) * 1000),
        )
        run = Run(
            self._surroundings,
            settings,
            (Sort(), Chain()),
            self._ended,
            number=len(self.runs),
            records_max=self._shape.records_max,
        )
        self.runs.append(run)
        self._current[worker_id] = run

    def _ended(self, run: Run, error: BaseException) -> None:
        self.errors.append(error)
        if isinstance(error, EXPECTED):
            self.later(RESTART_S, self._restart, run)
        else:
            self.over = True

    def _restart(self, run: Run) -> None:
        """Start a worker again, unless that was done already."""
        worker_id = self._worker_of(run)
        if self._current[worker_id] is not run:
            return
        if run.alive:  # still stopping
            self.later(RESTART_S, self._restart, run)
        else:
            self._start(worker_id)

    def _thaw(self, run: Run) -> None:
        if run.alive:
            self.trace(run.name, "goes on")
            run.thaw()

    def _worker_of(self, run: Run) -> str:
        return run.engine.settings.worker_id

    def _check(self) -> None:
        self._quiet = self._quiet + 1 if self._idle() else 0
        self.over = self.over or self._quiet >= QUIET_CHECKS
        self.loop.call_later(CHECK_S, self._check)

    def _idle(self) -> bool:
        if self._pending or any(run.alive and run.engine.working for run in self.runs):
            return False
        return not any(log.open for log in self.broker.logs.values()) and all(
            self.broker.offsets.committed.get(place, 0) >= self._end_of_input(place)
            for place in self.broker.logs
            if place.topic in {"in", "middle"}
        )

    def _end_of_input(self, place: TopicPartition) -> int:
        """Just behind the last record, without the markers after it."""
        visible = self.broker.logs[place].fetch(0, committed=True, records_max=1_000_000)
        return visible.records[-1].offset + 1 if visible.records else 0

    @property
    def fenced(self) -> int:
        """Late commits that the broker refused."""
        return sum(isinstance(error, WorkerFencedError) for error in self.errors)

    @property
    def unexpected(self) -> list[BaseException]:
        """Errors that no worker may end with."""
        return [error for error in self.errors if not isinstance(error, EXPECTED)]
