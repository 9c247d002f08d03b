"""What intake costs by itself: decode, all data rules, acknowledgement, envelopes.

`python -m tests.intake.bench [PARCELS]` lets the room work on simulated manifests of canonical
JSON, once without faults and once with a fault in every third parcel, and prints parcels for each
second of processor time. Processor time of this process counts, not the clock on the wall, so that
other work on the machine disturbs little; the best of several rounds is printed.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence

from pipeline.intake.room import IntakeRoom
from pipeline.intake.rules import load_data_rules
from pipeline.rulebook.book import load_rule_book
from pipeline.rulebook.shelf import Shelf
from pipeline.sandbox.carriers.simulate import CLEAN_MIX, Mix, simulate
from pipeline.sandbox.carriers.truth import SimulatedMessage
from pipeline.settings import Settings
from pipeline.stream import Record
from pipeline.stream.report import RoomReport
from pipeline.stream.work import Workshop

PARCELS = 40_000
ROUNDS = 5
SEED = 1
BARS = {"clean": 40_000, "every third parcel at fault": 15_000}
MIXES = {"clean": CLEAN_MIX, "every third parcel at fault": CLEAN_MIX._replace(faulty=1 / 3)}


def main(parcels: int = PARCELS) -> None:
    """Print one line of JSON for each mix."""
    for name, mix in MIXES.items():
        rate = parcels_per_cpu_s(parcels, mix)
        line = {"mix": name, "parcels_per_cpu_s": round(rate), "bar": BARS[name]}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def parcels_per_cpu_s(parcels: int, mix: Mix, rounds: int = ROUNDS) -> float:
    """Parcels worked on for each second of this process's CPU, in the best of `rounds` rounds."""
    messages = list(simulate(parcels, SEED, mix))
    announced = sum(message.announced for message in messages)
    return announced / min(_work(messages) for _ in range(rounds))


def _work(messages: Sequence[SimulatedMessage]) -> float:
    """Seconds of CPU of a room that has seen nothing yet: its caches are filled on the way."""
    room = IntakeRoom(Settings(), load_data_rules(), Shelf(load_rule_book()))
    workshop = Workshop([room], defaultdict(lambda: 8))
    records = [
        Record("manifests", 0, offset, 1_783_324_800_000, message.key, message.value, ())
        for offset, message in enumerate(messages)
    ]
    started = time.process_time()
    for record in records:
        outbox = workshop.new_outbox()
        workshop.work(record, outbox, RoomReport())
        for _ in outbox.outputs():
            pass
    return time.process_time() - started


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
