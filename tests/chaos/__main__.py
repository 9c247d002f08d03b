"""`make chaos`: the fault suite on an embedded broker, one family after the other.

    python -m tests.chaos                                            all families
    python -m tests.chaos --family sigkill --parcels 20000 --seed 7  one of them

One family prints its verdict as JSON in the last line; all together print a table. Exit status:
0 if nothing is wrong, 1 if something is, 2 if a run proves nothing because a fault did not happen.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tests.chaos.command import drawn, log_beside, open_console
from tests.chaos.families import families
from tests.chaos.family import Family, Plan
from tests.chaos.runner import run_family
from tests.chaos.verdict import Verdict, verdict_table

PARCELS = 100_000
REPORT = Path("build/chaos/report.json")
FAILED, INVALID = 1, 2


def main(
    family: Annotated[
        str, typer.Option(help=f"One of: {', '.join(families())}. Without it, all.")
    ] = "",
    parcels: Annotated[int, typer.Option(min=1, help="Parcels to announce at least.")] = PARCELS,
    seed: Annotated[
        int | None, typer.Option(help="Replays a run; without it, a new one is drawn.")
    ] = None,
    report: Annotated[Path, typer.Option(help="JSON file with all verdicts.")] = REPORT,
    brief: Annotated[bool, typer.Option("--brief", help="Few faults, as in `make test`.")] = False,
) -> None:
    """Kill, cut, freeze and repeat under load, and let an independent oracle count."""
    console = open_console(to_stderr=bool(family))
    chosen = [one for one in _chosen(family) if _possible(console, one)]
    log_beside(report)
    plan = Plan(parcels, drawn(seed), brief)
    verdicts = [_run(console, one, plan) for one in chosen]
    report.write_bytes(
        orjson.dumps([verdict.as_json() for verdict in verdicts], option=orjson.OPT_INDENT_2)
    )
    console.print(verdict_table(verdicts))
    console.print(f"Seed {plan.seed}; details in {report}")
    if family and verdicts:
        typer.echo(orjson.dumps(verdicts[0].as_json()).decode())
    if not verdicts or not all(verdict.valid for verdict in verdicts):
        raise typer.Exit(INVALID)
    if not all(verdict.passed for verdict in verdicts):
        raise typer.Exit(FAILED)


def _chosen(name: str) -> list[Family]:
    known = families()
    if name and name not in known:
        raise typer.BadParameter(f"{name} is no family; there are: {', '.join(known)}")
    return [known[name]] if name else list(known.values())


def _possible(console: Console, family: Family) -> bool:
    reason = family.why_not()
    if reason:
        console.print(f"[bold]{family.name}[/bold] is left out: {reason}")
    return not reason


def _run(console: Console, family: Family, plan: Plan) -> Verdict:
    console.print(f"[bold]{family.name}[/bold]: {family.summary}; seed {plan.seed}")
    replay = f"make chaos FAMILY={family.name} PARCELS={plan.parcels} SEED={plan.seed}"
    verdict = asyncio.run(
        run_family(family, plan, tell=lambda what: console.print(f"  {what}", style="dim"))
    )
    if not verdict.passed:
        for problem in verdict.problems:
            console.print(f"  {problem}", style="red")
        console.print(f"  again: {replay}\n  logs: {', '.join(verdict.logs)}")
    return verdict


if __name__ == "__main__":
    typer.run(main)
