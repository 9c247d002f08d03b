"""What goes wrong in a schedule: drawn from its seed, at a moment or at a station of a request."""

from enum import Enum
from random import Random
from typing import NamedTuple

from tests.simulation.load import DURATION_S
from tests.simulation.network import Fate


class Kind(Enum):
    """A fault. What is done to whom stands in `disturbance.py`."""

    CRASH = "crash"
    FREEZE = "freeze"
    BLOCK = "blocked main thread"
    REPLACE = "frozen and replaced"
    STOP = "clean stop"
    JOIN = "another worker"
    REJOIN = "member joins again"
    CUT = "network cut"
    STALL = "broker stalls"
    COMPACT = "compaction"
    MISHAP = "lost request"
    SLOW = "slow request"


class Station(NamedTuple):
    """A point in the life of a request: when it is `sent`, or its answer `answered`."""

    request: str
    point: str


AFTER_OFFSETS = Station("commit_offsets", "answered")
"""Between the offset commit and the end of the transaction."""
AFTER_REJOIN = Station("sync", "answered")

STATIONS = (
    AFTER_OFFSETS,
    AFTER_REJOIN,
    Station("add_partitions", "answered"),
    Station("add_offsets", "answered"),
    Station("produce", "sent"),
    Station("produce", "answered"),
    Station("commit_offsets", "sent"),
    Station("end_transaction", "sent"),
    Station("end_transaction", "answered"),
    Station("fetch", "answered"),
    Station("fetch_offsets", "answered"),
    Station("read", "answered"),
    Station("join", "sent"),
    Station("heartbeat", "answered"),
    Station("init_producer", "answered"),
)
OF_WORKERS = {
    Kind.CRASH,
    Kind.FREEZE,
    Kind.BLOCK,
    Kind.REPLACE,
    Kind.STOP,
    Kind.CUT,
    Kind.REJOIN,
}
RETRIED = (
    "add_partitions",
    "add_offsets",
    "commit_offsets",
    "end_transaction",
    "produce",
    "fetch",
    "fetch_offsets",
    "join",
    "sync",
    "heartbeat",
    "read",
    "init_producer",
)
OF_PRODUCER = RETRIED[:5]
WEIGHTS = {
    Kind.CRASH: 6,
    Kind.FREEZE: 8,
    Kind.BLOCK: 3,
    Kind.REPLACE: 1,
    Kind.STOP: 2,
    Kind.JOIN: 2,
    Kind.REJOIN: 3,
    Kind.CUT: 2,
    Kind.STALL: 1,
    Kind.COMPACT: 2,
    Kind.MISHAP: 5,
    Kind.SLOW: 3,
}


class Fault(NamedTuple):
    """One fault: at a time, or at the n-th passage of a station."""

    kind: Kind
    at_s: float | None
    station: Station | None
    passage: int
    lasts_s: float
    fate: Fate | None = None


def plan_faults(random: Random, *, session_s: float) -> list[Fault]:
    """Up to eight faults: one at a time when there is work, so that it does happen; often one at
    the points that only the generation of the fetch and stable offsets make safe; any others."""
    first = Fault(
        random.choice((Kind.CRASH, Kind.FREEZE, Kind.STOP)),
        random.uniform(0.5, DURATION_S),
        None,
        0,
        _duration_s(random, session_s),
    )
    faults = [first]
    for station, share in ((AFTER_OFFSETS, 0.4), (AFTER_REJOIN, 0.2)):
        if random.random() < share:
            lasts_s = _longer_than(session_s, random)
            faults.append(Fault(Kind.FREEZE, None, station, random.randint(1, 8), lasts_s))
    return faults + [_fault(random, session_s) for _ in range(random.randint(0, 5))]


def _fault(random: Random, session_s: float) -> Fault:
    kind = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    lasts_s = _duration_s(random, session_s)
    at_s = random.uniform(0, 2 * DURATION_S)
    if kind is Kind.MISHAP:
        fate = random.choice(tuple(Fate))
        names = RETRIED if fate in {Fate.REQUEST_LOST, Fate.ANSWER_LOST} else OF_PRODUCER
        request = "produce" if fate is Fate.REFUSED else random.choice(names)
        return Fault(kind, None, Station(request, "fate"), random.randint(1, 12), 0.0, fate)
    if kind is Kind.SLOW:
        station = Station(random.choice(RETRIED), "delay")
        return Fault(kind, None, station, random.randint(1, 12), random.uniform(0.05, 12.0))
    if kind in OF_WORKERS and random.random() < 0.7:
        return Fault(kind, None, random.choice(STATIONS), random.randint(1, 12), lasts_s)
    return Fault(kind, at_s, None, 0, lasts_s)


def _duration_s(random: Random, session_s: float) -> float:
    """Short, or longer than a silent member keeps its place."""
    if random.random() < 0.3:
        return random.uniform(0.05, 2.0)
    return _longer_than(session_s, random)


def _longer_than(session_s: float, random: Random) -> float:
    return session_s * random.uniform(1.05, 2.5)
