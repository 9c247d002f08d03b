"""Does the planned faults to the cluster, and counts those that really happened."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.faults import AFTER_OFFSETS, AFTER_REJOIN, Fault, Kind, Station
from tests.simulation.network import Fate
from tests.simulation.process import Process
from tests.simulation.worker import Run

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster

STALL_S_MAX = 6.0
NOBODY_THERE_S = 0.5
FROZEN = {Kind.FREEZE, Kind.REPLACE}


class Disturbance:
    """The faults of one schedule. It is what the network asks at each station of a request."""

    def __init__(self, faults: Iterable[Fault], random: Random) -> None:
        self.happened: Counter[str] = Counter()
        self._random = random
        self._timed = [fault for fault in faults if fault.at_s is not None]
        self._waiting: defaultdict[Station, list[Fault]] = defaultdict(list)
        self._passed: Counter[Station] = Counter()
        self._cluster: Cluster
        for fault in faults:
            if fault.station:
                self._waiting[fault.station].append(fault)

    def begin(self, cluster: "Cluster") -> None:
        """Start the clock of those that come at a time."""
        self._cluster = cluster
        for fault in self._timed:
            cluster.later(fault.at_s, self._strike_someone, fault)

    def fate(self, process: Process, request: str) -> Fate | None:
        """Asked when a request is sent."""
        fault = self._due(Station(request, "fate"))
        if fault is None:
            return None
        self._note(process.name, fault, request)
        return fault.fate

    def delay_s(self, process: Process, request: str) -> float:
        """How much longer a request takes than usual."""
        fault = self._due(Station(request, "delay"))
        if fault is None:
            return 0.0
        self._note(process.name, fault, request)
        return fault.lasts_s

    def at(self, process: Process, request: str, point: str) -> None:
        """Told at each station of a request."""
        self._cluster.trace(process.name, f"{request} {point}")
        fault = self._due(Station(request, point))
        if fault and isinstance(process, Run):
            self._strike(fault, process)

    def _due(self, station: Station) -> Fault | None:
        waiting = self._waiting.get(station)
        if not waiting:
            return None
        self._passed[station] += 1
        for fault in waiting:
            if fault.passage == self._passed[station]:
                waiting.remove(fault)
                return fault
        return None

    def _strike_someone(self, fault: Fault) -> None:
        if fault.kind is Kind.JOIN:
            self._note("cluster", fault)
            self._cluster.add_worker()
        elif fault.kind is Kind.STALL:
            self._note("broker", fault)
            self._cluster.stall_broker(min(fault.lasts_s, STALL_S_MAX))
        elif fault.kind is Kind.COMPACT:
            if self._cluster.compact(self._random):
                self._note("broker", fault)
        else:
            victims = self._cluster.vulnerable()
            if victims:
                self._strike(fault, self._random.choice(victims))
            else:
                self._cluster.later(NOBODY_THERE_S, self._strike_someone, fault)

    def _strike(self, fault: Fault, run: Run) -> None:
        if run not in self._cluster.vulnerable():
            return
        self._note(run.name, fault, str(fault.station and " ".join(fault.station)))
        if fault.kind in FROZEN and fault.station == AFTER_OFFSETS:
            self.happened["frozen between offset commit and end of transaction"] += 1
        if fault.kind in FROZEN and fault.station == AFTER_REJOIN and self._cluster.loop.time() > 1:
            self.happened["frozen after rejoining"] += 1
        self._cluster.do(fault.kind, run, fault.lasts_s)

    def _note(self, whom: str, fault: Fault, where: str = "") -> None:
        self.happened[fault.kind.value] += 1
        fate = f" ({fault.fate.value})" if fault.fate else ""
        self._cluster.trace(whom, f"--- {fault.kind.value}{fate} {where} {fault.lasts_s:.1f} s")
