"""What a family of faults is: the load it needs, the installation it harms, and how.

A family is one file of `tests/chaos/families/` with a constant `FAMILY`:

    FAMILY = Family(
        name="sigkill",
        summary="workers are killed in bursts and one by one",
        load_s=Span(brief=5, full=60),
        inject=inject,
    )

`inject(run)` does the harm while the load runs, and returns when its last fault is over. It draws
everything random from `run.random`, and notes and confirms each fault:

    fault = run.faults.inject(f"SIGKILL of {worker.worker_id}")
    worker.kill()
    fault.confirm(worker.exit_status == -9, f"exit status {worker.exit_status}")

A fault that is not confirmed makes the whole run invalid. What the family promises beyond "nothing
lost, nothing twice" it states with `run.expect(condition, text)`; figures it wants to show go into
`run.measures`. Once everything is decided, `conclude(run)` can look again.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.contract.declarations import TopicDeclaration
from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.sandbox.carriers.simulate import Mix, Simulation
from pipeline.sandbox.carriers.truth import MessageKind
from pipeline.sandbox.workers import WORKER_COMMAND
from tests.chaos.load import Message

if TYPE_CHECKING:
    from tests.chaos.run import Run


CHAOS_MIX = Mix(faulty=0.02, repeat=0.05, conflict=0.01, corrupt=0.005)
PARCELS_AT_ONCE = 1_000


class Plan(NamedTuple):
    """What was asked for. Everything random in a run comes from `seed`."""

    parcels: int
    seed: int
    brief: bool
    """A few thousand parcels and few faults, in seconds: the form that `make test` runs."""


@dataclass(frozen=True)
class Span:
    """A figure of the brief form and of the full one."""

    brief: float
    full: float

    def of(self, plan: Plan) -> float:
        """The figure for this run."""
        return self.brief if plan.brief else self.full


def simulated(run: "Run", mix: Mix = CHAOS_MIX) -> Iterator[Message]:
    """Endless messages of simulated carriers; same seed, same bytes."""
    simulation = Simulation(run.plan.seed, mix)
    while True:
        for message in simulation.messages(PARCELS_AT_ONCE):
            repeats = message.kind is MessageKind.REPEAT
            yield Message(message.key, message.value, message.parcels, repeats=repeats)


@asynccontextmanager
async def _nothing_around(_: "Run") -> "Iterator[Mapping[str, str]]":  # type: ignore[misc]
    yield {}


async def _nothing_more(_: "Run") -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Family:
    """One way of doing harm. Everything but the first four has a default that mostly fits."""

    name: str
    summary: str
    """One sentence without a full stop, for the table."""
    load_s: Span
    """Over how many seconds the parcels are spread; the load goes on until the harm is done."""
    inject: "Callable[[Run], Awaitable[None]]"
    """Does the harm. The load runs already when it is called."""
    conclude: "Callable[[Run], Awaitable[None]]" = _nothing_more
    """Looks again once everything is decided; workers still run."""

    messages: "Callable[[Run], Iterator[Message]]" = simulated
    """The carriers' messages, without end."""
    load_share: float = 1.0
    """Of the parcels, how many the load publishes; what `inject` publishes itself is the rest."""
    feedback_share: float = 0.1
    """Of parcels held, those for which a payment or an inspection result is published."""

    journey_share: float = 0.08
    """Of all parcels, those that are cancelled or scanned (`journeys.py`)."""

    workers: int = 2
    worker_command: Sequence[str] = WORKER_COMMAND
    restarts: bool = True
    """Whether workers that end are started again. If not, a worker that ends fails the run."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the workers, beside those of every run."""
    around: "Callable[[Run], AbstractAsyncContextManager[Mapping[str, str]]]" = _nothing_around
    """Entered before the workers start and left after they ended: proxies, file systems. Gives
    environment variables for the workers; the broker runs already."""

    own_broker: bool = False
    """It harms the broker, or needs one that differs: no other run may share it."""
    new_broker: Callable[[Path], EmbeddedBroker] = lambda folder: EmbeddedBroker(data_dir=folder)
    topics: Callable[[Sequence[TopicDeclaration]], Sequence[TopicDeclaration]] = lambda them: them
    """Changes declarations before the topics are created."""

    why_not: Callable[[], str] = lambda: ""
    """Why it cannot be run here; empty if it can."""

    stall_s: Span = Span(brief=40, full=60)
    """Without any progress for so long, the run ends: something is stuck."""
    recovery_s_max: Span = Span(brief=30, full=30)
    """Within this time after the last fault, input of every partition must be worked on again."""
