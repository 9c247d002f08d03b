"""What the simulated carriers publish: seeded, with repetitions and poison."""

from random import Random
from typing import NamedTuple

from pipeline.stream.outbox import Output
from tests.simulation.rooms import POISON

DURATION_S = 3.0
REPEATED_SHARE = 0.15
POISON_SHARE = 0.06


class Publication(NamedTuple):
    """One record and when it is published."""

    at_s: float
    output: Output


def plan_load(random: Random, partitions: int) -> list[Publication]:
    """Some dozens of records over a few seconds, in bursts, in the order of their times."""
    publications = []
    keys = [f"k{number}" for number in range(random.randint(1, 5))]
    for number in range(random.randint(8, 40)):
        poison = POISON if random.random() < POISON_SHARE else ""
        value = f"{poison}n{number} {random.choice(keys)}".encode()
        output = Output("in", random.randrange(partitions), None, value, ())
        publications.append(Publication(_time_s(random), output))
        while random.random() < REPEATED_SHARE:
            publications.append(Publication(_time_s(random), output))
    return sorted(publications)


def _time_s(random: Random) -> float:
    return round(random.random() * DURATION_S, random.choice((0, 1, 3)))
