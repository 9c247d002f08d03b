"""From a family to its verdict."""

import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pipeline.ops.ledger import Ledger
from pipeline.ops.ledger_reader import LedgerReader
from pipeline.sandbox.broker import EmbeddedBroker
from pipeline.settings import Settings
from tests.chaos.family import Family, Plan
from tests.chaos.progress import decided_after_s
from tests.chaos.run import Run, harm, installed
from tests.chaos.stuck import worked_on_again_s
from tests.chaos.verdict import Verdict

LEDGER_DEADLINE_S = 20.0
LEDGER_FIGURES = ("announced", "release", "inspection", "revenue", "rejected", "dead_lettered")


async def run_family(
    family: Family,
    plan: Plan,
    *,
    shared_broker: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Run a family once.

    Args:
        family: what is done.
        plan: how much of it, with which seed.
        shared_broker: address of a broker to use, if the family does not harm it. Without one it
            gets its own.
        tell: hears in words what is going on.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"greenlane-chaos-{family.name}-"))
    started_s = time.monotonic()
    broker = None
    if family.own_broker or shared_broker is None:
        broker = family.new_broker(folder / "kafka")
    async with _answering(broker, shared_broker or "") as address:
        run = Run(family, plan, bootstrap_servers=address, broker=broker, folder=folder, tell=tell)
        async with installed(run):
            await harm(run)
            ledger = await _ledger(run)
    verdict = _verdict(run, ledger, time.monotonic() - started_s)
    shutil.rmtree(folder / "kafka" / "data", ignore_errors=True)
    if verdict.passed:
        shutil.rmtree(folder)
    return verdict


@asynccontextmanager
async def _answering(broker: EmbeddedBroker | None, address: str) -> AsyncIterator[str]:
    if broker is None:
        yield address
        return
    with broker:
        yield broker.bootstrap_servers


async def _ledger(run: Run) -> Ledger:
    """The product's own ledger, with which the oracle must agree."""
    async with LedgerReader(
        run.bootstrap_servers,
        topic_prefix=run.topic_prefix,
        manifest_parcels_max=Settings().manifest_parcels_max,
    ) as reader:
        return await reader.settle(LEDGER_DEADLINE_S if not run.problems else 0)


def _recovery_s(run: Run) -> tuple[float, float]:
    """Seconds until everything was worked on again, and until what had waited was decided."""
    over_at_s = run.faults.over_at_s
    if over_at_s is None:
        return 0.0, 0.0
    decided_s = decided_after_s(run.progress.ends, over_at_s, time.time() - time.monotonic())
    return min(worked_on_again_s(run.positions.looks, over_at_s), decided_s), decided_s


def _verdict(run: Run, ledger: Ledger, duration_s: float) -> Verdict:
    found, faults = run.findings, run.faults
    recovered_s, decided_s = _recovery_s(run)
    recovery_s_max = run.family.recovery_s_max.of(run.plan)
    run.expect(
        recovered_s <= recovery_s_max,
        f"recovery took {recovered_s:.1f} s, more than {recovery_s_max:.0f} s",
    )
    refused = [dict(letter.headers) for letter in run.progress.refused_feedback]
    run.expect(not refused, f"answers of officers and collectors were refused: {refused[:3]}")
    run.expect(not run.load.refused, f"the broker refused: {run.load.refused[:3]}")
    run.expect(
        run.workers.restarts_allowed or not run.workers.ended,
        f"workers ended by themselves: {run.workers.ended[:5]}",
    )
    oracle_figures = {name: getattr(found, name) for name in LEDGER_FIGURES}
    ledger_figures = {name: getattr(ledger, name) for name in LEDGER_FIGURES}
    run.expect(
        oracle_figures == ledger_figures,
        f"oracle and ledger differ: {oracle_figures} and {ledger_figures}",
    )
    unconfirmed = [f"nobody saw this fault happen: {what}" for what in faults.unconfirmed]
    if not faults.faults:
        unconfirmed.append("no fault was injected")
    problems = [*unconfirmed, *run.problems, *found.words]
    kept = [*run.workers.log_paths, run.folder / "kafka" / "kafka.log"] if problems else []
    return Verdict(
        family=run.family.name,
        seed=run.plan.seed,
        faults=faults.confirmed,
        parcels=found.announced,
        lost=found.lost,
        doubled=found.doubled,
        contradictory=found.contradictory,
        out_of_order=found.out_of_order,
        torn=found.torn,
        recovery_s=round(recovered_s, 1),
        backlog_decided_s=round(decided_s, 1),
        valid=not unconfirmed,
        problems=problems,
        duration_s=round(duration_s, 1),
        measures=run.measures,
        fault_log=[{"what": fault.what, "evidence": fault.evidence} for fault in faults.faults],
        logs=[str(path) for path in kept if path.exists()],
    )
