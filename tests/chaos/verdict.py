"""The verdict on a run: one line of a table, one JSON object."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the oracle found after one run of a family. Counts are parcels unless they say more."""

    family: str
    seed: int
    faults: int
    """Faults injected and confirmed."""
    parcels: int
    """Announced, each repeat once."""
    lost: int
    doubled: int
    contradictory: int
    out_of_order: int
    torn: int
    recovery_s: float
    """From the end of the last fault until input of every partition was worked on again."""
    valid: bool
    """Whether every fault was seen to have happened: if not, the run proves nothing."""
    problems: Sequence[str] = ()
    """In words: what was lost and where, what broke a promise of the family, what is invalid."""
    backlog_decided_s: float = 0.0
    """From the end of the last fault until all parcels that waited then had an end."""
    duration_s: float = 0.0
    measures: dict[str, Any] = field(default_factory=dict)
    """Figures of this family alone."""
    fault_log: Sequence[dict[str, Any]] = ()
    logs: Sequence[str] = ()
    """Files with the logs of workers and broker, kept where something is wrong."""

    @property
    def passed(self) -> bool:
        """Whether nothing at all is wrong."""
        return self.valid and not (
            self.problems
            or self.lost
            or self.doubled
            or self.contradictory
            or self.out_of_order
            or self.torn
        )

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "passed": self.passed}


COLUMNS = (
    "faults",
    "parcels",
    "lost",
    "doubled",
    "contradictory",
    "out_of_order",
    "torn",
    "recovery_s",
)


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """The closing table."""
    table = Table(title="Exact under faults", title_justify="left")
    table.add_column("family")
    for column in COLUMNS:
        table.add_column(column.replace("_s", " s").replace("_", " "), justify="right")
    table.add_column("verdict")
    for verdict in verdicts:
        figures = [f"{getattr(verdict, column):,}" for column in COLUMNS]
        word = "passed" if verdict.passed else "FAILED" if verdict.valid else "INVALID"
        style = None if verdict.passed else "bold red"
        table.add_row(verdict.family, *figures, word, style=style)
    return table
