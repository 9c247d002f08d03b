"""`python -m tests.budget [PARCELS]`: where the processor time of a parcel goes, room by room.

The rooms work on what simulated carriers send, faults included, in cycles of some hundred parcels
as at 5,000 a second, with real envelopes and changelogs in between, but without a broker: sending,
fetching and committing are measured by `python -m tests.stream.bench`. Processor time of this
process counts; a first round, which fills the caches, does not.
"""

import gc
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from pipeline.app import build_rooms
from pipeline.cli.worker import collect_garbage_seldom
from pipeline.sandbox.carriers.simulate import simulate
from pipeline.sandbox.carriers.truth import SimulatedMessage
from pipeline.settings import Settings
from pipeline.stream.murmur2 import partition_of
from pipeline.stream.outbox import Output
from pipeline.stream.records import Record, TopicPartition
from pipeline.stream.report import RoomReport
from pipeline.stream.work import Workshop

BUDGET_US = 80
"""For everything, stream core and broker included (docs/design.md)."""
PARCELS = 40_000
CYCLE_PARCELS = 400
CYCLE_MS = 80
PARTITIONS = 8
ROUNDS = 3
BEGIN_MS = 1_783_324_800_000
OUTPUTS = "envelopes and changelog records"

Costs = Counter[str]
"""Seconds of processor time by room."""


class Rooms:
    """All rooms on queues in memory, a cycle at a time."""

    def __init__(self) -> None:
        counts: defaultdict[str, int] = defaultdict(lambda: PARTITIONS)
        self._workshop = Workshop(build_rooms(Settings()), counts)
        self._offsets: Counter[TopicPartition] = Counter()
        self._waiting: list[Record] = []
        self._now_ms = BEGIN_MS

    def work_on(self, messages: list[SimulatedMessage]) -> Costs:
        """Let the rooms work until nothing waits."""
        costs: Costs = Counter()
        for cycle in _cycles(messages):
            for message in cycle:
                place = partition_of(message.key, PARTITIONS)
                self._queue(Output("manifests", place, message.key, message.value, ()))
            self._cycle(costs)
        while self._waiting:
            self._cycle(costs)
        return costs

    def _cycle(self, costs: Costs) -> None:
        self._now_ms += CYCLE_MS
        workshop, records = self._workshop, self._waiting
        self._waiting = []
        outbox = workshop.new_outbox()
        for record in records:
            began_s = time.process_time()
            workshop.work(record, outbox, RoomReport())
            costs[workshop.room_of[record.topic].name] += time.process_time() - began_s
        began_s = time.process_time()
        changes = workshop.changelog(
            {TopicPartition(r.topic, r.partition) for r in records}, outbox
        )
        outputs = [*outbox.outputs(), *changes]
        costs[OUTPUTS] += time.process_time() - began_s
        for output in outputs:
            if output.topic in workshop.room_of:
                self._queue(output)

    def _queue(self, output: Output) -> None:
        topic, partition, key, value, headers = output
        place = TopicPartition(topic, partition)
        record = Record(topic, partition, self._offsets[place], self._now_ms, key, value, headers)
        self._offsets[place] += 1
        self._waiting.append(record)


def _cycles(messages: list[SimulatedMessage]) -> Iterator[list[SimulatedMessage]]:
    cycle: list[SimulatedMessage] = []
    for message in messages:
        cycle.append(message)
        if sum(one.announced for one in cycle) >= CYCLE_PARCELS:
            yield cycle
            cycle = []
    yield cycle


def cpu_us(parcels: int = PARCELS, rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds of a parcel by room, in the cheapest of `rounds` rounds."""
    rooms = Rooms()
    rooms.work_on(list(simulate(parcels, seed=0)))
    measured: list[dict[str, float]] = []
    for seed in range(1, rounds + 1):
        messages = list(simulate(parcels, seed))
        announced = sum(message.announced for message in messages)
        gc.collect()
        costs = rooms.work_on(messages)
        measured.append({name: cost / announced * 1e6 for name, cost in costs.items()})
    return min(measured, key=lambda costs: sum(costs.values()))


def main(parcels: int = PARCELS) -> None:
    """Print the table."""
    collect_garbage_seldom()
    costs = cpu_us(parcels)
    table = Table("part", "CPU microseconds a parcel", title="Rooms without a broker")
    for name, cost_us in costs.items():
        table.add_row(name, f"{cost_us:.1f}")
    table.add_section()
    table.add_row("together", f"{sum(costs.values()):.1f}")
    table.add_row("budget, with stream core and broker", str(BUDGET_US))
    Console().print(table)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
