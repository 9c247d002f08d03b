"""`python -m tests.simulation`: many schedules, or one of them traced step by step."""

import argparse
import json
import sys
from contextlib import nullcontext
from random import SystemRandom

from rich.console import Console
from rich.progress import Progress

from tests.simulation.mutants import MUTANTS
from tests.simulation.report import Report
from tests.simulation.schedule import run_schedule

FAILURES_SHOWN_MAX = 5


def main() -> int:
    """Run the schedules that the command line asks for; status 1 if one failed."""
    options = _options()
    report = Report(options.seed, options.mutant)
    with MUTANTS[options.mutant]() if options.mutant else nullcontext():
        if options.trace:
            report.add(run_schedule(options.seed, print))
        else:
            _run(options.seed, options.schedules, report)
    console = Console(highlight=False)
    console.print(report.table())
    for outcome in report.failed[:FAILURES_SHOWN_MAX]:
        console.print(f"[red]seed {outcome.seed} failed[/]: {outcome.failures[0]}", soft_wrap=True)
        console.print(f"  replay: {report.replay_command(outcome)}", soft_wrap=True)
    if options.json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
    return 1 if report.failed else 0


def _run(seed: int, schedules: int, report: Report) -> None:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"schedules from seed {seed}", total=schedules)
        for number in range(schedules):
            report.add(run_schedule(seed + number))
            progress.update(task, advance=1, refresh=not number % 100)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description="Runs the stream core against a simulated Kafka, in virtual time. Each "
        "schedule has its own installation, load and faults, all drawn from its seed: the first "
        "one's is SEED, the next one's SEED + 1.",
    )
    parser.add_argument("--schedules", type=int, default=1_000, metavar="N")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    parser.add_argument("--trace", action="store_true", help="print each step of the one schedule")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="take out one safeguard")
    parser.add_argument("--json", action="store_true", help="the summary as JSON in the last line")
    options = parser.parse_args()
    if options.schedules < 1:
        parser.error("--schedules must be at least 1")
    if options.trace and options.schedules != 1:
        parser.error("--trace shows one schedule: add --schedules 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
