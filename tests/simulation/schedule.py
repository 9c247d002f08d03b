"""One schedule: an installation, a load and its faults, all drawn from one seed."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from pipeline.stream import snapshots
from tests.simulation.checker import Findings
from tests.simulation.cluster import Cluster
from tests.simulation.disturbance import Disturbance
from tests.simulation.faults import plan_faults
from tests.simulation.load import plan_load
from tests.simulation.loop import SimulatedLoop
from tests.simulation.shape import draw_shape
from tests.simulation.trace import Recorder, no_trace

DEADLINE_S = 300.0


@dataclass(slots=True)
class Outcome:
    """What a schedule came to."""

    seed: int
    steps: int
    virtual_s: float
    happened: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def run_schedule(seed: int, show: Callable[[str], None] | None = None) -> Outcome:
    """Run one schedule; the same seed does the same again, step by step."""
    random = Random(seed)
    shape = draw_shape(random)
    loop = SimulatedLoop(random)
    disturbance = Disturbance(plan_faults(random, session_s=shape.session_timeout_s), random)
    trace = Recorder(loop.time, show) if show else no_trace
    trace("schedule", f"seed {seed}: {shape}")
    with _quiet(), _snapshot_folder() if shape.snapshot_s else nullcontext("") as folder:
        load = plan_load(random, shape.partitions)
        cluster = Cluster(loop, shape, load, disturbance, random, trace, folder)
        disturbance.begin(cluster)
        in_time = loop.run_until(lambda: cluster.over, DEADLINE_S)
        loop.close()
    outcome = Outcome(seed, loop.steps, loop.time(), _happened(cluster, disturbance))
    outcome.happened["records published"] = len(load)
    if not in_time:
        outcome.failures.append(f"stuck: work is left after {loop.time():.0f} virtual seconds")
    outcome.failures += [f"worker ended: {error!r}" for error in cluster.unexpected]
    outcome.failures += Findings(cluster.broker).all()
    for failure in outcome.failures:
        trace("schedule", f"FAILURE {failure}")
    return outcome


def _happened(cluster: Cluster, disturbance: Disturbance) -> Counter[str]:
    broker, happened = cluster.broker, Counter(disturbance.happened)
    happened["snapshots written"] = sum(run.snapshots for run in cluster.runs)
    happened["memories kept in a rebalance"] = sum(run.memories_kept for run in cluster.runs)
    happened["memories restored with snapshots"] = sum(run.snapshots_used for run in cluster.runs)
    happened["rebalances"] = broker.group.rebalances
    happened["members that were silent too long"] = broker.group.expired
    happened["late commits refused"] = cluster.fenced
    happened["offsets waited for until stable"] = broker.offsets.waited
    for how, count in broker.transactions.ended.items():
        happened[f"transactions {how}"] = count
    return happened


@contextmanager
def _snapshot_folder() -> Iterator[str]:
    """A folder, in memory where the machine has one, for snapshots written without a pause."""
    memory = Path("/dev/shm")  # noqa: S108 - only where to put the folder
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        patch.object(snapshots, "PAUSE_S", 0.0),
    ):
        yield folder


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log of the product, which tells of every poisoned record."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
