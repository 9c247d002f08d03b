"""Messages nobody can read among good ones: each becomes a dead letter, and costs little.

The same load is published three times in turn, clean, with 1 % and with 20 % of poison, and then
once more. What a good parcel costs is measured in seconds of CPU of the workers: on a machine that
does other work, too, the clock on the wall tells little.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import NamedTuple

import psutil

from pipeline.sandbox.carriers.simulate import CLEAN_MIX, CORRUPTIONS
from tests.chaos.family import Family, Span, simulated
from tests.chaos.load import Message
from tests.chaos.run import Run

SHARES = (0.0, 0.01, 0.2)
ROUNDS = 2
COST_RATIO_MAX = 1 / 0.9
"""Of one percent of poison: throughput of good parcels falls by less than a tenth."""

POISON: Mapping[str, Callable[[Message], Message]] = {
    "cut off": lambda m: m._replace(value=CORRUPTIONS[0](m.value or b"")),
    "in UTF-16": lambda m: m._replace(value=CORRUPTIONS[1](m.value or b"")),
    "of a later version": lambda m: m._replace(value=CORRUPTIONS[2](m.value or b"")),
    "empty": lambda m: m._replace(value=b""),
    "without a value": lambda m: m._replace(value=None),
    "without a key": lambda m: m._replace(key=None),
    "under another key": lambda m: m._replace(key=b"NOBODY/NOTHING"),
    "deeply nested": lambda m: m._replace(value=b"[" * 200_000),
    "a megabyte of nothing": lambda m: m._replace(value=b" " * 1_000_000),
    "random bytes": lambda m: m._replace(value=bytes(range(256)) * 40),
}


class Cost(NamedTuple):
    """What a round took, for each good parcel."""

    cpu_us: float
    per_second: float


async def inject(run: Run) -> None:
    """Publish in rounds, and wait after each until everything has an end."""
    messages = simulated(run, CLEAN_MIX)
    parcels = run.plan.parcels // (len(SHARES) * ROUNDS) + 1
    await publish_round(run, messages, parcels // 2, 0.0)  # imports, first fetches
    costs: dict[float, list[Cost]] = {share: [] for share in SHARES}
    for _ in range(ROUNDS):
        for share in SHARES:
            costs[share].append(await publish_round(run, messages, parcels, share))
    cpu_us = {share: median(cost.cpu_us for cost in costs[share]) for share in SHARES}
    for share in SHARES:
        run.measures[f"poison_{share:.0%}"] = {
            "cpu_us_per_good_parcel": round(cpu_us[share], 1),
            "good_parcels_per_s": round(median(cost.per_second for cost in costs[share])),
            "cost_ratio": round(cpu_us[share] / cpu_us[0.0], 3),
        }
    ratio = cpu_us[SHARES[1]] / cpu_us[0.0]
    # A few hundred parcels say nothing about throughput.
    run.expect(
        run.plan.brief or ratio < COST_RATIO_MAX,
        f"with 1 % of poison a good parcel costs {ratio:.2f} times what it costs without",
    )


async def publish_round(run: Run, messages: Iterator[Message], parcels: int, share: float) -> Cost:
    """Good parcels with so much poison among their messages; what a good one cost."""
    cpu_s, started_s = cpu_seconds(run), time.monotonic()
    good: list[Message] = []
    while sum(message.parcels for message in good) < parcels:
        good.append(next(messages))
    poisoned = round(share / (1 - share) * len(good))
    if share == SHARES[-1]:
        poisoned = max(poisoned, len(POISON))  # each kind at least once
    mixed = list(good)
    for kind in random_kinds(run, poisoned):
        place = run.random.randrange(len(mixed))
        mixed.insert(place, POISON[kind](run.random.choice(good)))
    fault = run.faults.inject(f"{poisoned} messages of poison", poisoned) if poisoned else None
    letters = run.progress.letters
    for message in mixed:
        await run.load.publish_manifest(message)
    await run.load.flush()
    await run.until(lambda: not run.progress.backlog, "every parcel has an end")
    if fault:
        found = run.progress.letters - letters
        fault.confirm(found, f"{found} more dead letters")
        fault.over()
    parcels = sum(message.parcels for message in good)
    seconds = time.monotonic() - started_s
    return Cost((cpu_seconds(run) - cpu_s) / parcels * 1e6, parcels / seconds)


def random_kinds(run: Run, number: int) -> list[str]:
    """Kinds of poison, each about as often as any other."""
    kinds = list(POISON) * (number // len(POISON) + 1)
    run.random.shuffle(kinds)
    return kinds[:number]


def cpu_seconds(run: Run) -> float:
    """CPU the workers have used."""
    times = [psutil.Process(worker.pid).cpu_times() for worker in run.workers.running]
    return sum(time.user + time.system for time in times)


async def conclude(run: Run) -> None:
    """As many dead letters as messages of poison."""
    poisoned = run.faults.confirmed
    run.expect(
        run.progress.letters == poisoned,
        f"{poisoned} messages of poison, {run.progress.letters} dead letters",
    )


FAMILY = Family(
    name="poison",
    summary="messages nobody can read, 1 % and 20 % of them",
    load_s=Span(brief=1, full=1),
    load_share=0.0,
    feedback_share=0.0,
    journey_share=0.0,
    inject=inject,
    conclude=conclude,
    restarts=False,
)
