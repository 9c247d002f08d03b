"""Faults of the program itself, each of which the oracle must report: the suite tested by itself.

A mutant takes one protection away (`instruments/infections.py`). It is run with the fault against
which that protection stands, at the exact place in a cycle where it must show, and under the
smallest load that shows it every time. The same run without the mutant passes.
"""

import shutil
import signal
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pipeline.sandbox.carriers.simulate import Mix
from tests.chaos.families import zombie
from tests.chaos.family import CHAOS_MIX, Family, Plan, Span, simulated
from tests.chaos.freezing import freeze_at, kill_at
from tests.chaos.instruments.traps import Place
from tests.chaos.run import Run
from tests.chaos.runner import run_family
from tests.chaos.verdict import Verdict

PARCELS = 1_000
STALL_S = 15.0
"""What is lost never comes: longer than a restart or a takeover is enough."""
WITH_POISON = CHAOS_MIX._replace(corrupt=0.5)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One protection taken away, and how it is made to show."""

    summary: str
    place: Place
    fault: signal.Signals
    """SIGKILL, or SIGSTOP until another worker has joined and taken all partitions over."""
    reported_as: str
    """What the oracle must count: `lost` or `doubled`."""
    mix: Mix = CHAOS_MIX

    @property
    def harm(self) -> str:
        """The fault in words."""
        return f"{self.fault.name} at {self.place}"

    def caught_by(self, verdict: Verdict) -> bool:
        """Whether the oracle reported it, after a fault that really happened."""
        return verdict.valid and getattr(verdict, self.reported_as) > 0


MUTANTS = {
    "commit-before-send": Mutant(
        summary="memory and offsets are committed before outputs are sent",
        place=Place.COMMITTED,
        fault=signal.SIGKILL,
        reported_as="lost",
    ),
    "memory-outside": Mutant(
        summary="the state changelog is written outside the transaction",
        place=Place.COMMIT,
        fault=signal.SIGKILL,
        reported_as="lost",
    ),
    "dead-letters-dropped": Mutant(
        summary="dead letters are dropped",
        place=Place.WORK,
        fault=signal.SIGKILL,
        reported_as="lost",
        mix=WITH_POISON,
    ),
    "uncommitted-input": Mutant(
        summary="rooms read what aborted transactions left (read_uncommitted)",
        place=Place.COMMIT,
        fault=signal.SIGKILL,
        reported_as="doubled",
    ),
    "fencing-off": Mutant(
        summary="offsets are committed without generation and member (TxnOffsetCommit v0)",
        place=Place.WORK,
        fault=signal.SIGSTOP,
        reported_as="doubled",
    ),
    "newest-generation": Mutant(
        summary="offsets are committed under the newest generation, not the records' own",
        place=Place.REJOINED,
        fault=signal.SIGSTOP,
        reported_as="doubled",
    ),
    "unstable-offsets": Mutant(
        summary="a new owner does not wait for stable offsets",
        place=Place.OFFSETS,
        fault=signal.SIGSTOP,
        reported_as="doubled",
    ),
}


def family_of(name: str, *, infected: bool = True) -> Family:
    """The run in which a mutant must show; not infected, it is the same run of the product."""
    mutant = MUTANTS[name]
    return replace(
        zombie.FAMILY,
        name=name if infected else f"{name}, not infected",
        summary=mutant.summary,
        load_s=Span(brief=3, full=3),
        inject=partial(_inject, mutant),
        messages=partial(simulated, mix=mutant.mix),
        workers=1,
        settings={**zombie.FAMILY.settings, **({"CHAOS_MUTANT": name} if infected else {})},
        stall_s=Span(brief=STALL_S, full=STALL_S),
    )


async def run_mutant(name: str, plan: Plan, broker: str) -> Verdict:
    """What the oracle says of a mutant. Logs are kept if it does not report it."""
    verdict = await run_family(family_of(name), plan, shared_broker=broker)
    if MUTANTS[name].caught_by(verdict):
        for folder in {Path(log).parent for log in verdict.logs}:
            shutil.rmtree(folder, ignore_errors=True)
    return verdict


async def _inject(mutant: Mutant, run: Run) -> None:
    (worker,) = run.workers.all
    if mutant.fault is signal.SIGKILL:
        await kill_at(run, worker, mutant.place)
    else:
        await freeze_at(run, worker, mutant.place, meanwhile=run.workers.add)
    await run.until_ready()
