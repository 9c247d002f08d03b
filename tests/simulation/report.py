"""What many schedules came to, for people and for machines."""

from collections import Counter
from time import perf_counter
from typing import Any

from rich.table import Table

from tests.simulation.faults import Kind
from tests.simulation.schedule import Outcome

FAULTS = tuple(kind.value for kind in Kind)


class Report:
    """Sums over schedules."""

    def __init__(self, seed: int, mutant: str | None = None) -> None:
        self.seed = seed
        self.schedules = 0
        self.steps = 0
        self.virtual_s = 0.0
        self.without_fault = 0
        self.happened: Counter[str] = Counter()
        self.failed: list[Outcome] = []
        self._mutant = mutant
        self._started = perf_counter()

    def add(self, outcome: Outcome) -> None:
        """Take in one schedule."""
        self.schedules += 1
        self.steps += outcome.steps
        self.virtual_s += outcome.virtual_s
        self.happened.update(outcome.happened)
        self.without_fault += not any(outcome.happened[fault] for fault in FAULTS)
        if outcome.failures:
            self.failed.append(outcome)

    def replay_command(self, outcome: Outcome) -> str:
        """The command that runs the same schedule again, step by step."""
        mutant = f" --mutant {self._mutant}" if self._mutant else ""
        return f"python -m tests.simulation --seed {outcome.seed} --schedules 1 --trace{mutant}"

    def table(self) -> Table:
        """The summary for people."""
        table = Table(title=f"Simulation from seed {self.seed}")
        table.add_column("what")
        table.add_column("how often", justify="right")
        table.add_row("schedules", f"{self.schedules:,}")
        table.add_row("hours of virtual time", f"{self.virtual_s / 3600:,.1f}")
        table.add_row("steps", f"{self.steps:,}", end_section=True)
        for fault in FAULTS:
            table.add_row(fault, f"{self.happened[fault]:,}")
        table.add_section()
        for what in sorted(self.happened.keys() - set(FAULTS)):
            table.add_row(what, f"{self.happened[what]:,}")
        table.add_section()
        table.add_row("schedules without a fault", f"{self.without_fault:,}")
        table.add_row("failures", f"{len(self.failed):,}", style="red" if self.failed else "green")
        return table

    def as_json(self) -> dict[str, Any]:
        """The summary for machines."""
        return {
            "seed": self.seed,
            "schedules": self.schedules,
            "seconds": round(perf_counter() - self._started, 1),
            "steps": self.steps,
            "virtual_seconds": round(self.virtual_s),
            "happened": dict(sorted(self.happened.items())),
            "schedules_without_a_fault": self.without_fault,
            "failures": [
                {
                    "seed": outcome.seed,
                    "failures": outcome.failures,
                    "replay": self.replay_command(outcome),
                }
                for outcome in self.failed
            ],
        }
