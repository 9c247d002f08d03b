"""`make mutants`: the fault suite against itself. Each mutant must be reported by the oracle.

    python -m tests.chaos.mutation                      all of them
    python -m tests.chaos.mutation --mutant fencing-off one

Each run is done twice, with the mutant and without it: without it, nothing may be wrong. One
mutant prints its verdict as JSON in the last line. Exit status: 0 if every mutant was reported and
every other run passed, else 1.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import orjson
import typer
from rich.console import Console
from rich.table import Table

from pipeline.sandbox.broker import EmbeddedBroker
from tests.chaos.command import drawn, log_beside, open_console
from tests.chaos.family import Plan
from tests.chaos.mutants import MUTANTS, PARCELS, Mutant, family_of, run_mutant
from tests.chaos.runner import run_family
from tests.chaos.verdict import Verdict

REPORT = Path("build/chaos/mutants.json")
FAILED = 1
FOUND = ("lost", "doubled", "contradictory", "torn")


class Result(NamedTuple):
    """The same run with a mutant and without it."""

    name: str
    mutant: Mutant
    infected: Verdict
    sound: Verdict

    @property
    def proved(self) -> bool:
        """Whether the mutant was reported, and the product had nothing to report."""
        return self.mutant.caught_by(self.infected) and self.sound.passed

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        caught = self.mutant.caught_by(self.infected)
        return {
            **self.infected.as_json(),
            "mutant": self.name,
            "caught": caught,
            "without_it": self.sound.as_json(),
        }


def main(
    mutant: Annotated[
        str, typer.Option(help=f"One of: {', '.join(MUTANTS)}. Without it, all.")
    ] = "",
    parcels: Annotated[int, typer.Option(min=1, help="Parcels to announce at least.")] = PARCELS,
    seed: Annotated[
        int | None, typer.Option(help="Replays a run; without it, a new one is drawn.")
    ] = None,
    report: Annotated[Path, typer.Option(help="JSON file with all verdicts.")] = REPORT,
) -> None:
    """Take one protection away at a time, and see that the oracle notices."""
    if mutant and mutant not in MUTANTS:
        raise typer.BadParameter(f"{mutant} is no mutant; there are: {', '.join(MUTANTS)}")
    console = open_console(to_stderr=bool(mutant))
    log_beside(report)
    plan = Plan(parcels, drawn(seed), True)
    with EmbeddedBroker() as broker:
        results = [
            _run(console, name, plan, broker.bootstrap_servers)
            for name in ([mutant] if mutant else MUTANTS)
        ]
    documents = [result.as_json() for result in results]
    report.write_bytes(orjson.dumps(documents, option=orjson.OPT_INDENT_2))
    console.print(mutant_table(results))
    console.print(f"Seed {plan.seed}; details in {report}")
    if mutant:
        typer.echo(orjson.dumps(documents[0]).decode())
    if not all(result.proved for result in results):
        raise typer.Exit(FAILED)


def mutant_table(results: Sequence[Result]) -> Table:
    """The closing table."""
    table = Table(title="Mutants and what the oracle reported", title_justify="left")
    for column in ("mutant", "shown by", *FOUND, "verdict", "without it"):
        table.add_column(column, justify="right" if column in FOUND else "left")
    for result in results:
        caught = result.mutant.caught_by(result.infected)
        table.add_row(
            result.name,
            result.mutant.harm,
            *(f"{getattr(result.infected, kind):,}" for kind in FOUND),
            "reported" if caught else "NOT REPORTED",
            "passed" if result.sound.passed else "FAILED",
            style=None if result.proved else "bold red",
        )
    return table


def _run(console: Console, name: str, plan: Plan, address: str) -> Result:
    mutant = MUTANTS[name]
    console.print(f"[bold]{name}[/bold]: {mutant.summary}; {mutant.harm}")
    infected = asyncio.run(run_mutant(name, plan, address))
    same = family_of(name, infected=False)
    sound = asyncio.run(run_family(same, plan, shared_broker=address))
    result = Result(name, mutant, infected, sound)
    if not result.proved:
        for verdict in (infected, sound):
            console.print(f"  {verdict.family}: {verdict.problems}", style="red")
            console.print(f"  logs: {', '.join(verdict.logs)}")
    return result


if __name__ == "__main__":
    typer.run(main)
