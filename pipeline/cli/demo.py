"""`greenlane demo`: the whole pipeline at work, with one command."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import orjson
import typer
from rich.console import Console
from rich.live import Live

from pipeline import __version__
from pipeline.cli import demo_view
from pipeline.cli.options import BROKER_DEFAULT, settings_for
from pipeline.cli.program import program
from pipeline.connection import broker_of
from pipeline.model import Decision
from pipeline.model.explain import explain
from pipeline.ops.ledger import Ledger
from pipeline.sandbox.trial import Trial, trial
from pipeline.sandbox.trial_run import TrialRun

REFRESH_PER_SECOND = 5
EXIT_INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT


def demo(
    parcels: Annotated[int, typer.Option(min=1, help="Parcels to announce.")] = 50_000,
    rate: Annotated[
        float, typer.Option(min=0, help="Parcels per second; 0: as fast as they go.")
    ] = 0,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Worker processes.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the simulated carriers.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Go on producing until Ctrl-C.")] = False,
    broker: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Use a broker that runs already, on topics of its own."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one summary object as the last line instead.")
    ] = False,
) -> None:
    """Show everything at work: a broker, workers, simulated carriers, and the closing ledger.

    For example:

        greenlane demo
        greenlane demo --rate 1000 --parcels 30000
        greenlane demo --parcels 200000 --json

    Starts Apache Kafka on this machine (the first time it is downloaded, 45 MB), creates the
    topics, starts the workers, publishes manifests of simulated carriers with planted faults,
    undervalued, split and prohibited goods, and waits until every parcel is decided. At the end
    everything is stopped and removed, on Ctrl-C too. Exit status: 0 if the ledger closes
    (difference 0), 1 if not, 130 if it was stopped before the end.
    """
    console = Console(stderr=as_json, highlight=False)
    settings = settings_for(broker or BROKER_DEFAULT)
    status = console.status("starting")
    starting = trial(
        broker=broker_of(settings) if broker else None,
        workers=workers,
        carriers_apart=settings.carriers_apart(),
        progress=status.update,
    )
    with _stoppable(console), status, starting as started:
        status.stop()
        run = TrialRun(started, seed=seed)
        ledger = _run(run, started, console, parcels, rate=rate, keep=keep)
        if as_json:
            sys.stdout.write(orjson.dumps(_summary(run, ledger, workers, seed)).decode() + "\n")
        else:
            _conclude(console, run, ledger)
    if not ledger.closed:
        raise typer.Exit(1)


@contextmanager
def _stoppable(console: Console) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the command in order, wherever it is."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    except KeyboardInterrupt:
        console.print("Stopped before the end; all that was started is stopped and removed.")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _run(
    run: TrialRun, started: Trial, console: Console, parcels: int, *, rate: float, keep: bool
) -> Ledger:
    if keep:
        console.print(
            f"The broker answers at {started.broker}, topics begin with {started.topic_prefix!r}. "
            f"In another terminal:\n  {program()} watch --broker {started.broker} "
            f"--topic-prefix {started.topic_prefix}\nCtrl-C ends it.",
            soft_wrap=True,
        )
    with Live(console=console, refresh_per_second=REFRESH_PER_SECOND, transient=True) as live:
        last: list[tuple[float, int]] = []

        def show(now: TrialRun) -> None:
            live.update(demo_view.live_panel(_figures(now, started, parcels, last)))

        asyncio.run(run.run(parcels, parcels_per_second=rate or None, keep=keep, on_tick=show))
    return run.ledger


def _figures(
    run: TrialRun, started: Trial, parcels: int, last: list[tuple[float, int]]
) -> demo_view.LiveFigures:
    """The figures of this moment; the rate is that of the last ten looks."""
    ledger = run.ledger
    last.append((run.duration_s, ledger.announced - ledger.difference))
    del last[:-10]
    (then_s, then), (now_s, now) = last[0], last[-1]
    return demo_view.LiveFigures(
        ledger,
        max(parcels, ledger.announced),
        run.duration_s,
        (now - then) / (now_s - then_s) if now_s > then_s else 0.0,
        run.latency_ms,
        len(started.workers.workers),
        sum(worker.restarts for worker in started.workers.workers),
    )


def _conclude(console: Console, run: TrialRun, ledger: Ledger) -> None:
    rate = (ledger.announced - ledger.difference) / run.duration_s
    latency = run.latency_ms
    console.print(
        f"{ledger.announced:,} parcels in {run.duration_s:.1f} s: {rate:,.0f} parcels/s; from "
        f"manifest to decision p50 {latency['p50']:,} ms, p95 {latency['p95']:,} ms, "
        f"p99 {latency['p99']:,} ms.\n"
    )
    console.print(demo_view.ledger_table(ledger))
    console.print()
    console.print(demo_view.truth_table(run.ended))
    console.print()
    console.print("One decision of each kind, in words", style="bold")
    decisions = [msgspec.json.decode(sample, type=Decision) for sample in run.samples.values()]
    console.print(demo_view.explanations(explain(decision) for decision in decisions))
    console.print()
    console.print(demo_view.next_steps())


def _summary(run: TrialRun, ledger: Ledger, workers: int, seed: int) -> dict[str, object]:
    versions = next(
        (msgspec.json.decode(sample, type=Decision).versions for sample in run.samples.values()),
        None,
    )
    return {
        "announced": ledger.announced,
        "release": ledger.release,
        "inspection": ledger.inspection,
        "revenue": ledger.revenue,
        "rejected": ledger.rejected,
        "dead_lettered": ledger.dead_lettered,
        "difference": ledger.difference,
        "duration_s": round(run.duration_s, 3),
        "parcels_per_second": round((ledger.announced - ledger.difference) / run.duration_s, 1),
        "latency_ms": run.latency_ms,
        "workers": workers,
        "seed": seed,
        "versions": msgspec.to_builtins(versions) if versions else {"software": __version__},
    }
